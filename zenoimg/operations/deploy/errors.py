"""Explain the AWS errors of deploy and destroy: one sentence and the next step.

``zenoimg.aws.errors`` explains most errors; this module adds those that only these two commands encounter.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import botocore.exceptions as boto
from botocore.parsers import ResponseParserError
from botocore.session import Session

from zenoimg.aws.session import Aws
from zenoimg.errors import ConfigurationError, RefusedByAwsError, ZenoError
from zenoimg.pipeline.calls.service import error_code, is_aws, is_denied
from zenoimg.stack.change_set.denials import Denial, denial_in, next_step_of_denial
from zenoimg.stack.change_set.failures import next_step_of_reason
from zenoimg.suggest import suggest_aws

#: Error codes of endpoints that do not support an operation or an entire service.
_UNKNOWN = frozenset(
    {"NotImplemented", "InvalidAction", "UnknownOperationException", "UnsupportedOperation", "501", "405", "500"}
)
#: Operations whose error names no action, since the response has no body.
_ACTIONS = {"HeadBucket": "s3:ListBucket", "HeadObject": "s3:GetObject"}


@contextmanager
def explained(aws: Aws) -> Iterator[None]:
    """Convert botocore's errors to ``ZenoError`` where this module knows more than ``zenoimg.aws.errors``."""
    try:
        yield
    except boto.ClientError as error:
        if (known := _refusal(error, aws)) is not None:
            raise known from error
        raise
    except boto.EndpointConnectionError as error:
        if (known := _wrong_region(error, aws)) is not None:
            raise known from error
        raise
    except (ResponseParserError, boto.ResponseStreamingError) as error:
        raise _unsupported(aws, "the response did not come from AWS") from error


def _refusal(error: boto.ClientError, aws: Aws) -> ZenoError | None:
    code = error_code(error)
    message = str(error.response["Error"].get("Message", ""))
    if is_denied(error):
        named = denial_in(message) or Denial(_ACTIONS.get(error.operation_name, ""), "")
        return RefusedByAwsError(
            f"AWS denied {named if named.action else error.operation_name}: {message or code}",
            next_step=next_step_of_denial(named),
            code="access-denied",
        )
    if code in _UNKNOWN and aws.endpoint_url and not aws.local:
        return _unsupported(aws, f"{error.operation_name} ({code})")
    if code == "IllegalLocationConstraintException":
        return ConfigurationError(
            f"the bucket is in another region than {aws.region}: {message}",
            next_step="Set the region of the pipeline with --region NAME.",
            code="wrong-region",
        )
    if next_step := next_step_of_reason(f"{code}: {message}"):
        what = f"AWS refused {error.operation_name}: {message} ({code})"
        return RefusedByAwsError(what, next_step=next_step, code=code)
    return None


def _unsupported(aws: Aws, what: str) -> ZenoError:
    return RefusedByAwsError(
        f"{aws.endpoint_url or 'the endpoint'} does not support what deploy needs: {what}",
        next_step="Deploy to AWS, or to the embedded AWS with --local.",
        code="endpoint-lacks",
    )


def _wrong_region(error: boto.EndpointConnectionError, aws: Aws) -> ZenoError | None:
    """Return the error for a misspelled region, which is part of the host name; ``None`` for a known region."""
    host = urlsplit(str(error.kwargs.get("endpoint_url", ""))).hostname or ""
    if aws.endpoint_url or not is_aws(f"https://{host}"):
        return None
    session = Session()
    known = {
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("cloudformation", partition_name=partition)
    }
    if aws.region in known:
        return None
    near = difflib.get_close_matches(aws.region, sorted(known), 1)
    return ConfigurationError(
        f"{host} cannot be reached, and {aws.region!r} is not a known region",
        next_step=f"{f'Did you mean --region {near[0]}? ' if near else ''}"
        f"`{suggest_aws('account', 'list-regions', anywhere=True)}` lists the regions of your account.",
        code="wrong-region",
    )
