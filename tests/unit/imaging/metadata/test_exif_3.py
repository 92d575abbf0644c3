"""Text of EXIF 3.0 (field type 129, UTF-8) is kept, stated and removed like any other text."""

from __future__ import annotations

from typing import Any

import pytest

from tests.drawn.tiffs import Sheet, tiff
from tests.unit.imaging.metadata import blocks
from tests.unit.imaging.metadata.blocks import EXIF_CARRIERS, PHOTO
from zenoimg.imaging import Recipe, watermark
from zenoimg.imaging.metadata.policy import Rights
from zenoimg.imaging.metadata.tiff_block import Directory, tiff_structure

NAME, NOTICE = "Zoë Müller".encode() + b"\0", "© Zoë, all rights reserved".encode() + b"\0"
UTF8 = 129
"""The field type of text in EXIF 3.0."""
OURS = Rights(copyright="ours")
IN_UTF8: Directory = {0x0112: (3, 1, b"\0\6"), 0x013B: (UTF8, len(NAME), NAME), 0x8298: (UTF8, len(NOTICE), NOTICE)}


@pytest.mark.parametrize("policy", ["keep", "keep-no-gps", "keep-no-location"])
@pytest.mark.parametrize("carrier", ["JPEG", "PNG", "WebP", "AVIF"])
def test_text_of_exif_3_is_kept_unchanged(carrier: str, policy: Any) -> None:
    orientation = 6 if carrier in ("JPEG", "PNG") else 1  # WebP's pixels are rotated, AVIF has irot
    block = tiff_structure({**IN_UTF8, 0x0112: (3, 1, bytes((0, orientation)))})
    done = watermark(EXIF_CARRIERS[carrier](block), Recipe(rights=OURS, metadata=policy))
    assert block in done.data
    assert b"ours" not in done.data
    assert done.warnings == ()


@pytest.mark.parametrize("carrier", ["JPEG", "PNG", "WebP", "AVIF"])
def test_rights_of_exif_3_are_kept_when_metadata_is_stripped(carrier: str) -> None:
    done = watermark(EXIF_CARRIERS[carrier](tiff_structure(IN_UTF8)), Recipe(metadata="strip"))
    assert NAME in done.data
    assert NOTICE in done.data


@pytest.mark.parametrize("policy", ["keep", "keep-no-location", "strip"])
@pytest.mark.parametrize("big", [False, True])
def test_rights_of_exif_3_in_a_tiff_become_text_that_all_readers_accept(big: bool, policy: Any) -> None:
    sheet = Sheet(blocks.SIZE, list(PHOTO.convert("L").tobytes()), tags={315: (UTF8, NAME), 33432: (UTF8, NOTICE)})
    done = watermark(tiff(sheet, big=big), Recipe(rights=OURS, metadata=policy))
    tags = blocks.decoded(done.data).getexif()
    assert [tags[tag].encode("latin-1") + b"\0" for tag in (0x013B, 0x8298)] == [NAME, NOTICE]
    assert done.warnings == ()


def test_text_of_exif_3_with_a_location_is_removed() -> None:
    place = b"Zeughausgasse 12, Musterstadt\0"
    gps: Directory = {0x1B: (UTF8, len(place), place)}
    done = watermark(EXIF_CARRIERS["JPEG"](tiff_structure({34853: gps})), Recipe(metadata="keep-no-gps"))
    assert b"Musterstadt" not in done.data
