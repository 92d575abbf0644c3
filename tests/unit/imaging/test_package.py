from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import zenoimg.imaging
from tests.drawn import pictures
from zenoimg.imaging import watermark

PHOTO = pictures.jpeg(pictures.photo((120, 90)))


def test_the_package_lists_its_public_names_before_any_is_used() -> None:
    assert set(zenoimg.imaging.__all__) <= set(dir(zenoimg.imaging))
    for name in zenoimg.imaging.__all__:
        assert getattr(zenoimg.imaging, name)
    with pytest.raises(AttributeError, match="no attribute 'watermarked'"):
        _ = zenoimg.imaging.watermarked


@pytest.mark.parametrize("kind", [bytearray, memoryview, lambda data: memoryview(b"-" + data)[1:]])
def test_all_types_of_bytes_are_accepted(kind: Any) -> None:
    assert watermark(kind(PHOTO)) == watermark(PHOTO)


@pytest.mark.parametrize("value", ["photo.jpg", Path("photo.jpg"), None, 7, [1, 2]])
def test_any_other_type_is_rejected_by_name(value: Any) -> None:
    with pytest.raises(TypeError, match=rf"bytes, bytearray or memoryview, not {type(value).__name__}; read a file"):
        watermark(value)
