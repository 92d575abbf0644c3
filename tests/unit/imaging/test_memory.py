"""The memory that each kind of picture needs is known, and checked before pixels are decoded."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from tests.drawn import pictures
from tests.unit.imaging.test_formats import FILES, NAMES
from zenoimg.imaging import EncoderSettings, Limits, Recipe, Refused, watermark
from zenoimg.imaging.errors import NeedsMemoryError
from zenoimg.imaging.limits import usable_memory

SIZE = (120, 90)


def saved(kind: str, mode: str = "RGB", frames: int = 1, **options: Any) -> bytes:
    moving = [
        pictures.photo((SIZE[0] + 2 * frames, SIZE[1])).crop((at, 0, SIZE[0] + at, SIZE[1])) for at in range(frames)
    ]
    encoded = BytesIO()
    first, *others = (picture.convert(mode) for picture in moving)
    if mode in ("LA", "RGBA"):
        first.putalpha(128)
    if others:
        options |= {"save_all": True, "append_images": others, "duration": 50}
    first.save(encoded, kind, **options)
    return encoded.getvalue()


KINDS = {
    "webp, lossy": (saved("WEBP"), 18),
    "webp, lossless": (saved("WEBP", lossless=True), 34),
    "webp, transparent": (saved("WEBP", "LA"), 34),
    "webp, animated": (saved("WEBP", frames=3), 62),
    "gif": (saved("GIF", "L"), 27),
    "gif, animated": (saved("GIF", "L", frames=3), 27),
    "apng": (saved("PNG", frames=3), 28),
    "apng of 16 bits": (saved("PNG", "I;16", frames=3), 56),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_that_needs_more_memory_than_allowed_is_refused(kind: str) -> None:
    data, bytes_a_pixel = KINDS[kind]
    needed = SIZE[0] * SIZE[1] * bytes_a_pixel
    watermark(data, limits=Limits(max_memory=needed))
    with pytest.raises(Refused, match=r"120 x 90 of this kind need .* GB of memory") as refusal:
        watermark(data, limits=Limits(max_memory=needed - 1))
    assert refusal.value.code == "too-large"


#: Bytes a pixel, and how many times the length of the file.
WITH_FILE = {
    "jpeg 4:2:0": (saved("JPEG", subsampling=2), 4 + 2 * 1.5, 3),
    "jpeg 4:4:4": (saved("JPEG", subsampling=0), 4 + 2 * 3, 3),
    "jpeg grey": (saved("JPEG", "L"), 1 + 2, 3),
    "jpeg inks": (saved("JPEG", "CMYK"), 4 + 2 * 4, 3),
    "png": (saved("PNG"), 5, 7),
    "png palette": (saved("PNG", "P"), 22, 7),
    "png grey 16": (saved("PNG", "I;16"), 7, 7),
    "tiff": (saved("TIFF"), 6 + 3 * 3, 3),
    "tiff inks": (saved("TIFF", "CMYK"), 6 + 3 * 4, 3),
    "tiff grey 16": (saved("TIFF", "I;16"), 14 + 3 * 2, 3),
    "tiff palette": (saved("TIFF", "P"), 26, 3),
    "avif": (saved("AVIF", speed=10), 35, 3),
    "avif grey": (saved("AVIF", "L", speed=10), 35, 3),
    "avif full chroma": (saved("AVIF", speed=10, subsampling="4:4:4"), 50, 3),
    "avif with alpha": (saved("AVIF", "RGBA", speed=10), 40, 3),
    "avif animated": (saved("AVIF", frames=3, speed=10), 110, 11),
    "avif animated full chroma": (saved("AVIF", frames=3, speed=10, subsampling="4:4:4"), 160, 11),
    "avif animated with alpha": (saved("AVIF", "RGBA", frames=3, speed=10), 170, 11),
    "avif animated full chroma with alpha": (
        saved("AVIF", "RGBA", frames=3, speed=10, subsampling="4:4:4"),
        220,
        11,
    ),
    "bmp": (saved("BMP"), 6.5 * 3, 3),
    "bmp palette": (saved("BMP", "P"), 24, 3),
}


def needed_by(kind: str) -> int:
    data, bytes_a_pixel, files = WITH_FILE[kind]
    return round(SIZE[0] * SIZE[1] * bytes_a_pixel) + files * len(data)


@pytest.mark.parametrize("kind", WITH_FILE)
def test_the_file_and_its_copies_count_as_well(kind: str) -> None:
    data, needed = WITH_FILE[kind][0], needed_by(kind)
    watermark(data, limits=Limits(max_memory=needed))
    with pytest.raises(Refused, match="120 x 90 of this kind need") as refusal:
        watermark(data, limits=Limits(max_memory=needed - 1))
    assert refusal.value.code == "too-large"


def test_a_copy_at_a_different_quality_may_be_larger_than_the_file() -> None:
    data, recipe = WITH_FILE["jpeg 4:2:0"][0], Recipe(encoder=EncoderSettings(jpeg_quality=95))
    needed = needed_by("jpeg 4:2:0") + SIZE[0] * SIZE[1] * 3
    watermark(data, recipe, Limits(max_memory=needed))
    with pytest.raises(Refused, match="of this kind need"):
        watermark(data, recipe, Limits(max_memory=needed - 1))


@pytest.mark.parametrize("name", NAMES)
def test_every_format_states_its_need_before_pixels_are_decoded(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new format that forgets to would run a small function out of memory instead of handing over."""
    data = FILES[name]
    watermark(data, available=10_000_000)
    monkeypatch.setattr(Image.Image, "load", _decoded)
    with pytest.raises(NeedsMemoryError) as error:
        watermark(data, available=1_000)
    assert isinstance(error.value, MemoryError)
    assert error.value.available == 1_000 < error.value.needed


def _decoded(*_: object) -> None:
    raise AssertionError("pixels were decoded")


def test_pictures_beyond_the_limits_are_refused_by_every_check() -> None:
    data, needed = WITH_FILE["png"][0], needed_by("png")
    with pytest.raises(Refused, match="of this kind need"):
        watermark(data, limits=Limits(max_memory=needed - 1), available=needed - 2)


def test_the_default_is_what_the_larger_function_can_hold() -> None:
    assert Limits().max_memory == usable_memory(3008) == int(3008 * 1024 * 1024 * 0.7)
