"""Writes animated PNGs of any colour type and depth, and renders them by the definition: slow and without Pillow."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tests.drawn.pictures import PNG_SIGNATURE, chunk, png, png_chunks

Pixel = tuple[float, float, float, float]
Colours = Callable[[bytes], Sequence[tuple[int, ...]]]

KEEP, BACKGROUND, PREVIOUS = 0, 1, 2


@dataclass(frozen=True)
class ApngFrame:
    """A frame: its samples row by row, position, time (a fraction of a second), blending and disposal."""

    size: tuple[int, int]
    samples: Sequence[int]
    at: tuple[int, int] = (0, 0)
    delay: tuple[int, int] = (4, 100)
    blends: bool = False
    disposal: int = KEEP


def apng(
    size: tuple[int, int],
    color_type: int,
    depth: int,
    frames: Sequence[ApngFrame],
    *,
    default: Sequence[int] | None = None,
    before: Sequence[bytes] = (),
    after: Sequence[bytes] = (),
    plays: int = 2,
    interlaced: bool = False,
) -> bytes:
    """Write an animation; ``default`` are the samples of a default image that is not a frame."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, color_type, 0, 0, interlaced))
    parts = [PNG_SIGNATURE, header, chunk(b"acTL", struct.pack(">II", len(frames), plays)), *before]
    number = 0
    if default is not None:
        parts.append(_coded(size, color_type, depth, default, interlaced, b"IDAT"))
    for index, frame in enumerate(frames):
        fields = (number, *frame.size, *frame.at, *frame.delay, frame.disposal, frame.blends)
        parts.append(chunk(b"fcTL", struct.pack(">IIIIIHHBB", *fields)))
        number += 1
        if index == 0 and default is None:
            parts.append(_coded(frame.size, color_type, depth, frame.samples, interlaced, b"IDAT"))
        else:
            head = struct.pack(">I", number)
            parts.append(_coded(frame.size, color_type, depth, frame.samples, interlaced, b"fdAT", head))
            number += 1
    return b"".join([*parts, *after, chunk(b"IEND", b"")])


def stills(data: bytes) -> Iterator[tuple[tuple[int, ...], bytes]]:
    """Return each frame's fcTL fields and its pixels as a separate PNG."""
    chunks = png_chunks(data)
    header = chunks[0][1]
    needed = [(name, content) for name, content in chunks if name in (b"PLTE", b"tRNS")]
    control: tuple[int, ...] | None = None
    coded = b""
    for name, content in [*chunks, (b"fcTL", b"")]:
        if name == b"fcTL":
            if control is not None:
                inner = [
                    (b"IHDR", struct.pack(">II", *control[1:3]) + header[8:]),
                    *needed,
                    (b"IDAT", coded),
                    (b"IEND", b""),
                ]
                yield control, PNG_SIGNATURE + b"".join(chunk(*part) for part in inner)
            if content:
                control, coded = struct.unpack(">IIIIIHHBB", content), b""
        elif name in (b"IDAT", b"fdAT") and control is not None:
            coded += content if name == b"IDAT" else content[4:]


def default_image(data: bytes) -> bytes:
    """Return what a reader without support for animation shows, as a PNG."""
    names = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
    return PNG_SIGNATURE + b"".join(chunk(name, content) for name, content in png_chunks(data) if name in names)


def sequence_numbers(data: bytes) -> list[int]:
    """Return the sequence numbers of fcTL and fdAT in file order."""
    return [struct.unpack_from(">I", content)[0] for name, content in png_chunks(data) if name in (b"fcTL", b"fdAT")]


def rendered(data: bytes, colours: Colours) -> list[tuple[float, list[Pixel]]]:
    """Return each frame's milliseconds and the pixels on screen, 0 to 1, transparent ones without colour.

    ``colours`` reads a PNG's pixels as red, green, blue, alpha of 16 bits.
    """
    width, height = struct.unpack_from(">II", data, 16)
    canvas: list[Pixel] = [(0, 0, 0, 0)] * (width * height)
    timeline = []
    for index, (control, still) in enumerate(stills(data)):
        _, across, down, left, top, number, unit, disposal, blends = control
        before = list(canvas)
        for place, pixel in enumerate(colours(still)):
            at = (top + place // across) * width + left + place % across
            red, green, blue, alpha = (value / 65535 for value in pixel)
            canvas[at] = _over((red, green, blue, alpha), canvas[at]) if blends else (red, green, blue, alpha)
        timeline.append((1000 * number / (unit or 100), [pixel if pixel[3] else (0, 0, 0, 0) for pixel in canvas]))
        if disposal == PREVIOUS and index:
            canvas = before
        elif disposal != KEEP:
            for row in range(top, top + down):
                canvas[row * width + left : row * width + left + across] = [(0, 0, 0, 0)] * across
    return timeline


def _over(one: Pixel, other: Pixel) -> Pixel:
    alpha = one[3] + other[3] * (1 - one[3])
    if not alpha:
        return (0, 0, 0, 0)
    red, green, blue = ((one[c] * one[3] + other[c] * other[3] * (1 - one[3])) / alpha for c in range(3))
    return red, green, blue, alpha


def _coded(
    size: tuple[int, int],
    color_type: int,
    depth: int,
    samples: Sequence[int],
    interlaced: bool,
    name: bytes,
    head: bytes = b"",
) -> bytes:
    still = png(size, color_type, depth, samples, interlaced=interlaced)
    coded = b"".join(content for found, content in png_chunks(still) if found == b"IDAT")
    return chunk(name, head + zlib.compress(zlib.decompress(coded)))
