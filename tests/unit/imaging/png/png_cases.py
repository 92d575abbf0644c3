"""PNGs of every colour type and depth, and their pixels read from the file alone."""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence
from io import BytesIO

from PIL import Image

from tests.drawn import pictures
from tests.drawn.pictures import chunk, png, png_chunks, png_samples
from zenoimg.imaging import WatermarkSpec
from zenoimg.imaging.marking.mark import overlay_for

SIZE = (61, 43)
TYPES = [
    (color_type, depth)
    for color_type, depths in ((0, (1, 2, 4, 8, 16)), (2, (8, 16)), (3, (1, 2, 4, 8)), (4, (8, 16)), (6, (8, 16)))
    for depth in depths
]


def palette(count: int, seed: int = 2) -> bytes:
    """Return black, white, and colours in between."""
    dice = random.Random(seed)
    return (bytes(3) + b"\xff" * 3 + dice.randbytes(3 * count))[: 3 * count]


def some_samples(color_type: int, depth: int, seed: int = 5) -> list[int]:
    dice = random.Random(seed)
    count = SIZE[0] * SIZE[1] * pictures.SAMPLES_A_PIXEL[color_type]
    return [dice.randrange(1 << depth) for _ in range(count)]


def some_png(color_type: int, depth: int, *, interlaced: bool = False, before: Sequence[bytes] = ()) -> bytes:
    needed = [chunk(b"PLTE", palette(1 << depth))] if color_type == 3 else []
    samples = some_samples(color_type, depth)
    return png(SIZE, color_type, depth, samples, interlaced=interlaced, before=[*needed, *before])


def patch(opacity: float) -> WatermarkSpec:
    """Return a mark without soft edges: a white square, half as wide as the picture is high."""
    encoded = BytesIO()
    Image.new("RGB", (8, 8), "white").save(encoded, "PNG")
    return WatermarkSpec(logo=encoded.getvalue(), scale=0.5, opacity=opacity)


def header(data: bytes) -> tuple[int, ...]:
    return struct.unpack(">IIBBBBB", png_chunks(data)[0][1])


def colours(data: bytes) -> list[tuple[int, ...]]:
    """Return red, green, blue and alpha of every pixel at 16 bits, read from the file alone."""
    _, _, depth, color_type, _, _, _ = header(data)
    chunks = dict(png_chunks(data))
    samples, most = png_samples(data), (1 << depth) - 1
    if color_type == 3:
        entries = [tuple(value * 257 for value in entry) for entry in struct.iter_unpack("3B", chunks[b"PLTE"])]
        alphas = [value * 257 for value in chunks.get(b"tRNS", b"")]
        return [(*entries[index], alphas[index] if index < len(alphas) else 65535) for index in samples]
    key: tuple[int, ...] | None = None
    if b"tRNS" in chunks:
        key = struct.unpack(f">{len(chunks[b'tRNS']) // 2}H", chunks[b"tRNS"])
    step = pictures.SAMPLES_A_PIXEL[color_type]
    result = []
    for at in range(0, len(samples), step):
        pixel = tuple(samples[at : at + step])
        scaled = [value * 65535 // most for value in pixel]
        alpha = scaled.pop() if color_type in (4, 6) else 65535 * (pixel != key)
        result.append((*(scaled * 3)[:3], alpha))
    return result


def mark_box(spec: WatermarkSpec | None = None, orientation: int = 1) -> tuple[int, int, int, int]:
    return overlay_for(spec or WatermarkSpec(), SIZE, orientation).boxes[0]


def changed(before: bytes, after: bytes) -> set[tuple[int, int]]:
    pairs = zip(colours(before), colours(after), strict=True)
    return {(index % SIZE[0], index // SIZE[0]) for index, (one, other) in enumerate(pairs) if one != other}
