"""Features that s3transfer has no argument for: a condition on the key, and the response of an upload's final call.

Both use botocore's events, which are emitted for the calls that s3transfer makes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_ENDINGS = ("PutObject", "CompleteMultipartUpload")
_CONTEXT = "zenoimg-put"


@dataclass
class Put:
    """One pending object. ``answer`` is the final response of S3, empty until then."""

    key: str
    only_if_free: bool
    answer: Mapping[str, Any] = field(default_factory=dict)


class PutCalls:
    """Modifies the final call of each upload with one client; a context manager around all uploads."""

    def __init__(self, client: S3Client) -> None:
        self._events = client.meta.events
        self._puts: dict[str, Put] = {}
        self._handlers: list[tuple[str, Callable[..., None]]] = [
            *((f"provide-client-params.s3.{name}", self._prepare) for name in _ENDINGS),
            *((f"after-call.s3.{name}", self._note) for name in _ENDINGS),
        ]

    def __enter__(self) -> PutCalls:
        for event, handler in self._handlers:
            self._events.register_last(event, handler)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for event, handler in self._handlers:
            self._events.unregister(event, handler)

    @contextmanager
    def expect(self, key: str, *, only_if_free: bool) -> Iterator[Put]:
        """Yield the pending object of an upload to ``key`` within the block.

        With ``only_if_free``, S3 rejects it if the key exists by then (``PreconditionFailed``, or
        ``ConditionalRequestConflict`` while another upload is pending):
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
        """
        put = self._puts[key] = Put(key, only_if_free)
        try:
            yield put
        finally:
            self._puts.pop(key, None)

    def _prepare(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        put = self._puts.get(params["Key"])
        if put is not None:
            context[_CONTEXT] = put
            if put.only_if_free:
                params["IfNoneMatch"] = "*"

    def _note(self, http_response: Any, parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        put: Put | None = context.get(_CONTEXT)
        if put is not None and http_response.status_code < 300:
            put.answer = parsed
