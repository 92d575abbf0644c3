from __future__ import annotations

import hashlib
import struct
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from tests.drawn import pictures
from tests.drawn.pictures import MAKER_NOTE, exif, exif_segment, xmp, xmp_segment
from tests.unit.imaging.jpeg.jpeg_cases import SMALL, THUMBNAIL, marked, payloads
from zenoimg.imaging import Watermarked, watermark
from zenoimg.imaging.recipe import MetadataPolicy


def exif_of(done: Watermarked) -> Image.Exif:
    return Image.open(BytesIO(done.data)).getexif()


@pytest.mark.parametrize("order", "<>")
def test_location_and_thumbnail_are_removed_from_exif_and_nothing_else_moves(order: str) -> None:
    block = exif(6, gps=True, maker_note=True, thumbnail=THUMBNAIL, order=order)
    done = marked(exif_segment(block))
    (kept,) = payloads(done, 0xE1, b"Exif\0\0")
    found = exif_of(done)
    assert (found[0x010F], found[0x0112]) == ("Zeno Optics", 6)
    assert 0x8825 not in found
    assert found.get_ifd(0x8769)[0x9003] == "2025:06:12 15:25:14"
    assert kept.index(MAKER_NOTE) == block.index(MAKER_NOTE)
    assert struct.pack(order + "6I", 48, 1, 51, 1, 24, 1) not in kept
    assert THUMBNAIL[:16] not in kept
    assert len(kept) < len(block) - len(THUMBNAIL)
    assert done.warnings == ()


def test_the_policy_may_keep_the_location_and_the_thumbnail_is_removed_all_the_same() -> None:
    done = marked(exif_segment(exif(gps=True, thumbnail=THUMBNAIL)), policy="keep")
    assert exif_of(done).get_ifd(0x8825) == {1: "N", 2: (48.0, 51.0, 24.0)}
    assert THUMBNAIL[:16] not in payloads(done, 0xE1)[0]


def test_exif_without_location_and_thumbnail_is_kept_byte_for_byte() -> None:
    block = exif(3, maker_note=True)
    assert payloads(marked(exif_segment(block)), 0xE1, b"Exif\0\0") == [block]


@pytest.mark.parametrize("damage", [b"", b"II*\0", b"II*\0\xff\xff\xff\0", b"no TIFF at all", exif(gps=True)[:60]])
def test_unreadable_exif_is_left_out_and_reported(damage: bytes) -> None:
    done = marked(exif_segment(damage))
    assert payloads(done, 0xE1) == []
    assert len(done.warnings) == 1
    assert done.warnings[0].startswith("EXIF is damaged")


def test_the_orientation_of_damaged_exif_is_kept() -> None:
    block = exif(6)
    done = marked(exif_segment(block[: block.index(b"Zeno Optics")].replace(b"\x69\x87\4\0\1", b"\x69\x87\7\0\1")))
    assert exif_of(done)[0x0112] == 6
    assert (done.width, done.height) == (64, 96)


def test_exif_longer_than_one_segment_is_kept_in_several() -> None:
    block = exif(6, gps=True) + bytes(range(256)) * 300
    parts = [block[:65_000], block[65_000:]]
    done = marked(*[exif_segment(part) for part in parts])
    kept = payloads(done, 0xE1, b"Exif\0\0")
    assert len(kept) == 2
    assert b"".join(kept)[-76_800:] == bytes(range(256)) * 300
    assert done.warnings == ()


def test_a_gps_pointer_into_the_first_directory_does_not_destroy_it() -> None:
    block = bytearray(exif(6, gps=True))
    at = block.index(b"\x25\x88\4\0") + 8
    block[at : at + 4] = struct.pack("<I", 8)
    done = marked(exif_segment(bytes(block)))
    assert exif_of(done)[0x0112] == 6
    assert 0x8825 not in exif_of(done)


def test_strip_keeps_only_colour_orientation_and_rights() -> None:
    profile = pictures.icc_profile()
    done = marked(
        exif_segment(exif(8, gps=True, maker_note=True)),
        xmp_segment(xmp()),
        pictures.icc_segment(profile),
        pictures.photoshop_segment(pictures.resource(0x0404, pictures.iptc((80, b"A. Author")))),
        (0xFE, b"a comment"),
        (0xE7, b"unknown"),
        policy="strip",
    )
    assert [marker for marker, _ in pictures.jpeg_segments(done.data) if 0xE0 <= marker <= 0xFE] == [
        *(0xE0, 0xE1, 0xE2, 0xED),
    ]
    assert payloads(done, 0xED, b"Photoshop 3.0\0") == [pictures.resource(0x0404, pictures.iptc((80, b"A. Author")))]
    assert dict(exif_of(done)) == {0x0112: 8}
    assert Image.open(BytesIO(done.data)).info["icc_profile"] == profile
    assert (done.width, done.height) == (64, 96)


@pytest.mark.parametrize("policy", ["keep", "keep-no-location"])
def test_metadata_without_locations_is_kept_byte_for_byte(policy: MetadataPolicy) -> None:
    segments = [
        xmp_segment(xmp()),
        pictures.icc_segment(pictures.icc_profile()),
        pictures.photoshop_segment(pictures.resource(0x0404, pictures.iptc((80, b"A. Author"), (116, b"(c)")))),
        (0xFE, b"a comment"),
        (0xE7, b"unknown"),
    ]
    kept = pictures.jpeg_segments(marked(*segments, policy=policy).data)
    assert kept[0][0] == 0xE0
    assert kept[1 : 1 + len(segments)] == segments


def test_density_is_kept_and_the_jfif_thumbnail_removed() -> None:
    data = pictures.jpeg(SMALL, dpi=(300, 200))
    thumbnail = struct.pack(">BBH", 0xFF, 0xE0, 16 + 3 * 4) + data[6:18] + b"\2\2" + bytes(12)
    done = watermark(data[:2] + thumbnail + data[20:])
    assert Image.open(BytesIO(done.data)).info["dpi"] == (300, 200)
    assert payloads(done, 0xE0) == [data[6:18] + b"\0\0"]


def test_locations_are_removed_from_iptc_and_its_digest_is_updated() -> None:
    datasets = [(80, b"A. Author"), (90, b"Paris"), (101, b"France"), (92, b"Louvre"), (120, b"a caption")]
    resources = pictures.resource(0x0404, pictures.iptc(*datasets))
    resources += pictures.resource(0x0425, hashlib.md5(pictures.iptc(*datasets)).digest())
    resources += pictures.resource(0x03ED, b"resolution!") + pictures.resource(0x040C, THUMBNAIL)
    done = marked(pictures.photoshop_segment(resources))
    (kept,) = payloads(done, 0xED, b"Photoshop 3.0\0")
    left = pictures.iptc((80, b"A. Author"), (120, b"a caption"))
    assert kept == (
        pictures.resource(0x0404, left)
        + pictures.resource(0x0425, hashlib.md5(left).digest())
        + pictures.resource(0x03ED, b"resolution!")
    )
    (untouched,) = payloads(marked(pictures.photoshop_segment(resources), policy="keep"), 0xED, b"Photoshop 3.0\0")
    assert untouched == resources[: -len(pictures.resource(0x040C, THUMBNAIL))]


def test_photoshop_resources_in_several_segments_are_kept() -> None:
    resources = pictures.resource(0x0404, pictures.iptc((80, b"A. Author"))) + pictures.resource(0x0BB7, bytes(90_000))
    done = marked(pictures.photoshop_segment(resources[:50_000]), pictures.photoshop_segment(resources[50_000:]))
    assert b"".join(payloads(done, 0xED, b"Photoshop 3.0\0")) == resources


def test_the_location_in_exif_inside_photoshop_data_is_removed() -> None:
    done = marked(pictures.photoshop_segment(pictures.resource(0x0422, exif(gps=True))))
    assert b"\x25\x88" not in payloads(done, 0xED)[0]


@pytest.mark.parametrize(
    "resources", [b"8BIM", b"garbage and more of it", pictures.resource(0x0404, b"\x1c\2\x50\0\xff")]
)
def test_unreadable_photoshop_data_is_left_out_and_reported(resources: bytes) -> None:
    done = marked(pictures.photoshop_segment(resources))
    assert payloads(done, 0xED) == []
    assert "IPTC data are damaged" in done.warnings[0]


def test_pictures_inside_segments_are_left_out_and_reported() -> None:
    done = marked((0xE4, b"preview" + THUMBNAIL), (0xEB, b"JP\0\1jumbf"))
    assert payloads(done, 0xE4) == payloads(done, 0xEB) == []
    assert done.warnings == (
        "a picture inside segment APP4 was left out",
        "Content Credentials vouch for the unmarked picture and were left out",
    )


def test_further_pictures_are_reported_and_their_directory_removed() -> None:
    done = marked((0xE2, b"MPF\0II*\0\x08\0\0\0"), behind=THUMBNAIL + THUMBNAIL)
    assert payloads(done, 0xE2) == []
    assert done.warnings == ("the first picture of the file (MPO) was kept, 2 more pictures left out",)
    assert done.data.endswith(b"\xff\xd9")
    assert done.data.count(b"\xff\xd8\xff") == 1


def test_an_unknown_gain_map_is_reported_and_its_declarations_removed() -> None:
    gain_map = pictures.jpeg(pictures.photo((24, 16), "L"), [xmp_segment(xmp('hdrgm:Version="1.0"'))])
    done = marked(xmp_segment(xmp('hdrgm:Version="1.0" dc:format="x"')), behind=gain_map)
    (kept,) = payloads(done, 0xE1, b"http://ns.adobe.com/xap/1.0/\0")
    assert b"hdrgm:Version" not in kept
    assert b'dc:format="x"' in kept
    (warning,) = done.warnings
    assert warning == "the HDR gain map was left out (its XMP has no GainMapMax): the copy shows in standard range"


@pytest.mark.parametrize(
    ("behind", "named"),
    [
        (b"\0\0\0\x18ftypmp42" + bytes(500), "the video of a motion photo (512 bytes) was left out"),
        (b"SEFHk\0\0\0", "other data behind the picture (8 bytes) was left out"),
    ],
)
def test_other_data_after_the_picture_is_reported(behind: bytes, named: str) -> None:
    assert marked(behind=behind).warnings == (named,)


def test_padding_after_the_picture_is_not_reported() -> None:
    assert marked(behind=b"\0" * 100 + b"\r\n").warnings == ()


MATRIX: list[dict[str, Any]] = [
    {"mode": mode, "orientation": orientation, "progressive": progressive}
    for mode in ("L", "RGB", "CMYK")
    for orientation in (1, 3, 6)
    for progressive in (False, True)
]


@pytest.mark.parametrize("case", MATRIX, ids=lambda case: "-".join(str(value) for value in case.values()))
def test_metadata_survives_in_every_mode_and_orientation(case: dict[str, Any]) -> None:
    profile = pictures.icc_profile()
    segments = [
        exif_segment(exif(case["orientation"], gps=True, maker_note=True)),
        xmp_segment(xmp()),
        pictures.icc_segment(profile),
        pictures.photoshop_segment(pictures.resource(0x0404, pictures.iptc((80, b"A. Author")))),
        (0xFE, b"a comment"),
    ]
    source = pictures.photo((96, 64), case["mode"])
    done = watermark(pictures.jpeg(source, segments, progressive=case["progressive"]))
    after = Image.open(BytesIO(done.data))
    assert after.mode == case["mode"]
    assert after.getexif()[0x0112] == case["orientation"]
    assert after.getexif().get_ifd(0x8769)[0x927C] == MAKER_NOTE
    assert after.info["icc_profile"] == profile
    assert after.info["comment"] == b"a comment"
    assert after.info["xmp"] == xmp()
    assert b"A. Author" in after.info["photoshop"][0x0404]
    unused = "the colour profile cannot be used: it is for RGB pixels; the mark is drawn as without one"
    assert done.warnings == ((unused,) if case["mode"] == "CMYK" else ())
