"""Boxes of an ISO base media file (ISO/IEC 14496-12)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from zenoimg.imaging.errors import Refused

# Bytes between a box's header and the boxes inside it.
_BEFORE_INNER = {
    b"moov": 0,
    b"trak": 0,
    b"mdia": 0,
    b"minf": 0,
    b"stbl": 0,
    b"edts": 0,
    b"iprp": 0,
    b"ipco": 0,
    b"meta": 4,
    b"iref": 4,
    b"stsd": 8,
    b"av01": 78,
}
MOST_BOXES, _DEEPEST_BOX = 5_000, 16
"""Limits on number and nesting: a picture that is a grid of hundreds has a few hundred boxes, ten levels deep."""


@dataclass(frozen=True)
class Box:
    """A box: its four-letter type and the position of its content in the file."""

    kind: bytes
    start: int
    end: int


def boxes_in(data: bytes, start: int, end: int) -> list[Box]:
    """Return the boxes between two offsets. Raises ``Refused("corrupt")`` if one extends past the end."""
    found: list[Box] = []
    while start + 8 <= end:
        length, kind = struct.unpack_from(">I4s", data, start)
        head = 8
        if length == 1 and start + 16 <= end:
            (length,) = struct.unpack_from(">Q", data, start + 8)
            head = 16
        length = length or end - start
        if length < head or start + length > end or len(found) > MOST_BOXES:
            raise Refused("corrupt", f"the file is truncated inside its box {kind.decode('latin-1')!r}")
        found.append(Box(kind, start + head, start + length))
        start += length
    return found


def inner_boxes(data: bytes, box: Box) -> list[Box]:
    """Return the boxes inside a box; empty if it is not a container."""
    if box.kind not in _BEFORE_INNER:
        return []
    return boxes_in(data, box.start + _BEFORE_INNER[box.kind], box.end)


def walk(data: bytes, box: Box | None = None, depth: int = 0) -> Iterator[Box]:
    """Yield all boxes in a file or a box, each before those inside it."""
    if depth > _DEEPEST_BOX:
        raise Refused("corrupt", "the file's boxes are nested too deeply")
    for inner in inner_boxes(data, box) if box else boxes_in(data, 0, len(data)):
        yield inner
        yield from walk(data, inner, depth + 1)


def first(data: bytes, box: Box | None, kind: bytes) -> Box | None:
    """Return the first box of a type in a file or a box, at any depth."""
    return next((inner for inner in walk(data, box) if inner.kind == kind), None)
