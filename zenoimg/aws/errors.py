"""Explain any failure of a call with a sentence, a next step and an exit code.

``zenoimg.pipeline.calls.service`` decides what a response means; this module explains it to the operator.
"""

from __future__ import annotations

import http.client
import socket
import ssl

import boto3.exceptions
import botocore.exceptions as boto
import urllib3.exceptions
from botocore.eventstream import ParserError
from botocore.parsers import ResponseParserError

from zenoimg.errors import ConfigurationError, RefusedByAwsError, ZenoError
from zenoimg.pipeline.calls.service import error_code, is_denied, is_throttled
from zenoimg.suggest import suggest_aws

NO_CREDENTIALS_NEXT = (
    "Configure AWS (`aws configure sso`, AWS_PROFILE or --profile), or add --local to run everything on the "
    "embedded AWS, with no account."
)

_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
_UNKNOWN_KEY = frozenset(
    {"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "SignatureDoesNotMatch"}
)
_SIGN_IN = (
    boto.CredentialRetrievalError,
    boto.LoginError,
    boto.RefreshWithMFAUnsupportedError,
    boto.SSOError,
    boto.TokenRetrievalError,
)
#: Network errors, from botocore down to the socket.
NETWORK_ERRORS = (
    boto.HTTPClientError,
    boto.ConnectionError,
    urllib3.exceptions.HTTPError,
    urllib3.exceptions.ProxySchemeUnsupported,
    http.client.HTTPException,
    ConnectionError,
    TimeoutError,
    socket.gaierror,
    socket.herror,
    ssl.SSLError,
)
#: Errors caused by a server that is not AWS, or by a proxy in between.
_NOT_AWS = (ResponseParserError, ParserError, boto.ResponseStreamingError)


def has_expired(error: Exception) -> bool:
    """Return whether a call failed because its credentials have expired, so that signing in again helps."""
    return error_code(error) in _EXPIRED or isinstance(
        error, boto.SSOError | boto.TokenRetrievalError | boto.CredentialRetrievalError
    )


def explain(error: Exception) -> ZenoError:
    """Explain any exception of botocore, boto3, urllib3, http.client, socket, ssl or the file system."""
    if isinstance(error, boto.ClientError):
        return _explain_refusal(error)
    if isinstance(error, _NOT_AWS):
        return RefusedByAwsError(
            f"the endpoint's response is not one that AWS sends: {error}",
            next_step="Check --endpoint-url, and whether there is a proxy between this machine and AWS.",
            code="not-aws",
        )
    if isinstance(error, boto.ProfileNotFound):
        return ConfigurationError(str(error), next_step="List the profiles with `aws configure list-profiles`.")
    if isinstance(error, boto.NoCredentialsError | boto.PartialCredentialsError):
        return ConfigurationError("no AWS credentials were found", next_step=NO_CREDENTIALS_NEXT, code="no-credentials")
    if isinstance(error, boto.NoRegionError):
        return ConfigurationError("no AWS region is set", next_step="Add --region, set AWS_REGION, or add --local.")
    if isinstance(error, _SIGN_IN):
        return ConfigurationError(
            f"the AWS credentials could not be read: {error}",
            next_step=f"Sign in again (`{_sign_in()}`), or choose another --profile.",
        )
    if isinstance(error, NETWORK_ERRORS):
        return RefusedByAwsError(
            f"AWS could not be reached: {error or type(error).__name__}",
            next_step="Check the network, the region and --endpoint-url, then rerun the command.",
            code="unreachable",
        )
    is_of_s3transfer = type(error).__module__ == "s3transfer.exceptions"
    if isinstance(error, boto.BotoCoreError | boto3.exceptions.Boto3Error) or is_of_s3transfer:
        return ZenoError(f"the call to AWS failed: {error}")
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return ZenoError(f"{where}{error.strerror}", next_step="Fix this and rerun the command.", code="file-error")
    return ZenoError(
        f"unexpected: {type(error).__name__}: {error}",
        next_step="Rerun it with --debug and report the output.",
        code="unexpected",
    )


def _explain_refusal(error: boto.ClientError) -> ZenoError:
    code, message = error_code(error), error.response["Error"].get("Message", "")
    operation = error.operation_name
    if code in _EXPIRED:
        return ConfigurationError(
            "the AWS credentials have expired", next_step=f"Sign in again (`{_sign_in()}`).", code="expired"
        )
    if code in _UNKNOWN_KEY:
        return ConfigurationError(
            f"AWS does not know these credentials ({code})",
            next_step=f"{NO_CREDENTIALS_NEXT} A region that is not enabled for your account gives the same error.",
            code="unknown-credentials",
        )
    if is_denied(error):
        return RefusedByAwsError(
            f"AWS denied {operation}: {message or code}",
            next_step="The operator and deployer policies in policies/ list what is needed.",
            code="access-denied",
        )
    if is_throttled(error):
        return RefusedByAwsError(
            f"AWS throttled {operation} repeatedly ({code})",
            next_step="Wait a minute and rerun the command; it continues from there.",
            code="throttled",
        )
    return RefusedByAwsError(f"AWS refused {operation}: {message or code} ({code})", code=code or "refused-by-aws")


def _sign_in() -> str:
    return suggest_aws("sso", "login", anywhere=True)
