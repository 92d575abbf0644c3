"""Draws animations of every format frame by frame, and renders what they show at each millisecond."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops, ImageDraw, ImageStat

from zenoimg.imaging import WatermarkSpec
from zenoimg.imaging.marking.blend import blend
from zenoimg.imaging.marking.mark import overlay_for

Size = tuple[int, int]
Box = tuple[int, int, int, int]

SHARED_PHOTOS = Path(__file__).parents[3] / "shared" / "photos"
"""Real photos, where they lie beside the checkout."""


@dataclass(frozen=True)
class Frame:
    """A frame as stored in its file: pixels, position, time in milliseconds, blending and disposal.

    ``dispose`` is ``keep``, ``background`` or ``previous``; ``lossless`` applies only to WebP.
    """

    picture: Image.Image
    at: tuple[int, int] = (0, 0)
    duration: int = 40
    blends: bool = True
    dispose: str = "keep"
    lossless: bool = True


@dataclass(frozen=True)
class Shown:
    """What is on screen for a while: RGBA, where transparent pixels have no colour."""

    milliseconds: int
    picture: Image.Image


def shown(data: bytes) -> list[Shown]:
    """Render an animation with Pillow; equal successive pictures are merged."""
    animation = Image.open(BytesIO(data))
    merged: list[Shown] = []
    for number in range(getattr(animation, "n_frames", 1)):
        animation.seek(number)
        picture = colourless_where_transparent(animation.convert("RGBA"))
        duration = round(animation.info.get("duration", 0))
        if merged and merged[-1].picture.tobytes() == picture.tobytes():
            duration += merged.pop().milliseconds
        merged.append(Shown(duration, picture))
    return merged


def by_millisecond(timeline: Sequence[Shown]) -> list[Image.Image]:
    """Return the picture on screen at each millisecond of one run."""
    return [step.picture for step in timeline for _ in range(step.milliseconds)]


def with_mark(timeline: Sequence[Shown], spec: WatermarkSpec | None = None, orientation: int = 1) -> list[Shown]:
    """Draw the mark on everything that is shown, as a lossless copy must show it."""
    overlay = overlay_for(spec or WatermarkSpec(), timeline[0].picture.size, orientation)
    marked = []
    for step in timeline:
        picture = step.picture.copy()
        blend(picture, overlay)
        marked.append(Shown(step.milliseconds, colourless_where_transparent(picture)))
    return marked


def colourless_where_transparent(picture: Image.Image) -> Image.Image:
    """Make invisible pixels transparent black."""
    seen = Image.new("RGBA", picture.size)
    seen.paste(picture, (0, 0), picture.getchannel("A").point([255 * (level > 0) for level in range(256)]))
    return seen


def largest_difference(one: Image.Image, other: Image.Image) -> int:
    """Return the largest difference of any channel of any pixel."""
    return max(high for _, high in _pairs(ImageChops.difference(one, other).getextrema()))


def psnr(one: Image.Image, other: Image.Image) -> float:
    """Return the peak signal-to-noise ratio in dB; 99 for equal pictures."""
    squares = ImageStat.Stat(ImageChops.difference(one, other)).sum2
    mean = sum(squares) / len(squares) / (one.width * one.height)
    return 99.0 if mean == 0 else 10 * _log10(255 * 255 / mean)


def outside(picture: Image.Image, box: Box) -> Image.Image:
    """Return a picture with a box blacked out."""
    rest = picture.copy()
    rest.paste((0, 0, 0) if picture.mode == "RGB" else (0, 0, 0, 0), box)
    return rest


def moving_ball(size: Size = (72, 56), steps: int = 5, mode: str = "RGB", ground: str = "#305070") -> list[Image.Image]:
    """Draw a ball that moves from the top left to the bottom right, where the mark is."""
    drawn = []
    for step in range(steps):
        colour = ground if mode == "RGB" else (0, 0, 0, 0)
        picture = Image.new(mode, size, colour)
        x, y = step * (size[0] - 16) // max(1, steps - 1), step * (size[1] - 16) // max(1, steps - 1)
        ImageDraw.Draw(picture).ellipse((x, y, x + 15, y + 15), fill="#e0a020")
        drawn.append(picture)
    return drawn


def webp(size: Size, frames: Sequence[Frame], *, loop: int = 3, background: int = 0xFF102030) -> bytes:
    """Write an animated WebP of exactly these frames."""
    body = _webp_chunk(b"ANIM", struct.pack("<IH", background, loop))
    for frame in frames:
        left, top = frame.at
        fields = (left // 2, top // 2, frame.picture.width - 1, frame.picture.height - 1, frame.duration)
        flags = (frame.dispose == "background") | 2 * (not frame.blends)
        head = b"".join(field.to_bytes(3, "little") for field in fields) + bytes((flags,))
        body += _webp_chunk(b"ANMF", head + webp_image_data(frame.picture, lossless=frame.lossless))
    return webp_file(size, body, flags=0x12)


def webp_image_data(picture: Image.Image, **options: Any) -> bytes:
    """Encode the chunks ``ALPH``, ``VP8 `` and ``VP8L`` of a picture."""
    encoded = BytesIO()
    picture.save(encoded, "WEBP", **{"quality": 80, "exact": True, "method": 0, **options})
    names = (b"ALPH", b"VP8 ", b"VP8L")
    return b"".join(_webp_chunk(name, data) for name, data in webp_chunks(encoded.getvalue()) if name in names)


def webp_file(size: Size, body: bytes, *, flags: int) -> bytes:
    """Write a WebP of the extended format."""
    sides = b"".join((side - 1).to_bytes(3, "little") for side in size)
    body = b"WEBP" + _webp_chunk(b"VP8X", struct.pack("<I", flags) + sides) + body
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_chunks(data: bytes, at: int = 12) -> list[tuple[bytes, bytes]]:
    """Read chunks, names and data."""
    chunks = []
    while at + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, at)
        chunks.append((name, data[at + 8 : at + 8 + length]))
        at += 8 + length + length % 2
    return chunks


def webp_chunk(name: bytes, data: bytes) -> bytes:
    """Write one WebP chunk."""
    return _webp_chunk(name, data)


def _webp_chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _pairs(extrema: Any) -> Iterator[tuple[int, int]]:
    yield from extrema if isinstance(extrema[0], tuple) else (extrema,)


def _log10(value: float) -> float:
    from math import log10

    return log10(value)
