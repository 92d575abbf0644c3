"""What answers of AWS's services mean, and the guard that every S3 call carries.

The one home of these rules, for functions and terminal alike: no other module compares error codes of this kind.
Only "missing" means missing. A 403 never does: a policy that lost a right must not look like a deleted photo.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

#: S3, DynamoDB, Lambda, CloudWatch Logs, IAM, SQS (by its query protocol and by JSON). A missing bucket is not among
#: them: whoever asks for a key must not take a lost bucket for a deleted photo.
_MISSING = frozenset(
    {
        "404",
        "NoSuchKey",
        "NoSuchVersion",
        "ResourceNotFoundException",
        "NoSuchEntity",
        "AWS.SimpleQueueService.NonExistentQueue",
        "QueueDoesNotExist",
    }
)
_MISSING_BUCKET = frozenset({"404", "NoSuchBucket"})
#: How S3 reports that a bucket has no such setting
#: (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
_NOT_CONFIGURED = frozenset(
    {
        "NoSuchBucketPolicy",
        "NoSuchCORSConfiguration",
        "NoSuchLifecycleConfiguration",
        "NoSuchPublicAccessBlockConfiguration",
        "NoSuchTagSet",
        "OwnershipControlsNotFoundError",
        "ReplicationConfigurationNotFoundError",
        "ServerSideEncryptionConfigurationNotFoundError",
    }
)
_DENIED = frozenset({"403", "AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"})
_THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
#: Failures of the service that S3 also reports for single keys of a DeleteObjects, without an HTTP status.
_SERVICE_FAILED = frozenset(
    {
        "InternalError",
        "OperationAborted",
        "PriorRequestNotComplete",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "TransactionInProgressException",
    }
)

#: The domains of AWS's endpoints in all partitions, IPv4 and dual stack, as botocore's partitions.json lists them.
AWS_DOMAINS = (
    "amazonaws.com",
    "amazonaws.com.cn",
    "amazonaws.eu",
    "api.amazonwebservices.com.cn",
    "api.amazonwebservices.eu",
    "api.aws",
    "api.aws.hci.ic.gov",
    "api.aws.ic.gov",
    "api.aws.scloud",
    "api.cloud-aws.adc-e.uk",
    "c2s.ic.gov",
    "cloud.adc-e.uk",
    "csp.hci.ic.gov",
    "sc2s.sgov.gov",
)
#: How the regions of a partition begin, where its domain is not the commercial one.
_DOMAIN_OF_REGIONS = {
    "cn-": "amazonaws.com.cn",
    "eu-isoe-": "cloud.adc-e.uk",
    "eusc-": "amazonaws.eu",
    "us-iso-": "c2s.ic.gov",
    "us-isob-": "sc2s.sgov.gov",
    "us-isof-": "csp.hci.ic.gov",
}


def error_code(error: Exception) -> str:
    """Return the service's code of an error; empty for errors that are not an answer of a service."""
    return str(error.response["Error"].get("Code", "")) if isinstance(error, ClientError) else ""


def is_missing(error: Exception) -> bool:
    """Return whether a call failed because its key, table, function, queue, role or log group does not exist."""
    return error_code(error) in _MISSING


def is_missing_bucket(error: Exception) -> bool:
    """Return whether a call about a bucket itself failed because there is no such bucket."""
    return error_code(error) in _MISSING_BUCKET


def is_missing_stack(error: Exception) -> bool:
    """Return whether CloudFormation knows no such stack; it has no error code of its own for this."""
    if not isinstance(error, ClientError):
        return False
    return error_code(error) == "ValidationError" and "does not exist" in error.response["Error"].get("Message", "")


def is_not_configured(error: Exception) -> bool:
    """Return whether a bucket exists and has no setting of the kind that was read."""
    return error_code(error) in _NOT_CONFIGURED


def is_denied(error: Exception) -> bool:
    """Return whether the caller lacks a right. HEAD requests have no body, so their code is the HTTP status."""
    return error_code(error) in _DENIED


def is_throttled(error: Exception) -> bool:
    """Return whether the service asked to slow down; the same call succeeds later."""
    return error_code(error) in _THROTTLED


def is_transient(error: Exception) -> bool:
    """Return whether the same call may succeed later: throttled, a failure of the service, a broken connection."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= 500 or is_transient_code(error_code(error))
    return isinstance(error, HTTPClientError | ConnectionError)


def is_transient_code(code: str) -> bool:
    """Return whether the error code of a single key or message is transient, so that a retry may succeed."""
    return code in _THROTTLED or code in _SERVICE_FAILED


def expected_owner(account: str | None) -> dict[str, Any]:
    """Return the argument that makes S3 refuse a bucket of another account.

    ``None`` omits it, for S3-compatible stores.
    """
    return {"ExpectedBucketOwner": account} if account else {}


def server_time(answer: Mapping[str, Any]) -> datetime | None:
    """Return when a service answered, by its own clock, in whole seconds; ``None`` where the answer has no date.

    This machine's clock may be minutes off.
    """
    date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    try:
        return parsedate_to_datetime(date).astimezone(UTC) if date else None
    except ValueError:
        return None


def is_aws(endpoint_url: str) -> bool:
    """Return whether an endpoint is AWS itself, in any partition, and not a compatible server."""
    host = urlsplit(endpoint_url).hostname or ""
    return any(host == domain or host.endswith(f".{domain}") for domain in AWS_DOMAINS)


def aws_domain(region: str) -> str:
    """Return the domain of a region's endpoints, by its partition."""
    return next((domain for prefix, domain in _DOMAIN_OF_REGIONS.items() if region.startswith(prefix)), "amazonaws.com")
