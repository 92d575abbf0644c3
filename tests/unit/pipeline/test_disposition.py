"""The file names suggested for copies whose format differs from their original's."""

from __future__ import annotations

import pytest

from zenoimg.pipeline.objects.disposition import disposition, file_name_of
from zenoimg.pipeline.objects.headers import HeaderRules, carry


@pytest.mark.parametrize(
    ("key", "copy", "source", "name"),
    [
        ("a/IMG_1.HEIC", "JPEG", "HEIF", "IMG_1.jpg"),
        ("a/IMG_1.hif", "PNG", "HEIF", "IMG_1.png"),
        ("IMG_1", "JPEG", "HEIF", "IMG_1.jpg"),
        ("v1.2", "JPEG", "HEIF", "v1.2.jpg"),
        ("IMG_1.jpeg", "JPEG", "HEIF", "IMG_1.jpeg"),
        (".heic", "JPEG", "HEIF", ".heic.jpg"),
        ("IMG_1.heic", "JPEG", None, "IMG_1.jpg"),
        ("IMG_1.heic", "JPEG", "JPEG", ""),
        ("IMG_1.heic", "HEIF", "HEIF", ""),
        ("IMG_1.jpg", "JPEG", "JPEG", ""),
        ("IMG_1.png", "JPEG", None, ""),
        ("IMG_1.heic", None, None, ""),
        ("IMG_1.heic", "image/unheard", None, ""),
    ],
)
def test_a_converted_copy_has_its_own_name(key: str, copy: str | None, source: str | None, name: str) -> None:
    assert file_name_of(key, copy, source) == name


@pytest.mark.parametrize(
    ("original", "name", "wanted"),
    [
        ("", "IMG_1.jpg", 'inline; filename="IMG_1.jpg"'),
        ("attachment", "IMG_1.jpg", 'attachment; filename="IMG_1.jpg"'),
        ('attachment; filename="sea.HEIC"', "IMG_1.jpg", 'attachment; filename="sea.jpg"'),
        ("attachment;filename=sea.heic", "IMG_1.png", 'attachment; filename="sea.png"'),
        ('inline; filename="the sea"', "IMG_1.jpg", 'inline; filename="the sea.jpg"'),
        (
            "attachment; filename=\"sea.heic\"; filename*=UTF-8''m%C3%A9r.heic",
            "IMG_1.jpg",
            "attachment; filename=\"m_r.jpg\"; filename*=UTF-8''m%C3%A9r.jpg",
        ),
        ("", "mér.jpg", "inline; filename=\"m_r.jpg\"; filename*=UTF-8''m%C3%A9r.jpg"),
        ("", 'a"b;\r\n.jpg', "inline; filename=\"a_b___.jpg\"; filename*=UTF-8''a%22b%3B%0D%0A.jpg"),
    ],
)
def test_the_originals_disposition_keeps_its_type_and_name_with_a_new_suffix(
    original: str, name: str, wanted: str
) -> None:
    assert disposition(original, name) == wanted


def test_only_copies_with_their_own_name_get_a_disposition() -> None:
    rules = HeaderRules(None, "keep")
    assert "ContentDisposition" not in carry({}, rules, {}).arguments
    assert carry({}, rules, {}, "a.jpg").arguments["ContentDisposition"] == 'inline; filename="a.jpg"'
    carried = carry({"ContentDisposition": 'attachment; filename="mér.heic"'}, rules, {}, "a.jpg")
    assert carried.arguments["ContentDisposition"] == 'inline; filename="a.jpg"'
    assert "not ASCII" in carried.warnings[0]
