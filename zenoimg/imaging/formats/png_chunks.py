"""A PNG file as its chunks (PNG Third Edition, section 5), without decoding pixels."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from zenoimg.imaging.errors import Refused

SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Chunk:
    """A chunk's four-letter name and its data."""

    name: bytes
    data: bytes

    @property
    def encoded(self) -> bytes:
        """The chunk as it stands in a file, with length and checksum."""
        checksum = zlib.crc32(self.data, zlib.crc32(self.name))
        return struct.pack(">I", len(self.data)) + self.name + self.data + struct.pack(">I", checksum)

    @property
    def is_ancillary(self) -> bool:
        """Whether a decoder may skip it."""
        return bool(self.name[0] & 0x20)

    @property
    def is_safe_to_copy(self) -> bool:
        """Whether an editor that does not know it may keep it although the picture changed."""
        return bool(self.name[3] & 0x20)


@dataclass(frozen=True)
class Header:
    """The fields of IHDR that decide how pixels are written."""

    width: int
    height: int
    depth: int
    color_type: int
    interlaced: bool

    @property
    def encoded(self) -> bytes:
        """IHDR as it stands in a file."""
        fields = (self.width, self.height, self.depth, self.color_type, 0, 0, self.interlaced)
        return Chunk(b"IHDR", struct.pack(">IIBBBBB", *fields)).encoded


def read_chunks(data: bytes) -> list[Chunk]:
    """Read all chunks from IHDR to IEND. Raises ``Refused("corrupt")`` when one is cut off."""
    chunks: list[Chunk] = []
    position = len(SIGNATURE)
    while not chunks or chunks[-1].name != b"IEND":
        if position + 12 > len(data):
            raise Refused("corrupt", "the PNG is truncated: it has no end chunk")
        length, name = struct.unpack_from(">I4s", data, position)
        if position + 12 + length > len(data):
            raise Refused("corrupt", f"the PNG is truncated inside its chunk {name.decode('latin-1')!r}")
        chunks.append(Chunk(name, data[position + 8 : position + 8 + length]))
        position += 12 + length
    return chunks


def read_header(chunks: list[Chunk]) -> Header:
    """Read IHDR. Raises ``Refused("corrupt")`` when it is not the first chunk or too short."""
    if chunks[0].name != b"IHDR" or len(chunks[0].data) < 13:
        raise Refused("corrupt", "the PNG does not begin with its header")
    width, height, depth, color_type, _, _, interlace = struct.unpack_from(">IIBBBBB", chunks[0].data)
    return Header(width, height, depth, color_type, bool(interlace))
