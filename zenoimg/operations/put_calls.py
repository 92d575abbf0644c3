"""What s3transfer has no argument for: a condition on the key, the answer of the call, small bodies in one piece.

The first two go through botocore's events, which reach the calls that s3transfer makes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO

from s3transfer.utils import OSUtils

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_ENDINGS = ("PutObject", "CompleteMultipartUpload")
_CONTEXT = "zenoimg-put"


@dataclass
class Put:
    """One object on its way. ``answer`` is what S3 said in the end, empty until then."""

    key: str
    only_if_free: bool
    in_one_piece: bool
    answer: Mapping[str, Any] = field(default_factory=dict)


class PutCalls:
    """Shapes the calls that end an upload with one client; a context, to be left when no more are made."""

    def __init__(self, client: S3Client) -> None:
        self._events = client.meta.events
        self._puts: dict[str, Put] = {}
        self._handlers: list[tuple[str, Callable[..., None]]] = [
            *((f"provide-client-params.s3.{name}", self._prepare) for name in _ENDINGS),
            ("before-call.s3", self._spare),  # as botocore's own, which it must come after; the operation's come before
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
    def expect(self, key: str, *, only_if_free: bool, in_one_piece: bool) -> Iterator[Put]:
        """Within the block an upload to ``key`` is made; ``in_one_piece`` leaves out the question before the body.

        With ``only_if_free`` S3 refuses it (``PreconditionFailed``, or ``ConditionalRequestConflict`` while
        another one is under way) when something lies under the key by then:
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
        """
        put = self._puts[key] = Put(key, only_if_free, in_one_piece)
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

    def _spare(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        put: Put | None = context.get(_CONTEXT)
        if put is not None and put.in_one_piece:
            params["headers"].pop("Expect", None)  # botocore asks for "100 Continue" before every body

    def _note(self, http_response: Any, parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        put: Put | None = context.get(_CONTEXT)
        if put is not None and http_response.status_code < 300:
            put.answer = parsed


class InOnePiece(OSUtils):
    """Bodies as bytes, for uploads of one small part each.

    As files they would go in blocks of 16 kB, and wait for their turn in the interpreter before each.
    """

    def open_file_chunk_reader_from_fileobj(  # type: ignore[override]  # only entered and left, see PutObjectTask
        self,
        fileobj: BinaryIO,
        chunk_size: int,
        full_file_size: int,
        callbacks: Iterable[Callable[..., Any]] | None,
        close_callbacks: Iterable[Callable[..., Any]] | None = None,
    ) -> _Whole:
        """What s3transfer opens around a call; see the class."""
        return _Whole(fileobj, chunk_size, list(callbacks or ()), list(close_callbacks or ()))


@dataclass
class _Whole:
    file: BinaryIO
    size: int
    callbacks: Sequence[Callable[..., Any]]
    close_callbacks: Sequence[Callable[..., Any]]

    def __enter__(self) -> bytes:
        return self.file.read(self.size)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            for report in self.callbacks:
                report(bytes_transferred=self.size)
        for close in self.close_callbacks:
            close()
