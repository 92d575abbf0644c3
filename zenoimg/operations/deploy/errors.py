"""What AWS refuses while a stack is deployed or destroyed, in one sentence and with the next step.

Most of it is ``zenoimg.aws``'s to explain; here is what only these two commands meet.
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
from zenoimg.pipeline.service import error_code, is_aws, is_denied
from zenoimg.stack.change_set.denials import Denial, denial_in, next_step_of_denial
from zenoimg.stack.change_set.failures import next_step_of_reason

#: What an endpoint answers that does not know an operation or a whole service.
_UNKNOWN = frozenset(
    {"NotImplemented", "InvalidAction", "UnknownOperationException", "UnsupportedOperation", "501", "405", "500"}
)
#: Operations whose refusal names no action, since their answer has no body.
_ACTIONS = {"HeadBucket": "s3:ListBucket", "HeadObject": "s3:GetObject"}


@contextmanager
def explained(aws: Aws) -> Iterator[None]:
    """Turn botocore's errors into ``ZenoError``s that say more than ``zenoimg.aws.explain``; others pass."""
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
        raise _lacking(aws, "an answer that is none of AWS's") from error


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
        return _lacking(aws, f"{error.operation_name} ({code})")
    if code == "IllegalLocationConstraintException":
        return ConfigurationError(
            f"the bucket's region is not the one that the call went to ({aws.region}): {message}",
            next_step="Give the region in which the pipeline is to live: --region NAME.",
            code="wrong-region",
        )
    if next_step := next_step_of_reason(f"{code}: {message}"):
        what = f"AWS refused {error.operation_name}: {message} ({code})"
        return RefusedByAwsError(what, next_step=next_step, code=code)
    return None


def _lacking(aws: Aws, what: str) -> ZenoError:
    return RefusedByAwsError(
        f"{aws.endpoint_url or 'the endpoint'} does not support what deploy needs: {what}",
        next_step="Deploy to AWS itself, or to the embedded AWS with --local.",
        code="endpoint-lacks",
    )


def _wrong_region(error: boto.EndpointConnectionError, aws: Aws) -> ZenoError | None:
    """A region's name is part of each address: one that nobody knows cannot be reached."""
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
        f"{host} cannot be reached, and {aws.region!r} is no region that is known here",
        next_step=f"{f'Did you mean --region {near[0]}? ' if near else ''}"
        "`aws account list-regions` lists those of your account.",
        code="wrong-region",
    )
