"""What schemathesis needs beyond the API's description: signatures and valid cursors.

Loaded by ``schemathesis run`` in a separate process: see ``test_api_contract``.
"""

from __future__ import annotations

import base64
from typing import Any

import schemathesis
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from requests import PreparedRequest
from requests.auth import AuthBase

from zenoimg.local import ACCESS_KEY, REGION, SECRET_KEY
from zenoimg.pipeline.records import MAX_KEY_BYTES


class Signed(AuthBase):
    """Signs the request as it is sent (Signature Version 4)."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        signed = AWSRequest(method=request.method, url=request.url, data=request.body)
        SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), "execute-api", REGION).add_auth(signed)
        request.headers.update(dict(signed.headers))
        return request


def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Turn generated texts into cursors with that id, since a description cannot express which texts are cursors."""
    if not case.meta.generation.mode.is_positive or not case.query:
        return
    if "id" in case.query:  # nor that one parameter excludes the others, nor how long a whole request line may be
        case.query = {"id": [text[:20] for text in case.query["id"][:10]]}
    text = case.query.get("cursor")
    if text:
        case.query["cursor"] = base64.urlsafe_b64encode(text[:MAX_KEY_BYTES].encode()).decode().rstrip("=")


schemathesis.hook(before_call)
schemathesis.auth.set_from_requests(Signed())
