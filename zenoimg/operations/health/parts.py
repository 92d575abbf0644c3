"""The parts of a pipeline, and which of them cannot be used.

One broken part must not prevent the others from being read: errors about a part are caught here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeVar

from botocore.exceptions import ClientError

from zenoimg.aws.errors import explain
from zenoimg.errors import ConfigurationError
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.pipeline.calls.service import expected_owner, is_denied, is_missing, is_missing_bucket, is_transient
from zenoimg.stack.presence import function_exists

T = TypeVar("T")

Part = Literal[
    "originals", "copies", "records", "backfill", "large", "dead letters", "processor", "large processor", "api"
]
_KINDS: dict[Part, str] = {
    "originals": "bucket",
    "copies": "bucket",
    "records": "table",
    "backfill": "queue",
    "large": "queue",
    "dead letters": "queue",
    "processor": "function",
    "large processor": "function",
    "api": "function",
}


@dataclass(frozen=True)
class BrokenPart:
    """A part that cannot be used; ``problem`` says why: ``does not exist``, or the response of AWS."""

    part: Part
    name: str
    problem: str

    @property
    def kind(self) -> str:
        """Return ``bucket``, ``table``, ``queue`` or ``function``."""
        return _KINDS[self.part]

    @property
    def is_missing(self) -> bool:
        """Return whether the part was deleted."""
        return self.problem == _DELETED

    def __str__(self) -> str:
        """Return a clause: ``the table zeno-images does not exist``."""
        return f"the {self.kind} {self.name}{'' if self.is_missing else ':'} {self.problem}"


_DELETED = "does not exist"


class PartReader:
    """Reads parts, and remembers the broken ones."""

    def __init__(self) -> None:
        self._broken: dict[Part, BrokenPart] = {}

    @property
    def broken(self) -> tuple[BrokenPart, ...]:
        """Return the broken parts found so far."""
        return tuple(self._broken.values())

    def read(self, part: Part, name: str, question: Callable[[], T]) -> T | None:
        """Return the result of reading a part, or ``None`` if the part is broken.

        Raises errors that say nothing about the part: botocore's connection errors, and ``ClientError`` for expired
        credentials or a temporary failure of the service.
        """
        try:
            return question()
        except ClientError as error:
            explained = explain(error)
            if is_transient(error) or isinstance(explained, ConfigurationError):
                raise
            gone = is_missing(error) or is_missing_bucket(error)
            problem = _DELETED if gone else f"access denied ({error.operation_name})" if is_denied(error) else ""
            self._broken[part] = BrokenPart(part, name, problem or explained.message)
            return None


def check_buckets(pipeline: LivePipeline, parts: PartReader) -> None:
    """Check that both buckets can be read."""
    settings = pipeline.settings
    owner = expected_owner(settings.account_id)
    originals, copies = settings.originals_bucket, settings.processed_bucket
    parts.read("originals", originals, lambda: pipeline.aws.s3.head_bucket(Bucket=originals, **owner))
    parts.read("copies", copies, lambda: pipeline.aws.s3.head_bucket(Bucket=copies, **owner))


def missing_functions(pipeline: LivePipeline) -> Iterator[BrokenPart]:
    """Yield the functions that do not exist. If reading them is denied, they count as existing."""
    deployment = pipeline.deployment
    functions: tuple[tuple[Part, str], ...] = (
        ("processor", deployment.processor_function),
        ("large processor", deployment.processor_large_function),
        ("api", deployment.get_images_function),
    )
    for part, name in functions:
        if name and not function_exists(pipeline.aws.functions, name):
            yield BrokenPart(part, name, _DELETED)
