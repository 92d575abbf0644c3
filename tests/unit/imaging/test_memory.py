"""What a picture needs to be worked on is known for its kind, and checked before its pixels are decoded."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest

from tests.drawn import pictures
from zenoimg.imaging import Limits, Refused, watermark

SIZE = (120, 90)


def saved(kind: str, mode: str = "RGB", frames: int = 1, **options: Any) -> bytes:
    moving = [
        pictures.photo((SIZE[0] + 2 * frames, SIZE[1])).crop((at, 0, SIZE[0] + at, SIZE[1])) for at in range(frames)
    ]
    encoded = BytesIO()
    first, *others = (picture.convert(mode) for picture in moving)
    if mode == "LA":
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
    "avif": (saved("AVIF", speed=10), 35),
    "avif, grey": (saved("AVIF", "L", speed=10), 35),
    "avif, full chroma": (saved("AVIF", speed=10, subsampling="4:4:4"), 50),
    "avif, animated": (saved("AVIF", frames=3, speed=10), 90),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_that_needs_more_memory_than_given_is_refused(kind: str) -> None:
    data, bytes_a_pixel = KINDS[kind]
    needed = SIZE[0] * SIZE[1] * bytes_a_pixel
    watermark(data, limits=Limits(max_memory=needed))
    with pytest.raises(Refused, match=r"120 x 90 of this kind need .* GB of memory") as refusal:
        watermark(data, limits=Limits(max_memory=needed - 1))
    assert refusal.value.code == "too-large"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "BMP"])
def test_what_needs_little_memory_has_no_such_bound(kind: str) -> None:
    assert watermark(saved(kind), limits=Limits(max_memory=1)).width == SIZE[0]
