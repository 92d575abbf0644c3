"""A copy's rows keep their filters, and only rows under the mark are filtered again."""

from __future__ import annotations

import random
import zlib
from io import BytesIO

import pytest
from PIL import Image, ImageDraw

from tests.drawn.pictures import chunk, png_chunks
from zenoimg.imaging import EncoderSettings, Recipe, Refused, WatermarkSpec, watermark
from zenoimg.imaging.formats.png.chunks import Header
from zenoimg.imaging.formats.png.samples.scanlines import Pass, rewritten
from zenoimg.imaging.marking.mark import overlay_for

SIGNATURE = b"\x89PNG\r\n\x1a\n"
SIZE = (150, 110)
COLORS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def filtered(rows: list[bytes], kinds: list[int], step: int) -> bytes:
    """Filter rows one byte at a time, as specified in PNG Third Edition, section 9."""
    lines = b""
    above = bytes(len(rows[0]))
    for row, kind in zip(rows, kinds, strict=True):
        line = bytearray()
        for at, value in enumerate(row):
            left = row[at - step] if at >= step else 0
            corner = above[at - step] if at >= step else 0
            nearest = min((left, above[at], corner), key=lambda other: abs(left + above[at] - corner - other))
            predicted = (0, left, above[at], (left + above[at]) // 2, nearest)[kind]
            line.append((value - predicted) % 256)
        lines += bytes((kind,)) + line
        above = row
    return lines


def written(size: tuple[int, int], color_type: int, depth: int, lines: bytes, level: int = 6) -> bytes:
    header = Header(*size, depth, color_type, False).chunk.encoded
    palette = chunk(b"PLTE", bytes(range(240)) + bytes(range(48))) if color_type == 3 else b""
    return SIGNATURE + header + palette + chunk(b"IDAT", zlib.compress(lines, level)) + chunk(b"IEND", b"")


def lines_of(data: bytes) -> bytes:
    return zlib.decompress(b"".join(content for name, content in png_chunks(data) if name == b"IDAT"))


@pytest.mark.parametrize(
    ("color_type", "depth"),
    [(0, 1), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16), (3, 8), (4, 8), (4, 16), (6, 8), (6, 16)],
)
def test_rows_keep_their_filters_and_rows_outside_the_mark_their_bytes(color_type: int, depth: int) -> None:
    dice = random.Random(5)
    bits = COLORS[color_type] * depth
    stride = (SIZE[0] * bits + 7) // 8
    rows = [bytes(dice.randrange(90 if color_type == 3 else 256) for _ in range(stride)) for _ in range(SIZE[1])]
    kinds = [dice.randrange(5) for _ in rows]
    before = filtered(rows, kinds, max(1, bits // 8))
    after = lines_of(watermark(written(SIZE, color_type, depth, before)).data)
    assert after[:: stride + 1] == bytes(kinds)
    _, top, _, bottom = overlay_for(WatermarkSpec(), SIZE).boxes[0]
    assert after[: top * (stride + 1)] == before[: top * (stride + 1)]
    assert after[(bottom + 1) * (stride + 1) :] == before[(bottom + 1) * (stride + 1) :]
    assert after != before


@pytest.mark.parametrize("step", [1, 2, 3, 4, 6, 8])
def test_all_filters_are_those_of_the_specification(step: int) -> None:
    dice = random.Random(step)
    rows = [dice.randbytes(48) for _ in range(25)]
    kinds = [row % 5 for row in range(25)]
    source = zlib.compress(filtered([bytes(48)] * 25, kinds, step))
    drawn = Pass(25, 48, step, lambda first, last: b"".join(rows[first:last]), [1] * 25)
    assert zlib.decompress(rewritten([source], [drawn], 6)) == filtered(rows, kinds, step)


def screenshot() -> Image.Image:
    picture = Image.new("RGB", (1200, 800), (245, 246, 248))
    for row in range(35):
        ImageDraw.Draw(picture).text(
            (30, 20 + 20 * row), f"def function_{row}(x): return x * {row}  # text" * 3, "#3c4450"
        )
    return picture


def test_a_screenshot_without_filters_does_not_grow() -> None:
    picture = screenshot()
    rows = [picture.crop((0, y, picture.width, y + 1)).tobytes() for y in range(picture.height)]
    data = written(picture.size, 2, 8, b"".join(b"\0" + row for row in rows))
    copy = watermark(data).data
    mark = Image.open(BytesIO(copy)).crop(overlay_for(WatermarkSpec(), picture.size).boxes[0])
    own = BytesIO()
    mark.save(own, "PNG")
    assert len(copy) < 1.03 * len(data) + len(own.getvalue())


def test_a_small_picture_is_compressed_as_strongly_as_its_source() -> None:
    picture = screenshot()
    rows = [picture.crop((0, y, picture.width, y + 1)).tobytes() for y in range(picture.height)]
    lines = b"".join(b"\0" + row for row in rows)
    hard, usual = (watermark(written(picture.size, 2, 8, lines, level)).data for level in (9, 6))
    assert len(hard) < len(usual)
    swift = Recipe(encoder=EncoderSettings(png_compression=1))
    assert (
        watermark(written(picture.size, 2, 8, lines, 9), swift).data
        == watermark(written(picture.size, 2, 8, lines, 6), swift).data
    )


def test_missing_rows_are_refused() -> None:
    lines = b"".join(b"\0" + bytes(SIZE[0]) for _ in range(SIZE[1] - 1))
    with pytest.raises(Refused) as refused:
        watermark(written(SIZE, 0, 8, lines))
    assert refused.value.code == "corrupt"
