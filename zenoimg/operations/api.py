"""Signed calls of the pipeline's own HTTP API."""

from __future__ import annotations

from dataclasses import dataclass

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

from zenoimg.aws import Aws
from zenoimg.errors import NotDeployedError
from zenoimg.stack.outputs import Deployment

ROUTE = "/images"
_TIMEOUT_SECONDS = 35  # the API itself gives a function up after 30


@dataclass(frozen=True)
class ApiAnswer:
    """What the API answered. ``link`` is the Link header, empty when there is none."""

    status: int
    body: str
    content_type: str
    link: str


def base_url(aws: Aws, deployment: Deployment) -> str:
    """The API's address without a path; the embedded AWS has it below its own endpoint.

    Raises ``NotDeployedError`` for a pipeline that has no API.
    """
    if not deployment.api_id:
        raise NotDeployedError("this pipeline has no API: it was not made by `zenoimg deploy`")
    if aws.local:
        return f"{aws.endpoint_url}/_aws/execute-api/{deployment.api_id}/$default"
    return deployment.api_url.removesuffix(ROUTE)


def images_url(aws: Aws, deployment: Deployment) -> str:
    """The address of ``GET /images``."""
    return base_url(aws, deployment) + ROUTE


def get(aws: Aws, url: str) -> ApiAnswer:
    """``GET`` with Signature Version 4 of the session's credentials.

    Raises botocore's ``NoCredentialsError`` or ``HTTPClientError``; an answer of any status is returned.
    """
    request = AWSRequest(method="GET", url=url, headers={"Accept": "application/json"})
    SigV4Auth(aws.credentials(), "execute-api", aws.region).add_auth(request)
    answer = URLLib3Session(timeout=_TIMEOUT_SECONDS).send(request.prepare())
    return ApiAnswer(
        status=answer.status_code,
        body=answer.content.decode("utf-8", errors="replace"),
        content_type=answer.headers.get("content-type", ""),
        link=answer.headers.get("link", ""),
    )


def curl_line(aws: Aws, url: str) -> str:
    """A complete command line that makes the same call; it takes the keys from the environment."""
    return (
        f"curl --aws-sigv4 'aws:amz:{aws.region}:execute-api' "
        '--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" '
        '${AWS_SESSION_TOKEN:+--header "x-amz-security-token: $AWS_SESSION_TOKEN"} '
        f"'{url}'"
    )
