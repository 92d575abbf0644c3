"""Split a PNG into its chunks (PNG Third Edition, section 5), without decoding pixels."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from zenoimg.imaging.errors import Refused
from zenoimg.imaging.limits import most_parts

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, RGB, PALETTE, GREY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
"""The colour types of IHDR."""

PIXELS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")


@dataclass(frozen=True)
class Chunk:
    """A chunk's four-letter type and its data; ``intact`` is set if its checksum was correct."""

    name: bytes
    data: bytes
    intact: bool = True

    @property
    def parts(self) -> tuple[bytes, bytes, bytes]:
        """The chunk's bytes in a file, with length and checksum, in three parts, one of which is not a copy."""
        checksum = zlib.crc32(self.data, zlib.crc32(self.name))
        return struct.pack(">I", len(self.data)) + self.name, self.data, struct.pack(">I", checksum)

    @property
    def encoded(self) -> bytes:
        """The chunk's bytes in a file, with length and checksum."""
        return b"".join(self.parts)

    @property
    def is_ancillary(self) -> bool:
        """Whether a decoder may skip it."""
        return bool(self.name[0] & 0x20)

    @property
    def is_safe_to_copy(self) -> bool:
        """Whether an editor that does not know it may keep it after changing the picture."""
        return bool(self.name[3] & 0x20)


@dataclass(frozen=True)
class Header:
    """The fields of IHDR that define how pixels are stored; ``depth`` is bits per sample."""

    width: int
    height: int
    depth: int
    color_type: int
    interlaced: bool

    @property
    def chunk(self) -> Chunk:
        """The header as IHDR."""
        fields = (self.width, self.height, self.depth, self.color_type, 0, 0, self.interlaced)
        return Chunk(b"IHDR", struct.pack(">IIBBBBB", *fields))


def read_chunks(data: bytes) -> list[Chunk]:
    """Return all chunks from IHDR to IEND.

    Raises ``Refused("corrupt")`` if one is truncated, if one that pixels depend on fails its checksum, or if
    there are more than any writer produces.
    """
    chunks: list[Chunk] = []
    position = len(SIGNATURE)
    while not chunks or chunks[-1].name != b"IEND":
        if position + 12 > len(data):
            raise Refused("corrupt", "the PNG is truncated: it has no end chunk")
        length, name = struct.unpack_from(">I4s", data, position)
        end = position + 8 + length
        if end + 4 > len(data):
            raise Refused("corrupt", f"the PNG is truncated inside its chunk {name.decode('latin-1')!r}")
        (checksum,) = struct.unpack_from(">I", data, end)
        chunk = Chunk(name, data[position + 8 : end], zlib.crc32(memoryview(data)[position + 4 : end]) == checksum)
        if not chunk.intact and (name in PIXELS or not chunk.is_ancillary):
            raise Refused("corrupt", f"the PNG's chunk {name.decode('latin-1')!r} fails its checksum")
        chunks.append(chunk)
        if len(chunks) > most_parts(len(data)):
            raise Refused("corrupt", f"the PNG has more than {most_parts(len(data)):,} chunks")
        position = end + 4
    return chunks


def read_header(chunks: list[Chunk]) -> Header:
    """Return IHDR. Raises ``Refused("corrupt")`` if it is not the first chunk or not valid."""
    if chunks[0].name != b"IHDR" or len(chunks[0].data) != 13:
        raise Refused("corrupt", "the PNG does not begin with its header")
    width, height, depth, color_type, _, _, interlace = struct.unpack(">IIBBBBB", chunks[0].data)
    if not width or not height:
        raise Refused("corrupt", f"the PNG's header gives a size of {width} x {height}")
    return Header(width, height, depth, color_type, bool(interlace))


def first(chunks: Iterable[Chunk], name: bytes) -> bytes | None:
    """Return the data of the first chunk of a type."""
    return next((chunk.data for chunk in chunks if chunk.name == name), None)


def pixel_stream(chunks: Iterable[Chunk]) -> bytes:
    """Return a PNG with only the chunks that define pixels, which are all that the decoder needs.

    The pixels are joined into one chunk, since Pillow is slow with many.
    """
    groups: dict[bytes, list[bytes]] = {}
    for chunk in chunks:
        if chunk.name in PIXELS:
            groups.setdefault(chunk.name, []).append(chunk.data)
    if b"IDAT" in groups:
        groups[b"IDAT"] = [b"".join(groups[b"IDAT"])]
    return png_file([Chunk(name, data) for name, group in groups.items() for data in group])


def png_file(chunks: Iterable[Chunk]) -> bytes:
    """Return the file with these chunks, copying their bytes only once."""
    return b"".join((SIGNATURE, *(part for chunk in chunks for part in chunk.parts)))
