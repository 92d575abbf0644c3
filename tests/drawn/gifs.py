"""Write GIFs with given blocks, and render them as browsers do: cleared pixels are transparent."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image

from tests.drawn.animations import Shown, colourless_where_transparent

Table = Sequence[tuple[int, int, int]]

DISPOSALS = {"keep": 1, "background": 2, "previous": 3}


@dataclass(frozen=True)
class GifFrame:
    """A frame: indices (mode ``P``), its own table or none, position, time in ms, and disposal."""

    indices: Image.Image
    at: tuple[int, int] = (0, 0)
    table: Table | None = None
    transparent: int | None = None
    duration: int = 50
    dispose: str = "keep"
    interlaced: bool = False
    has_control: bool = True


@dataclass(frozen=True)
class ReadFrame:
    """A frame as read from a file."""

    indices: Image.Image
    at: tuple[int, int]
    table: bytes
    has_own_table: bool
    transparent: int | None
    duration: int
    disposal: int
    interlaced: bool
    encoded: bytes


def gif(
    size: tuple[int, int],
    frames: Sequence[GifFrame],
    table: Table | None = None,
    *,
    extensions: bytes = b"",
    background: int = 0,
    version: bytes = b"GIF89a",
) -> bytes:
    """Write a GIF; ``extensions`` are before the first frame."""
    data = version + struct.pack("<HHBBB", *size, 0x70 | _table_flags(table), background, 49)
    data += _table_bytes(table) + extensions
    for frame in frames:
        if frame.has_control:
            flags = DISPOSALS[frame.dispose] << 2 | (frame.transparent is not None)
            data += struct.pack("<BBBBHBB", 0x21, 0xF9, 4, flags, frame.duration // 10, frame.transparent or 0, 0)
        flags = 0x40 * frame.interlaced | _table_flags(frame.table)
        data += struct.pack("<BHHHHB", 0x2C, *frame.at, *frame.indices.size, flags) + _table_bytes(frame.table)
        code_size = max(2, max(frame.indices.tobytes()).bit_length())
        pixels = frame.indices.tobytes("gif", "P", code_size, int(frame.interlaced))
        data += bytes((code_size,)) + pixels[: sum(1 + length for length in _lengths(pixels))] + b"\0"
    return data + b";"


def loops(count: int) -> bytes:
    """Write the loop count."""
    return b"\x21\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<H", count) + b"\0"


def comment(text: bytes) -> bytes:
    """Write a comment."""
    return b"\x21\xfe" + bytes((len(text),)) + text + b"\0"


def application(name: bytes, content: bytes) -> bytes:
    """Write an application extension whose content is split into sub-blocks, or unchanged if it ends in zeros."""
    return b"\x21\xff\x0b" + name + content


def in_blocks(content: bytes) -> bytes:
    """Split content into sub-blocks."""
    parts = [content[at : at + 255] for at in range(0, len(content), 255)]
    return b"".join(bytes((len(part),)) + part for part in parts) + b"\0"


def read_frames(data: bytes) -> list[ReadFrame]:
    """Read the frames of a GIF, independently of the code under test."""
    _, _, flags = struct.unpack_from("<HHB", data, 6)
    shared_bytes = 3 << (flags & 7) + 1 if flags & 0x80 else 0
    shared, at = data[13 : 13 + shared_bytes], 13 + shared_bytes
    frames: list[ReadFrame] = []
    control, start = (0, 0, 0), at
    while data[at] != 0x3B:
        if data[at] == 0x21:
            if data[at + 1] == 0xF9:
                control, start = struct.unpack_from("<BHB", data, at + 3), at
            at += 2 + sum(1 + length for length in _lengths(data[at + 2 :])) + 1
            continue
        left, top, width, height, flags = struct.unpack_from("<HHHHB", data, at + 1)
        own_bytes = 3 << (flags & 7) + 1 if flags & 0x80 else 0
        own = data[at + 10 : at + 10 + own_bytes]
        at += 10 + own_bytes
        end = at + 1 + sum(1 + length for length in _lengths(data[at + 1 :])) + 1
        indices = Image.frombytes("P", (width, height), data[at + 1 : end], "gif", data[at], flags >> 6 & 1)
        transparent = control[2] if control[0] & 1 else None
        frames.append(
            ReadFrame(
                indices,
                (left, top),
                own or shared,
                bool(own),
                transparent,
                control[1] * 10,
                control[0] >> 2 & 7,
                bool(flags & 0x40),
                data[start:end],
            )
        )
        at, control, start = end, (0, 0, 0), end
    return frames


def gif_shown(data: bytes) -> list[Shown]:
    """Render a GIF: return what is on screen during each frame."""
    canvas = Image.new("RGBA", struct.unpack_from("<HH", data, 6))
    timeline = []
    for frame in read_frames(data):
        before = canvas.copy()
        colours = [tuple(frame.table[at : at + 3]) for at in range(0, len(frame.table), 3)]
        pixels = b"".join(
            bytes(4) if index == frame.transparent else bytes((*(colours[index : index + 1] or [(0, 0, 0)])[0], 255))
            for index in frame.indices.tobytes()
        )
        picture = Image.frombytes("RGBA", frame.indices.size, pixels)
        canvas.paste(picture, frame.at, picture.getchannel("A"))
        timeline.append(Shown(frame.duration, colourless_where_transparent(canvas)))
        if frame.disposal == 2:
            left, top = frame.at
            canvas.paste((0, 0, 0, 0), (left, top, left + picture.width, top + picture.height))
        elif frame.disposal == 3:
            canvas = before
    return timeline


def _lengths(blocks: bytes) -> Iterator[int]:
    at = 0
    while at < len(blocks) and blocks[at]:
        yield blocks[at]
        at += blocks[at] + 1


def _table_flags(table: Table | None) -> int:
    return 0 if table is None else 0x80 | max(1, (len(table) - 1).bit_length()) - 1


def _table_bytes(table: Table | None) -> bytes:
    if table is None:
        return b""
    flat = b"".join(bytes(entry) for entry in table)
    return flat.ljust(3 << max(1, (len(table) - 1).bit_length()), b"\0")
