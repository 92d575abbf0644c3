"""What the responses of AWS services mean, and the owner guard of every S3 call.

The single place for these rules, for functions and commands alike: no other module compares error codes of this kind.
Only "missing" means missing. A 403 never does: a policy that lost a permission must not look like a deleted photo.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

#: S3, DynamoDB, Lambda, CloudWatch Logs, IAM, SQS (by its query protocol and by JSON). A missing bucket is not among
#: them: a request for a key must not mistake a lost bucket for a deleted photo.
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
#: ``KmsThrottled`` and, in the query protocol, ``KMS.ThrottlingException``: an encrypted queue whose key KMS throttles
#: (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html).
_THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "KMS.ThrottlingException",
        "KmsThrottled",
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
#: Service failures that S3 also reports for individual keys of DeleteObjects, without an HTTP status.
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
#: Region prefixes of the partitions whose domain is not the commercial one.
_DOMAIN_OF_REGIONS = {
    "cn-": "amazonaws.com.cn",
    "eu-isoe-": "cloud.adc-e.uk",
    "eusc-": "amazonaws.eu",
    "us-iso-": "c2s.ic.gov",
    "us-isob-": "sc2s.sgov.gov",
    "us-isof-": "csp.hci.ic.gov",
}


def error_code(error: Exception) -> str:
    """Return the service's error code; empty for errors that are not a service's response."""
    return str(error.response["Error"].get("Code", "")) if isinstance(error, ClientError) else ""


def is_missing(error: Exception) -> bool:
    """Return whether a call failed because its key, table, function, queue, role or log group does not exist."""
    return error_code(error) in _MISSING


def is_missing_bucket(error: Exception) -> bool:
    """Return whether a call on a bucket itself failed because the bucket does not exist."""
    return error_code(error) in _MISSING_BUCKET


def is_missing_stack(error: Exception) -> bool:
    """Return whether the stack does not exist, for which CloudFormation has no specific error code."""
    if not isinstance(error, ClientError):
        return False
    return error_code(error) == "ValidationError" and "does not exist" in error.response["Error"].get("Message", "")


def is_not_configured(error: Exception) -> bool:
    """Return whether a bucket exists but lacks the setting that was read."""
    return error_code(error) in _NOT_CONFIGURED


def is_denied(error: Exception) -> bool:
    """Return whether the caller lacks a permission. HEAD responses have no body, so their code is the HTTP status."""
    return error_code(error) in _DENIED


def is_throttled(error: Exception) -> bool:
    """Return whether the service throttled the call, which will succeed later."""
    return error_code(error) in _THROTTLED


def is_transient(error: Exception) -> bool:
    """Return whether the same call may succeed later: throttling, a service failure, a broken connection."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= 500 or is_transient_code(error_code(error))
    return isinstance(error, HTTPClientError | ConnectionError)


def is_transient_code(code: str) -> bool:
    """Return whether the error code for a single key or message is transient, so that a retry may succeed."""
    return code in _THROTTLED or code in _SERVICE_FAILED


def expected_owner(account: str | None) -> dict[str, Any]:
    """Return the argument that makes S3 reject a bucket owned by another account.

    ``None`` omits it, for S3-compatible stores.
    """
    return {"ExpectedBucketOwner": account} if account else {}


def server_time(answer: Mapping[str, Any]) -> datetime | None:
    """Return the time of a response by the service's clock, in whole seconds; ``None`` if the response has no date.

    This machine's clock may be minutes off.
    """
    date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    try:
        return parsedate_to_datetime(date).astimezone(UTC) if date else None
    except ValueError:
        return None


def is_aws(endpoint_url: str) -> bool:
    """Return whether an endpoint is AWS itself, in any partition, rather than a compatible server."""
    host = urlsplit(endpoint_url).hostname or ""
    return any(host == domain or host.endswith(f".{domain}") for domain in AWS_DOMAINS)


def aws_domain(region: str) -> str:
    """Return the domain of a region's endpoints, according to its partition."""
    return next((domain for prefix, domain in _DOMAIN_OF_REGIONS.items() if region.startswith(prefix)), "amazonaws.com")
