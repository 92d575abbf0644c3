"""The URL of the HTTP API."""

from __future__ import annotations

import pytest

from zenoimg.aws.session import Aws
from zenoimg.operations.records.api import images_url
from zenoimg.stack.outputs import Deployment

ON_AWS = "https://abc.execute-api.eu-west-1.amazonaws.com/images"


@pytest.mark.parametrize(
    ("endpoint_url", "expected"),
    [
        (None, ON_AWS),
        ("https://cloudformation.eu-west-1.amazonaws.com", ON_AWS),
        ("http://127.0.0.1:4747", "http://127.0.0.1:4747/_aws/execute-api/abc/$default/images"),
        ("http://127.0.0.1:4747/", "http://127.0.0.1:4747/_aws/execute-api/abc/$default/images"),
    ],
)
def test_a_configured_endpoint_gets_the_call(endpoint_url: str | None, expected: str) -> None:
    aws = Aws(region="eu-west-1", endpoint_url=endpoint_url, credentials=("a", "b"))
    deployment = Deployment("originals", "processed", "table", api_id="abc", api_url=ON_AWS)
    assert images_url(aws, deployment) == expected
