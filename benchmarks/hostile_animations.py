"""Hostile animations: GIF, APNG and WebP whose frames are tiny, numerous or outside the canvas."""

from __future__ import annotations

import itertools
import random
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from benchmarks.hostile_files import FLOOD, Cases, noise
from tests.drawn import animations, gifs
from tests.drawn.pictures import PNG_SIGNATURE, chunk, png_chunks

SIZE, FRAMES = (500, 400), 100


def gif_cases() -> Cases:
    """Return cleared frames, floods of blocks, frames outside the screen, and pixels that are hard to encode."""
    dice = random.Random(2)
    colours = [(level, 255 - level, level // 2) for level in range(200)]
    full = [(dice.randrange(256), dice.randrange(256), dice.randrange(256)) for _ in range(256)]
    busy = noise(SIZE, "L", 200)
    ground = _indices(busy)
    dot = Image.new("P", (1, 1), 7)
    valid = _gif([gifs.GifFrame(ground)] * FRAMES, colours)
    checked = gifs.GifFrame(_indices(busy), transparent=3)
    spots = [(dice.randrange(SIZE[0]), dice.randrange(SIZE[1])) for _ in range(FRAMES - 1)]

    def dots(dispose: str, first: gifs.GifFrame, table: list[tuple[int, int, int]] = colours) -> bytes:
        return _gif([first, *(gifs.GifFrame(dot, at, dispose=dispose) for at in spots)], table)

    corners = itertools.cycle(((0, 0), (SIZE[0] - 1, SIZE[1] - 1)))
    apart = [gifs.GifFrame(dot, next(corners), dispose="background") for _ in range(FRAMES - 1)]
    still = _gif([gifs.GifFrame(_indices(noise(SIZE, "L", 200)))], colours)
    same_bytes = _gif([gifs.GifFrame(_indices(noise((1500, 1200), "L", 200)))], colours)
    own = [gifs.GifFrame(_indices(noise(SIZE, "L")), table=full[shift:] + full[:shift]) for shift in range(FRAMES)]
    grey = [(level, 0, 0) for level in range(256)]
    unseen = gifs.GifFrame(_indices(noise(SIZE, "L")))
    head, rest = still[:-1], b";"
    far = [gifs.GifFrame(dot, (65_000, 65_000), dispose="background")] * 20
    first = gifs.GifFrame(Image.new("P", (1, 1), 7), dispose="background")
    return {
        "dots that are cleared": (dots("background", gifs.GifFrame(ground)), valid),
        "dots that are cleared, ground too": (dots("background", gifs.GifFrame(ground, dispose="background")), valid),
        "dots that go back": (dots("previous", gifs.GifFrame(ground)), valid),
        "dots in opposite corners": (_gif([checked, *apart], colours), valid),
        "dots next to nothing": (_gif([first, *apart], colours), valid),
        "dots outside of the screen": (_gif([first, *far], colours), _gif([gifs.GifFrame(ground)] * 21, colours)),
        "tables of their own": (_gif(own, full), valid),
        "dots on a full table": (dots("background", unseen, full), _gif([unseen] * FRAMES, full)),
        "dots on a table without colours": (dots("background", unseen, grey), _gif([unseen] * FRAMES, grey)),
        "sub-blocks of one byte": (_in_single_bytes(still), still, same_bytes),
        "extensions": (head + b"!\xaa\0" * (FLOOD // 3) + rest, still, same_bytes),
        "controls": (head + b"!\xf9\4\0\0\0\0\0" * (FLOOD // 8) + rest, still, same_bytes),
        "credentials": (head + (b"!\xff\x0bC2PA_GIF\1\1\1\0") * (FLOOD // 15) + rest, still, same_bytes),
        "empty blocks": (head + bytes(FLOOD) + rest, still, same_bytes),
        "frames of one pixel": (head + _dots(FLOOD // 17) + rest, still, same_bytes),
    }


def _gif(frames: list[gifs.GifFrame], table: list[tuple[int, int, int]]) -> bytes:
    return gifs.gif(SIZE, frames, table)


def _indices(grey: Image.Image) -> Image.Image:
    return Image.frombytes("P", grey.size, grey.tobytes())


def _dots(count: int) -> bytes:
    return struct.pack("<BHHHHBB", 0x2C, 0, 0, 1, 1, 0, 2) + b"\2\x44\1\0" * 1 if count == 1 else _dots(1) * count


def _in_single_bytes(data: bytes) -> bytes:
    """Cut the pixels of the only frame of a GIF into sub-blocks of one byte each."""
    start = data.index(b"\x2c\0\0\0\0") + 11
    at, pixels = start, b""
    while data[at]:
        pixels += data[at + 1 : at + 1 + data[at]]
        at += 1 + data[at]
    return data[:start] + b"".join(bytes((1, byte)) for byte in pixels) + data[at:]


def apng_cases() -> Cases:
    """Return frames of one pixel with all disposals and blendings, floods of their chunks, and full palettes."""
    dice = random.Random(4)
    frames = 30
    ground = ApngFrame(SIZE, noise(SIZE, "RGBA").tobytes())
    valid = apng(6, [ground] * frames)
    spots = [(dice.randrange(SIZE[0]), dice.randrange(SIZE[1])) for _ in range(frames - 1)]

    def dots(disposal: int, blends: bool) -> bytes:
        small = [ApngFrame((1, 1), b"\1\2\3\xf0", at, disposal=disposal, blends=blends) for at in spots]
        return apng(6, [ground, *small])

    palette = chunk(b"PLTE", dice.randbytes(768))
    indices = [ApngFrame(SIZE, noise(SIZE, "L").tobytes())] * frames
    few = [ApngFrame((1, 1), b"\7", at, disposal=1) for at in spots]
    single = apng(6, [ground, ApngFrame((1, 1), b"\1\2\3\4")])
    parts = [chunk(name, content) for name, content in png_chunks(single)]
    data_flood = b"".join(chunk(b"fdAT", struct.pack(">I", number)) for number in range(3, FLOOD // 16))
    control = png_chunks(single)[2][1]
    control_flood = chunk(b"fcTL", control) * (FLOOD // 38)
    head = single[:8]
    same_bytes = apng(6, [ground] * max(2, len(data_flood) // len(single)))
    return {
        **{
            f"dots, disposal {disposal}, {'laid over' if blends else 'put'}": (dots(disposal, blends), valid)
            for disposal in range(3)
            for blends in (False, True)
        },
        "dots on a full palette": (
            apng(3, [indices[0], *few], before=palette),
            apng(3, indices, before=palette),
        ),
        "empty frame data": (head + b"".join([*parts[:-1], data_flood, parts[-1]]), single, same_bytes),
        "frame controls": (head + b"".join([*parts[:-1], control_flood, parts[-1]]), single, same_bytes),
        "WebP, dots": (_webp_dots(spots, frames), _webp(frames)),
        "WebP, frames beyond the limit": (_webp_flood(), _webp(1)),
    }


@dataclass(frozen=True)
class ApngFrame:
    """A frame: size, sample bytes, position, disposal and blending."""

    size: tuple[int, int]
    samples: bytes
    at: tuple[int, int] = (0, 0)
    disposal: int = 0
    blends: bool = False


def apng(color_type: int, frames: Sequence[ApngFrame], before: bytes = b"") -> bytes:
    """Write an animation with 8 bits per sample whose canvas has the first frame's size."""
    size = frames[0].size
    parts = [PNG_SIGNATURE, chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 8, color_type, 0, 0, 0))]
    parts += [chunk(b"acTL", struct.pack(">II", len(frames), 0)), before]
    for index, frame in enumerate(frames):
        fields = (max(0, 2 * index - 1), *frame.size, *frame.at, 4, 100, frame.disposal, frame.blends)
        parts.append(chunk(b"fcTL", struct.pack(">IIIIIHHBB", *fields)))
        stride = len(frame.samples) // frame.size[1]
        rows = range(0, len(frame.samples), stride)
        coded = zlib.compress(b"".join(b"\0" + frame.samples[at : at + stride] for at in rows), 1)
        parts.append(chunk(b"fdAT", struct.pack(">I", 2 * index) + coded) if index else chunk(b"IDAT", coded))
    return b"".join([*parts, chunk(b"IEND", b"")])


def _webp(frames: int) -> bytes:
    return animations.webp(SIZE, [animations.Frame(noise(SIZE, "RGBA"))] * frames)


def _webp_dots(spots: list[tuple[int, int]], frames: int) -> bytes:
    dot = Image.new("RGBA", (1, 1), (1, 2, 3, 200))
    small = [
        animations.Frame(dot, (at[0] & ~1, at[1] & ~1), dispose="background" if number % 2 else "keep")
        for number, at in enumerate(spots)
    ]
    return animations.webp(SIZE, [animations.Frame(noise(SIZE, "RGBA")), *small][:frames])


def _webp_flood() -> bytes:
    whole = animations.webp(SIZE, [animations.Frame(noise(SIZE, "RGBA"))])
    at = whole.index(b"ANMF")
    small = animations.webp(SIZE, [animations.Frame(Image.new("RGBA", (1, 1)))])
    dot = small[small.index(b"ANMF") :]
    body = whole[8:at] + dot * (FLOOD // len(dot)) + whole[at:]
    return b"RIFF" + struct.pack("<I", len(body)) + body
