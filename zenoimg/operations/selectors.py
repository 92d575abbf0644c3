"""Select the images a command works on, in the same way for all commands: by records, originals and dead letters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from zenoimg.pipeline.records import ImageRecord, Status

_BLOCK = 64 * 1024


@dataclass(frozen=True)
class Selectors:
    """Which images to select: those with the given ``ids``, or all that match the other selectors.

    ``ids`` is ``None`` if none were given; an empty set selects no image. ``since`` (inclusive) and ``until``
    (exclusive) are ``CreatedAt`` times, empty for no bound; an image of unknown age is outside any bound. ``format``
    is the format of the original or of its copy as in records (``JPEG``), empty for all.
    """

    ids: tuple[str, ...] | None = None
    prefix: str = ""
    since: str = ""
    until: str = ""
    status: Status | None = None
    format: str = ""

    @property
    def is_filtered(self) -> bool:
        """Return whether it selects only some of the images."""
        return self != Selectors()

    @property
    def needs_records(self) -> bool:
        """Return whether it selects by something that only records contain."""
        return bool(self.status or self.format)

    def takes(self, image_id: str, created_at: str) -> bool:
        """Return whether prefix and age match; ``created_at`` is empty if unknown."""
        if (self.since or self.until) and not created_at:
            return False
        in_time = created_at >= self.since and (not self.until or created_at < self.until)
        return in_time and image_id.startswith(self.prefix)

    def takes_record(self, record: ImageRecord | None) -> bool:
        """Return whether the status and format in a record match; without a record they match nothing."""
        if not self.needs_records:
            return True
        return (
            record is not None
            and self.status in (None, record.status)
            and self.format in ("", record.format, record.source_format)
        )

    def wants(self, record: ImageRecord) -> bool:
        """Return whether an image matches, judging by its record alone and ignoring ids."""
        return self.takes(record.image_id, record.created_at) and self.takes_record(record)


def read_ids(stream: BinaryIO, separator: bytes) -> Iterator[str]:
    """Yield the ids in a stream, separated by newlines or NULs; empty ones are ignored.

    Bytes that are not UTF-8 become surrogates, which no id contains.
    """
    rest = b""
    while block := stream.read(_BLOCK):
        *whole, rest = (rest + block).split(separator)
        yield from (each.decode(errors="surrogateescape") for each in whole if each)
    if rest:
        yield rest.decode(errors="surrogateescape")
