"""Signed calls to the pipeline's own HTTP API."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from zenoimg.aws.session import Aws
from zenoimg.errors import NotDeployedError, RefusedByAwsError
from zenoimg.pipeline.calls.service import is_aws
from zenoimg.stack.outputs import Deployment
from zenoimg.suggest import suggest

ROUTE = "/images"
_TIMEOUT_SECONDS = 35  # API Gateway times a function out after 30
_PASSING = frozenset({429, 500, 502, 503, 504})  # retried: throttled, or the function failed
_TRIES = 5


@dataclass(frozen=True)
class ApiAnswer:
    """A response of the API. ``link`` is the Link header, empty if there is none."""

    status: int
    body: str
    content_type: str
    link: str


def base_url(aws: Aws, deployment: Deployment) -> str:
    """Return the API's URL without a path; an endpoint that is not AWS serves the API under its own URL.

    LocalStack and ministack serve it at ``/_aws/execute-api/ID/STAGE``, so ``--endpoint-url`` covers this call as well.
    Raises ``NotDeployedError`` for a pipeline that has no API.
    """
    if not deployment.api_id:
        raise NotDeployedError(f"this pipeline has no API: it was not created by `{suggest('deploy')}`")
    if aws.endpoint_url and not is_aws(aws.endpoint_url):
        return f"{aws.endpoint_url.rstrip('/')}/_aws/execute-api/{deployment.api_id}/$default"
    return deployment.api_url.removesuffix(ROUTE)


def images_url(aws: Aws, deployment: Deployment) -> str:
    """Return the URL of ``GET /images``."""
    return base_url(aws, deployment) + ROUTE


def get(aws: Aws, url: str) -> ApiAnswer:
    """Send a ``GET`` request signed with the session's credentials (Signature Version 4).

    Returns the response whatever its status. Raises botocore's ``NoCredentialsError`` or ``HTTPClientError``.
    """
    request = AWSRequest(method="GET", url=url, headers={"Accept": "application/json"})
    SigV4Auth(aws.credentials(), "execute-api", aws.region).add_auth(request)
    answer = URLLib3Session(timeout=_TIMEOUT_SECONDS, proxies={} if aws.local else get_environ_proxies(url)).send(
        request.prepare()
    )
    return ApiAnswer(
        status=answer.status_code,
        body=answer.content.decode("utf-8", errors="replace"),
        content_type=answer.headers.get("content-type", ""),
        link=answer.headers.get("link", ""),
    )


def pages(aws: Aws, url: str, *, sleep: Callable[[float], None] = time.sleep) -> Iterator[list[dict[str, Any]]]:
    """Yield the records of each page, following ``Link: rel="next"`` from a URL to the end.

    Transient errors are retried five times with increasing delays (in seconds).
    Raises ``RefusedByAwsError`` for an error, for a response that is not a page of records, and for a link to
    another host, which must not receive the session's signature.
    """
    asked: set[str] = set()
    following: str | None = url
    while following is not None:
        asked.add(following)
        answer = _patiently(aws, following, sleep)
        yield _records(answer)
        target = next_link(answer.link)
        following = None if target is None else urljoin(following, target)
        if following is not None and urlsplit(following)[:2] != urlsplit(url)[:2]:
            raise RefusedByAwsError(f"the API's next page is on another host: {following}", code="api-refused")
        if following in asked:
            raise RefusedByAwsError(f"the API's next page repeats an earlier one: {following}", code="api-refused")


def next_link(header: str) -> str | None:
    """Return the target of ``rel="next"`` in a Link header (RFC 8288), or ``None``."""
    for target, parameters in re.findall(r"<([^<>]*)>((?:\s*;\s*[^\s=;,]+\s*=\s*(?:\"[^\"]*\"|[^\s\";,]+))*)", header):
        for name, quoted, bare in re.findall(r"([^\s=;,]+)\s*=\s*(?:\"([^\"]*)\"|([^\s\";,]+))", parameters):
            if name.lower() == "rel" and "next" in (quoted or bare).lower().split():
                return str(target)
    return None


def _patiently(aws: Aws, url: str, sleep: Callable[[float], None]) -> ApiAnswer:
    for attempt in range(_TRIES):
        answer = get(aws, url)
        if answer.status not in _PASSING:
            break
        if attempt < _TRIES - 1:
            sleep(0.25 * 2**attempt)
    if answer.status != 200:
        raise RefusedByAwsError(f"the API answered {answer.status}: {answer.body.strip()}", code="api-refused")
    return answer


def _records(answer: ApiAnswer) -> list[dict[str, Any]]:
    try:
        found = json.loads(answer.body)
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(item, dict) and "ImageId" in item for item in found):
        raise RefusedByAwsError(
            f"the API answered {answer.content_type or 'something'} that is not an array of records", code="api-refused"
        )
    return found


def curl_line(aws: Aws, url: str) -> str:
    """Return a complete command line for the same request; it reads the credentials from the environment."""
    return (
        f"curl --aws-sigv4 'aws:amz:{aws.region}:execute-api' "
        '--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" '
        # curl omits headers without a value, so this works for long-lived keys as well.
        '--header "x-amz-security-token: $AWS_SESSION_TOKEN" '
        f"'{url}'"
    )
