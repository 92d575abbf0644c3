"""HEIFs that pillow-heif encodes, the extra that decodes them as well; and changes of their boxes."""

from __future__ import annotations

import struct
from importlib.util import find_spec
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

IS_THERE = find_spec("pillow_heif") is not None
needs_heic = pytest.mark.skipif(not IS_THERE, reason="needs the extra heic")


def encoded(picture: Image.Image, *others: Image.Image, chroma: int = 420, **options: Any) -> bytes:
    """Encode pictures, the first one as the primary one."""
    import pillow_heif

    file, *rest = [pillow_heif.from_pillow(each) for each in (picture, *others)]
    encoded = BytesIO()
    options = {
        "quality": 90,
        "enc_params": {"preset": "ultrafast"},
        "append_images": [image for each in rest for image in each],
        **options,
    }
    file.save(encoded, chroma=chroma, **options)
    return encoded.getvalue()


def decoded(data: bytes) -> Image.Image:
    """Decode the primary picture as pillow-heif does."""
    import pillow_heif

    picture: Image.Image = pillow_heif.open_heif(data).to_pillow()
    return picture


def with_size(data: bytes, width: int, height: int) -> bytes:
    """Return a file whose boxes say another size of every picture."""
    copy, at = bytearray(data), data.find(b"ispe")
    while at >= 0:
        struct.pack_into(">II", copy, at + 8, width, height)
        at = data.find(b"ispe", at + 4)
    return bytes(copy)
