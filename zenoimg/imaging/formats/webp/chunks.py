"""Split a WebP file into its chunks (WebP Container Specification, RFC 9649, section 2) without decoding pixels."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from zenoimg.imaging.errors import Refused
from zenoimg.imaging.limits import Limits, most_parts
from zenoimg.imaging.marking.placement import Box, Size

ANIMATION, XMP, EXIF, ALPHA, ICC = 0x02, 0x04, 0x08, 0x10, 0x20
"""Flags of VP8X."""

IMAGE_DATA = (b"ALPH", b"VP8 ", b"VP8L")
_DISPOSES, _OVERWRITES = 1, 2


@dataclass(frozen=True)
class Chunk:
    """A chunk's four-letter type and its data."""

    name: bytes
    data: bytes

    @property
    def encoded(self) -> bytes:
        """The chunk's bytes in a file, padded to an even length."""
        return self.name + struct.pack("<I", len(self.data)) + self.data + b"\0" * (len(self.data) % 2)


@dataclass(frozen=True)
class Frame:
    """A frame of an animation: its box on the canvas, its duration (ms), its blending and disposal.

    With ``blends`` it is composited over the canvas, otherwise it overwrites it; ``disposes`` clears its box at the end
    of its display time. ``image_data`` are its chunks ``ALPH``, ``VP8 `` and ``VP8L``.
    """

    box: Box
    duration: int
    blends: bool
    disposes: bool
    image_data: tuple[Chunk, ...]

    @property
    def chunk(self) -> Chunk:
        """The frame as ANMF; its left and top must be even."""
        left, top, right, bottom = self.box
        fields = (left // 2, top // 2, right - left - 1, bottom - top - 1, self.duration)
        flags = _DISPOSES * self.disposes | _OVERWRITES * (not self.blends)
        head = b"".join(field.to_bytes(3, "little") for field in fields) + bytes((flags,))
        return Chunk(b"ANMF", head + b"".join(chunk.encoded for chunk in self.image_data))


@dataclass(frozen=True)
class WebP:
    """A WebP's canvas, its chunks in order, and the frames of its animation (none for a still picture)."""

    size: Size
    flags: int
    chunks: tuple[Chunk, ...]
    frames: tuple[Frame, ...]

    @property
    def image_data(self) -> tuple[Chunk, ...]:
        """The chunks that hold a still picture's pixels."""
        return tuple(chunk for chunk in self.chunks if chunk.name in IMAGE_DATA)

    def first(self, name: bytes) -> bytes:
        """Return the data of the first chunk of a type, or empty bytes."""
        return next((chunk.data for chunk in self.chunks if chunk.name == name), b"")


def read_webp(data: bytes, limits: Limits) -> WebP:
    """Return a file's chunks and frames. Raises ``Refused`` if it is truncated, has no picture or exceeds a limit."""
    (length,) = struct.unpack_from("<I", data.ljust(12, b"\0"), 4)
    if length + 8 > len(data) or length < 4:
        raise Refused("corrupt", "the WebP is truncated")
    chunks = read_chunks(data[12 : 8 + length])
    if not chunks:
        raise Refused("corrupt", "the WebP holds no picture")
    head = chunks[0]
    flags = head.data[0] if head.name == b"VP8X" and len(head.data) >= 10 else 0
    size = image_size(chunks)
    frames = [chunk for chunk in chunks if chunk.name == b"ANMF"] if flags & ANIMATION else []
    if flags & ANIMATION and not frames:
        raise Refused("corrupt", "the WebP is marked as animated and has no frames")
    limits.check_picture(*size, max(1, len(frames)))
    return WebP(size, flags, tuple(chunks), tuple(_read_frame(chunk.data, size) for chunk in frames))


def read_chunks(data: bytes, spare: int = 10_000) -> list[Chunk]:
    """Return consecutive chunks.

    Raises ``Refused("corrupt")`` if one is truncated, or if there are more than any writer produces.
    """
    chunks: list[Chunk] = []
    at = 0
    while at + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, at)
        if at + 8 + length > len(data):
            raise Refused("corrupt", f"the WebP is truncated inside its chunk {name.decode('latin-1')!r}")
        chunks.append(Chunk(name, data[at + 8 : at + 8 + length]))
        if len(chunks) > most_parts(len(data), spare):
            raise Refused("corrupt", f"the WebP has more than {most_parts(len(data), spare):,} chunks")
        at += 8 + length + length % 2
    return chunks


def image_size(chunks: Sequence[Chunk]) -> Size:
    """Return the size in the first chunk. Raises ``Refused("corrupt")`` if it has none."""
    head = chunks[0]
    if head.name == b"VP8X" and len(head.data) >= 10:
        return int.from_bytes(head.data[4:7], "little") + 1, int.from_bytes(head.data[7:10], "little") + 1
    if head.name == b"VP8L" and len(head.data) >= 5 and head.data[0] == 0x2F:
        (bits,) = struct.unpack_from("<I", head.data, 1)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if head.name == b"VP8 " and len(head.data) >= 10 and head.data[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", head.data, 6)
        return width & 0x3FFF, height & 0x3FFF
    raise Refused("corrupt", "the WebP does not begin with the header of a picture")


def is_lossless(image_data: Sequence[Chunk]) -> bool:
    """Return whether pixels are encoded losslessly."""
    return any(chunk.name == b"VP8L" for chunk in image_data)


def has_alpha(image_data: Sequence[Chunk]) -> bool:
    """Return whether pixels have alpha: an ``ALPH`` chunk, or the bit in the header of ``VP8L``."""
    return any(
        chunk.name == b"ALPH" or (chunk.name == b"VP8L" and len(chunk.data) >= 5 and chunk.data[4] & 0x10 != 0)
        for chunk in image_data
    )


def extended_header(size: Size, flags: int) -> Chunk:
    """Return VP8X."""
    fields = struct.pack("<I", flags) + b"".join((side - 1).to_bytes(3, "little") for side in size)
    return Chunk(b"VP8X", fields)


def write_webp(chunks: Sequence[Chunk]) -> bytes:
    """Return the bytes of a file with these chunks."""
    body = b"WEBP" + b"".join(chunk.encoded for chunk in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _read_frame(data: bytes, canvas: Size) -> Frame:
    if len(data) < 16:
        raise Refused("corrupt", "the WebP has a truncated frame")
    left, top, width, height, duration = (int.from_bytes(data[at : at + 3], "little") for at in range(0, 15, 3))
    box = (2 * left, 2 * top, 2 * left + width + 1, 2 * top + height + 1)
    if box[2] > canvas[0] or box[3] > canvas[1]:
        raise Refused("corrupt", "the WebP has a frame that extends past its canvas")
    image_data = tuple(chunk for chunk in read_chunks(data[16:], 100) if chunk.name in IMAGE_DATA)
    return Frame(box, duration, not data[15] & _OVERWRITES, bool(data[15] & _DISPOSES), image_data)
