"""Every damaged animation results in a copy or a refusal, whatever the damage."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from PIL import Image

from tests.drawn import gifs, pictures
from tests.drawn.animations import Frame, moving_ball, webp, webp_chunk, webp_file, webp_image_data
from tests.drawn.apngs import ApngFrame, apng
from tests.drawn.avifs import avif, sequence
from tests.drawn.gifs import GifFrame
from tests.drawn.pictures import chunk
from zenoimg.imaging import Refused, watermark
from zenoimg.imaging.identify import identify

pytestmark = pytest.mark.fuzz

SIZE = (40, 32)


def frames(*, lossless: bool = True) -> list[Frame]:
    ground = pictures.photo(SIZE, "RGBA")
    ball = moving_ball((12, 12), 1, "RGBA")[0]
    return [Frame(ground, lossless=lossless), *(Frame(ball, (at, at), dispose="background") for at in (0, 10, 20))]


def rich_webp() -> bytes:
    body = webp_image_data(pictures.photo(SIZE, "RGBA"))
    body += webp_chunk(b"EXIF", pictures.exif(6, gps=True)) + webp_chunk(b"XMP ", pictures.xmp('exif:GPSLatitude="4"'))
    return webp_file(SIZE, body, flags=0x1C)


def rich_gif() -> bytes:
    ball = pictures.photo((12, 12), "P")
    sprites = [GifFrame(ball, (at, at), transparent=3, dispose="background", interlaced=at > 5) for at in (0, 10, 20)]
    colours = [(index * 4, index, 255 - index) for index in range(64)]
    packet = gifs.application(b"XMP DataXMP", gifs.in_blocks(pictures.xmp('exif:GPSLatitude="4"')))
    ground = GifFrame(pictures.photo(SIZE, "P"), table=colours[::-1])
    return gifs.gif(SIZE, [ground, *sprites], colours, extensions=gifs.loops(2) + packet)


def rich_avif() -> bytes:
    items = [(b"Exif", bytes(4) + pictures.exif(6, gps=True))]
    return avif(pictures.photo(SIZE), [(b"irot", b"\1")], items)


def rich_apng(color_type: int, depth: int) -> bytes:
    dice = random.Random(3)
    per_pixel = pictures.SAMPLES_A_PIXEL[color_type]
    before = [chunk(b"PLTE", dice.randbytes(48)), chunk(b"tRNS", b"\0\xff")] if color_type == 3 else []
    sizes = [(SIZE, (0, 0)), ((12, 12), (28, 20)), ((12, 12), (0, 0)), ((12, 12), (20, 18))]
    parts = [
        ApngFrame(size, [dice.randrange(min(16, 1 << depth)) for _ in range(size[0] * size[1] * per_pixel)], at)
        for size, at in sizes
    ]
    frames = [replace(part, blends=index % 2 == 1, disposal=index % 3) for index, part in enumerate(parts)]
    return apng(SIZE, color_type, depth, frames, before=[*before, chunk(b"eXIf", pictures.exif(6, gps=True))])


FILES = {
    "palette APNG": rich_apng(3, 4),
    "deep APNG": rich_apng(6, 16),
    "AVIF": rich_avif(),
    "animated AVIF": sequence(moving_ball(SIZE, 3, "RGBA"), [40, 50, 60], xmp=pictures.xmp()),
    "animated GIF": rich_gif(),
    "lossy WebP": rich_webp(),
    "lossless WebP": webp_file(SIZE, webp_image_data(Image.new("RGBA", SIZE, "red"), lossless=True), flags=0x10),
    "animated WebP": webp(SIZE, frames(lossless=False)),
}


def outcome(data: bytes) -> str:
    """Return the code of the refusal, or "copied"; any other error is raised."""
    try:
        done = watermark(data)
    except Refused as refusal:
        return refusal.code
    return "copied" if identify(done.data) else "no picture"


@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file_is_refused(name: str) -> None:
    data = FILES[name]
    assert watermark(data).data
    # A GIF without its last byte, the trailer, is copied with a warning.
    for end in sorted({*range(16), *range(0, len(data) - 1, 53), *range(len(data) - 8, len(data) - 1)}):
        with pytest.raises(Refused) as refusal:
            watermark(data[:end])
        assert refusal.value.code == ("corrupt" if end >= 16 else refusal.value.code), end


@pytest.mark.parametrize("name", FILES)
def test_flipped_bits_result_in_a_copy_or_a_refusal(name: str) -> None:
    dice = random.Random(7)
    allowed = {"copied", "unsupported-format", "not-an-image", "corrupt", "too-large", "too-many-frames", "too-small"}
    for _ in range(120):
        data = bytearray(FILES[name])
        for _ in range(dice.randint(1, 6)):
            data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        assert outcome(bytes(data)) in allowed
