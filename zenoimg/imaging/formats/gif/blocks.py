"""Split a GIF file into blocks (GIF89a Specification, CompuServe 1990), and decode frames to palette indices.

Only Pillow's LZW coder is used, not its file reader and writer: indices, palettes, disposal and timing remain the
file's own, and nothing is quantised or merged.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, replace

from PIL import Image

from zenoimg.imaging.errors import Refused
from zenoimg.imaging.limits import most_parts
from zenoimg.imaging.marking.placement import Box

EXTENSION, IMAGE, TRAILER = 0x21, 0x2C, 0x3B
PLAIN_TEXT, GRAPHIC_CONTROL, COMMENT, APPLICATION = 0x01, 0xF9, 0xFE, 0xFF
KEEP, BACKGROUND, PREVIOUS = 1, 2, 3
"""How a frame is disposed of at the end of its display time; 0 (unspecified) keeps it as well."""

_HAS_TABLE, _INTERLACED = 0x80, 0x40
_STRAY = re.compile(rb"\0+")


@dataclass(frozen=True)
class Control:
    """The graphic control of a frame: raw flags, delay in hundredths of a second, transparent index."""

    flags: int
    delay: int
    transparent_index: int

    @property
    def disposal(self) -> int:
        """How the frame is disposed of at the end of its display time."""
        return self.flags >> 2 & 7

    @property
    def transparent(self) -> int | None:
        """The frame's transparent index, if it has one."""
        return self.transparent_index if self.flags & 1 else None

    @property
    def encoded(self) -> bytes:
        """The control's bytes in a file."""
        return struct.pack("<BBBBHBB", EXTENSION, GRAPHIC_CONTROL, 4, self.flags, self.delay, self.transparent_index, 0)

    def with_transparent(self, index: int | None) -> Control:
        """Return a frame's graphic control extension with this transparent index."""
        return replace(self, flags=self.flags & ~1 | (index is not None), transparent_index=index or 0)


@dataclass(frozen=True)
class GifFrame:
    """A frame: its box, its own colour table (RGB bytes, or none), and its encoded indices.

    ``pixels`` holds the file's sub-blocks, including the terminator.
    """

    box: Box
    interlaced: bool
    table: bytes | None
    code_size: int
    pixels: bytes
    control: Control | None

    @property
    def encoded(self) -> bytes:
        """The frame's bytes in a file, preceded by its control."""
        left, top, right, bottom = self.box
        flags = _INTERLACED * self.interlaced
        if self.table is not None:
            flags |= _HAS_TABLE | table_bits(self.table) - 1
        head = struct.pack("<BHHHHB", IMAGE, left, top, right - left, bottom - top, flags)
        control = self.control.encoded if self.control else b""
        return control + head + padded(self.table or b"") + bytes((self.code_size,)) + self.pixels


@dataclass(frozen=True)
class Extension:
    """An extension block: its label, and the file's sub-blocks, including the terminator.

    ``control`` is the graphic control of a text that is drawn as a separate frame.
    """

    label: int
    blocks: bytes
    control: Control | None = None

    @property
    def encoded(self) -> bytes:
        """The extension's bytes in a file."""
        control = self.control.encoded if self.control else b""
        return control + bytes((EXTENSION, self.label)) + self.blocks


@dataclass(frozen=True)
class Gif:
    """A GIF: the logical screen, the global colour table, and the blocks in order.

    ``ended`` is set if the trailer was present.
    """

    width: int
    height: int
    flags: int
    background: int
    aspect: int
    table: bytes | None
    blocks: tuple[GifFrame | Extension, ...]
    ended: bool

    @property
    def frames(self) -> list[GifFrame]:
        """The frames in order."""
        return [block for block in self.blocks if isinstance(block, GifFrame)]


def read_gif(data: bytes) -> Gif:
    """Return a file's blocks. Raises ``Refused("corrupt")`` if one is truncated or of an unknown kind."""
    try:
        return _read(data)
    except (struct.error, IndexError):
        raise Refused("corrupt", "the GIF is truncated") from None


def write_gif(source: Gif) -> bytes:
    """Return the bytes of a file."""
    flags = source.flags & 0x78
    if source.table is not None:
        flags |= _HAS_TABLE | table_bits(source.table) - 1
    head = struct.pack("<HHBBB", source.width, source.height, flags, source.background, source.aspect)
    body = b"".join(block.encoded for block in source.blocks)
    return b"GIF89a" + head + padded(source.table or b"") + body + bytes((TRAILER,))


def decode_indices(frame: GifFrame) -> Image.Image:
    """Return a frame's indices (mode ``P``). Raises ``ValueError`` if they are truncated or damaged."""
    left, top, right, bottom = frame.box
    size = (right - left, bottom - top)
    return Image.frombytes("P", size, frame.pixels, "gif", frame.code_size, int(frame.interlaced))


def encode_indices(indices: Image.Image, interlaced: bool) -> tuple[int, bytes]:
    """Return the code size and the sub-blocks for indices."""
    highest = max(index for index, count in enumerate(indices.histogram()) if count)
    code_size = max(2, highest.bit_length())
    coded = indices.tobytes("gif", "P", code_size, int(interlaced))
    end = 0
    while end < len(coded) and coded[end]:
        end += coded[end] + 1
    return code_size, coded[:end] + b"\0"


def table_bits(table: bytes) -> int:
    """Return the number of bits in an index into a colour table: 1 to 8."""
    return max(1, (len(table) // 3 - 1).bit_length())


def padded(table: bytes) -> bytes:
    """Return a colour table padded to the next power of two."""
    return table.ljust(3 << table_bits(table), b"\0") if table else table


def _read(data: bytes) -> Gif:
    width, height, flags, background, aspect = struct.unpack_from("<HHBBB", data, 6)
    at = 13
    table, at = _read_table(data, at, flags)
    blocks: list[GifFrame | Extension] = []
    control: Control | None = None
    ended = False
    left = most_parts(len(data))
    while not ended and at < len(data):
        left -= 1
        if left < 0:
            raise Refused("corrupt", f"the GIF has more than {most_parts(len(data)):,} blocks")
        kind = data[at]
        if kind == TRAILER:
            ended = True
        elif kind == EXTENSION and data[at + 1] == GRAPHIC_CONTROL:
            control = Control(*struct.unpack_from("<BHB", data, at + 3))
            at = _end_of_blocks(data, at + 2)
        elif kind == EXTENSION:
            end = _end_of_blocks(data, at + 2)
            of_text = control if data[at + 1] == PLAIN_TEXT else None
            blocks.append(Extension(data[at + 1], data[at + 2 : end], of_text))
            control, at = (None if of_text else control), end
        elif kind == IMAGE:
            frame, at = _read_frame(data, at, control)
            blocks.append(frame)
            control = None
        elif kind == 0:  # stray block terminators, which all readers skip
            at = next(_STRAY.finditer(data, at)).end()
        else:
            raise Refused("corrupt", f"the GIF has no block at byte {at}")
    if not any(isinstance(block, GifFrame) for block in blocks):
        raise Refused("corrupt", "the GIF holds no picture")
    return Gif(width, height, flags, background, aspect, table, tuple(blocks), ended)


def _read_frame(data: bytes, at: int, control: Control | None) -> tuple[GifFrame, int]:
    left, top, width, height, flags = struct.unpack_from("<HHHHB", data, at + 1)
    table, at = _read_table(data, at + 10, flags)
    code_size = data[at]
    end = _end_of_blocks(data, at + 1)
    if not width or not height or not 1 <= code_size <= 8:
        raise Refused("corrupt", f"the GIF has a frame of {width} x {height} with codes of {code_size} bits")
    box = (left, top, left + width, top + height)
    return GifFrame(box, bool(flags & _INTERLACED), table, code_size, data[at + 1 : end], control), end


def _read_table(data: bytes, at: int, flags: int) -> tuple[bytes | None, int]:
    if not flags & _HAS_TABLE:
        return None, at
    end = at + (3 << (flags & 7) + 1)
    if end > len(data):
        raise Refused("corrupt", "the GIF is truncated inside a colour table")
    return data[at:end], end


def _end_of_blocks(data: bytes, at: int) -> int:
    while data[at]:
        at += data[at] + 1
    return at + 1
