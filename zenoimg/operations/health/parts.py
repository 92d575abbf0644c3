"""What a pipeline consists of, and which of its parts cannot be used.

One broken part must not keep the others from being read: each question about a part ends here.
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
    """A part that cannot be used; ``problem`` says why: ``does not exist``, or what AWS answered."""

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
    """Asks about parts, and remembers those that are broken."""

    def __init__(self) -> None:
        self._broken: dict[Part, BrokenPart] = {}

    @property
    def broken(self) -> tuple[BrokenPart, ...]:
        """Return the broken parts found so far."""
        return tuple(self._broken.values())

    def read(self, part: Part, name: str, question: Callable[[], T]) -> T | None:
        """Return the answer of a question about a part, ``None`` if the part is broken.

        Raises what says nothing about the part: botocore's errors of the connection and ``ClientError`` for expired
        credentials or a passing failure of the service.
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
    """Ask S3 for both buckets."""
    settings = pipeline.settings
    owner = expected_owner(settings.account_id)
    originals, copies = settings.originals_bucket, settings.processed_bucket
    parts.read("originals", originals, lambda: pipeline.aws.s3.head_bucket(Bucket=originals, **owner))
    parts.read("copies", copies, lambda: pipeline.aws.s3.head_bucket(Bucket=copies, **owner))


def missing_functions(pipeline: LivePipeline) -> Iterator[BrokenPart]:
    """Yield the functions that do not exist. What may not be asked counts as existing."""
    deployment = pipeline.deployment
    functions: tuple[tuple[Part, str], ...] = (
        ("processor", deployment.processor_function),
        ("large processor", deployment.processor_large_function),
        ("api", deployment.get_images_function),
    )
    for part, name in functions:
        if name and not function_exists(pipeline.aws.functions, name):
            yield BrokenPart(part, name, _DELETED)
