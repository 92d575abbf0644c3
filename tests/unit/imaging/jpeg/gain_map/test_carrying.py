"""What happens to a source's gain map, and what its copy declares."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image

from tests.drawn import pictures
from tests.drawn.pictures import jpeg_segments, photo, xmp_segment
from tests.drawn.ultra_hdr import (
    ISO,
    ISO_VERSION,
    Gain,
    UltraHdr,
    apple_segment,
    directory_in_xmp,
    iso_segment,
    mpf_entries,
    pictures_in,
    smooth_map,
    xmp_gain_segment,
)
from zenoimg.imaging import EncoderSettings, Limits, Recipe, Refused, Watermarked, WatermarkSpec, watermark
from zenoimg.imaging.formats.jpeg.coefficients import editor
from zenoimg.imaging.formats.jpeg.stream import MAX_PAYLOAD

OPAQUE = Recipe(WatermarkSpec(opacity=1.0))
ISO_VERSION_SEGMENT = (0xE2, ISO_VERSION)
MAP_BYTES = len(UltraHdr(about=(xmp_gain_segment(Gain()),)).map_bytes)
KINDS = {
    "ISO, libultrahdr": UltraHdr(),
    "ISO, one denominator": UltraHdr(about=(iso_segment(Gain(), common_denominator=True),)),
    "ISO, sharp": UltraHdr(mpf_before=0xC4),
    "ISO, MPF before the scan": UltraHdr(mpf_before=0xDA),
    "XMP, Pixel": UltraHdr(declaring=(directory_in_xmp(MAP_BYTES),), about=(xmp_gain_segment(Gain()),), order="<"),
    "XMP, Camera Raw": UltraHdr(
        declaring=(xmp_gain_segment(Gain()),), about=(xmp_gain_segment(Gain(), as_lists=True),)
    ),
    "XMP, three channels": UltraHdr(
        gain_map=smooth_map((80, 60), 3),
        declaring=(xmp_gain_segment(Gain()),),
        about=(xmp_gain_segment(Gain(*[(number,) * 3 for number in (-1.0, 2.5, 0.8, 0.01, 0.02)]), as_lists=True),),
    ),
    "ISO and XMP": UltraHdr(
        declaring=(ISO_VERSION_SEGMENT, directory_in_xmp(MAP_BYTES)),
        about=(iso_segment(Gain()), xmp_gain_segment(Gain())),
    ),
    "Apple": UltraHdr(declaring=(), about=(apple_segment(),)),
    "progressive": UltraHdr(progressive=True),
    "wrong directory": UltraHdr(stale=781),
    "no directory": UltraHdr(mpf=False),
}


def map_of(done: Watermarked) -> bytes:
    return pictures_in(done.data)[1]


def grey(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data)).convert("L")


@pytest.mark.parametrize("kind", KINDS)
def test_the_copy_has_the_map_and_declares_its_position(kind: str) -> None:
    source = KINDS[kind]
    done = watermark(source.data, OPAQUE)
    assert done.warnings == ()
    picture, gain_map = pictures_in(done.data)
    assert done.data == picture + gain_map
    assert [picture[-2:], gain_map[:3], gain_map[-2:]] == [b"\xff\xd9", b"\xff\xd8\xff", b"\xff\xd9"]
    assert jpeg_segments(gain_map) == jpeg_segments(source.map_bytes)
    assert done.encoding == "coefficients"


@pytest.mark.parametrize("kind", KINDS)
def test_codes_change_only_under_the_mark(kind: str) -> None:
    source = KINDS[kind]
    before, after = grey(source.map_bytes), grey(map_of(watermark(source.data, OPAQUE)))
    changed = [
        (x, y)
        for y in range(before.height)
        for x in range(before.width)
        if before.getpixel((x, y)) != after.getpixel((x, y))
    ]
    assert changed
    assert min(x for x, _ in changed) >= 40
    assert min(y for _, y in changed) >= 32


@pytest.mark.parametrize("quality", ["source", 80])
@pytest.mark.parametrize("kind", KINDS)
def test_the_directory_is_the_last_segment_before_the_scan(kind: str, quality: int) -> None:
    done = watermark(KINDS[kind].data, replace(OPAQUE, encoder=EncoderSettings(jpeg_quality=quality)))
    at = [payload.startswith(b"MPF\0") for _, payload in jpeg_segments(done.data)]
    assert at == [False] * (len(at) - 1) + [True]


@pytest.mark.parametrize("kind", KINDS)
def test_a_later_edit_before_the_tables_moves_directory_and_map_alike(kind: str) -> None:
    done = watermark(KINDS[kind].data, OPAQUE)
    gain_map, tables = map_of(done), done.data.index(b"\xff\xdb")
    for comment in (b"", b"edited later"):
        segment = b"\xff\xfe" + (2 + len(comment)).to_bytes(2, "big") + comment
        edited = done.data[:tables] + segment + done.data[tables:]
        assert pictures_in(edited)[1] == gain_map


@pytest.mark.parametrize("kind", ["ISO, libultrahdr", "ISO, sharp", "ISO and XMP", "wrong directory", "no directory"])
def test_iso_is_declared_before_the_directory(kind: str) -> None:
    payloads = [payload for _, payload in jpeg_segments(watermark(KINDS[kind].data, OPAQUE).data)]
    (version,) = [index for index, payload in enumerate(payloads) if payload == ISO_VERSION]
    (directory,) = [index for index, payload in enumerate(payloads) if payload.startswith(b"MPF\0")]
    assert version < directory


def test_the_directory_in_xmp_has_the_length_of_the_map() -> None:
    done = watermark(KINDS["XMP, Pixel"].data, OPAQUE)
    (packet,) = [payload for marker, payload in jpeg_segments(done.data) if marker == 0xE1]
    assert packet.count(b"Container:Item ") == 2
    assert f'Item:Length="{len(map_of(done))}"'.encode() in packet
    assert b'hdrgm:Version="1.0"' in packet


def test_byte_order_and_attributes_of_the_directory_are_those_of_the_source() -> None:
    for kind, order in (("XMP, Pixel", b"MPF\0II*\0"), ("ISO, libultrahdr", b"MPF\0MM\0*")):
        assert order in watermark(KINDS[kind].data, OPAQUE).data


def test_a_third_picture_is_removed_with_its_declarations() -> None:
    depth = pictures.jpeg(photo((32, 24), "L"))
    item = '<rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="Depth" Item:Mime="image/jpeg"/></rdf:li>'
    source = replace(KINDS["XMP, Pixel"], between=(depth,), declaring=(directory_in_xmp(MAP_BYTES, more=item),))
    assert len(mpf_entries(source.data)) == 3
    done = watermark(source.data, OPAQUE)
    assert done.warnings == ("the first picture of the file (MPO) was kept, 1 more picture left out",)
    assert len(mpf_entries(done.data)) == 2
    assert b"Depth" not in done.data
    assert done.data.count(b"\xff\xd8\xff") == 2


def test_the_video_of_a_motion_photo_is_removed_and_the_map_kept() -> None:
    declaring = xmp_gain_segment(Gain(), more=' GCamera:MotionPhoto="1" GCamera:MotionPhotoVersion="1"')
    source = UltraHdr(declaring=(declaring,), about=(xmp_gain_segment(Gain()),))
    done = watermark(source.data + b"\0\0\0\x18ftypmp42" + bytes(500), OPAQUE)
    assert done.warnings == ("the video of a motion photo (512 bytes) was left out",)
    assert b"MotionPhoto" not in done.data
    assert len(pictures_in(done.data)) == 2


def test_the_declaration_of_a_missing_map_is_removed() -> None:
    done = watermark(pictures.jpeg(photo((320, 240)), [directory_in_xmp(62_570)]), OPAQUE)
    assert done.warnings == ("the file declares an HDR gain map that it does not hold; the copy does not declare one",)
    assert b"hdrgm:Version=" not in done.data
    assert b"Container:Item" not in done.data


@pytest.mark.parametrize("recipe", [replace(OPAQUE, hdr="drop"), replace(OPAQUE, metadata="strip")])
def test_a_recipe_can_drop_the_map(recipe: Recipe) -> None:
    for source in KINDS.values():
        done = watermark(source.data, recipe)
        assert done.warnings == (
            "the HDR gain map was left out (the recipe drops it): the copy shows in standard range",
        )
        assert done.data.count(b"\xff\xd8\xff") == 1
        assert ISO not in done.data
        assert b"MPF\0" not in done.data
        assert b"hdrgm:" not in done.data


UNKNOWN = {
    "no code of it means a gain of 1, which the mark needs": iso_segment(Gain(low=(0.5,))),
    "the picture itself is HDR, and the map leads to SDR": xmp_gain_segment(
        Gain(), more=' hdrgm:BaseRenditionIsHDR="True"'
    ),
    "its ISO 21496-1 metadata are damaged": (0xE2, iso_segment(Gain())[1][:60]),
    "ISO 21496-1 version 1 is not known": (0xE2, ISO + b"\0\1" + iso_segment(Gain())[1][len(ISO) + 2 :]),
    "its metadata have more channels than it": iso_segment(Gain(*[(1.0 * number,) * 3 for number in (0, 2, 1, 0, 0)])),
    "its XMP has no GainMapMax": xmp_segment(pictures.xmp('hdrgm:Version="1.0"')),
    "its XMP has a Gamma that is not a number": xmp_segment(
        pictures.xmp('hdrgm:Version="1.0" hdrgm:GainMapMax="2" hdrgm:Gamma="one"')
    ),
    "its metadata are not those of a gain map": iso_segment(Gain(gamma=(0.0,))),
}


@pytest.mark.parametrize("why", UNKNOWN)
def test_a_map_that_cannot_be_kept_is_left_out_and_reported(why: str) -> None:
    done = watermark(UltraHdr(about=(UNKNOWN[why],)).data, OPAQUE)
    assert done.warnings == (f"the HDR gain map was left out ({why}): the copy shows in standard range",)
    assert done.data.count(b"\xff\xd8\xff") == 1
    assert ISO not in done.data


def test_a_map_whose_declaration_does_not_fit_into_xmp_is_left_out_and_reported() -> None:
    about = f' hdrgm:Version="1.0" dc:source="{"x" * 60_000}"'
    declaring = xmp_segment(pictures.xmp(about))
    room = MAX_PAYLOAD - len(declaring[1])
    declaring = xmp_segment(pictures.xmp(about[:-1] + "x" * room + '"'))
    done = watermark(UltraHdr(declaring=(declaring,), about=(xmp_gain_segment(Gain()),)).data, OPAQUE)
    assert done.warnings == (
        "the HDR gain map was left out (the XMP packet has no room for the map's declaration): "
        "the copy shows in standard range",
    )
    assert done.data.count(b"\xff\xd8\xff") == 1
    assert b"hdrgm:Version" not in done.data


def test_a_damaged_map_is_left_out_and_reported() -> None:
    data = UltraHdr().data
    scan = data.rindex(b"\xff\xda")
    done = watermark(data[: scan + 14] + b"\xff\xd9", OPAQUE)
    assert done.warnings == ("the HDR gain map was left out (it is damaged): the copy shows in standard range",)
    assert done.data.count(b"\xff\xd8\xff") == 1
    assert ISO not in done.data


@pytest.mark.parametrize("quality", ["source", 80])
def test_without_the_library_the_map_is_re_encoded_with_its_own_tables(
    quality: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(editor, "bundled_libjpeg", lambda: None)
    source = UltraHdr(map_quality=77)
    done = watermark(source.data, replace(OPAQUE, encoder=EncoderSettings(jpeg_quality=quality)))
    assert "the HDR gain map was decoded and encoded again, with its own tables" in done.warnings
    assert done.encoding == "pixels"
    tables = [
        [payload for marker, payload in jpeg_segments(data) if marker == 0xDB]
        for data in (map_of(done), source.map_bytes)
    ]
    assert tables[0] == tables[1]


def test_a_re_encoded_picture_keeps_its_map_by_coefficients() -> None:
    done = watermark(UltraHdr().data, replace(OPAQUE, encoder=EncoderSettings(jpeg_quality=80)))
    assert (done.encoding, done.warnings) == ("pixels", ())
    assert len(pictures_in(done.data)) == 2


def test_the_mark_is_in_the_same_corner_of_a_rotated_map() -> None:
    turned = pictures.exif_segment(pictures.exif(6))
    done = watermark(UltraHdr(declaring=(turned, ISO_VERSION_SEGMENT)).data, OPAQUE)
    assert (done.width, done.height) == (240, 320)
    before, after = grey(UltraHdr().map_bytes), grey(map_of(done))
    # Shown upright, the mark is at the bottom right, which is the top right of the stored picture.
    assert after.crop((64, 0, 80, 16)).tobytes() != before.crop((64, 0, 80, 16)).tobytes()
    assert after.crop((0, 40, 80, 60)).tobytes() == before.crop((0, 40, 80, 60)).tobytes()


def test_the_recipes_choice_is_part_of_its_fingerprint() -> None:
    assert replace(OPAQUE, hdr="drop").fingerprint != OPAQUE.fingerprint


def test_the_memory_for_a_map_is_checked_before_it_is_allocated() -> None:
    tiled = replace(OPAQUE, watermark=WatermarkSpec(position="tile"))
    source = UltraHdr(picture=photo((1600, 1200)), gain_map=smooth_map((1600, 1200), 3)).data
    enough = Limits(max_memory=80_000_000)
    assert watermark(source, OPAQUE, enough).warnings == ()
    with pytest.raises(Refused, match=r"need 0\.1 GB of memory"):
        watermark(source, tiled, enough)
    assert watermark(source, replace(tiled, hdr="drop"), enough).format == "JPEG"


def test_the_first_description_is_the_one_that_declares_the_map() -> None:
    done = watermark(KINDS["XMP, Pixel"].data, OPAQUE)
    (packet,) = [payload for marker, payload in jpeg_segments(done.data) if marker == 0xE1]
    first = packet[packet.index(b"<rdf:Description") :]
    assert b'hdrgm:Version="1.0"' in first[: first.index(b">")]
