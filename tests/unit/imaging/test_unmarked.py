"""Copies without a mark have the source's pixels and the metadata that the policy keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from itertools import pairwise

import pytest
from PIL import Image, ImageChops, ImageSequence

from tests.drawn import pictures
from tests.drawn.animations import moving_ball
from tests.drawn.ultra_hdr import UltraHdr, mpf_entries, pictures_in
from tests.unit.imaging.metadata.blocks import EXIF_CARRIERS, PHOTO, PREVIEW, XMP_CARRIERS, said
from tests.unit.imaging.metadata.carving import holds_none
from zenoimg.imaging import EncoderSettings, Limits, Recipe, Refused, Rights, WatermarkSpec, watermark
from zenoimg.pipeline.deployed_recipe import load, pack

UNMARKED = Recipe(None)
SIZE = (96, 64)


def still(kind: str, **options: object) -> Callable[[], bytes]:
    def made() -> bytes:
        encoded = BytesIO()
        pictures.photo(SIZE).save(encoded, kind, **options)
        return encoded.getvalue()

    return made


def animated(kind: str) -> Callable[[], bytes]:
    def made() -> bytes:
        first, *rest = moving_ball()
        encoded = BytesIO()
        first.save(encoded, kind, save_all=True, append_images=rest, duration=40, loop=2)
        return encoded.getvalue()

    return made


SOURCES = {
    "JPEG": still("JPEG", quality=70),
    "progressive JPEG": still("JPEG", progressive=True, restart_marker_rows=1),
    "PNG": still("PNG"),
    "WebP": still("WEBP", quality=60),
    "lossless WebP": still("WEBP", lossless=True),
    "TIFF": still("TIFF", compression="tiff_lzw"),
    "BMP": still("BMP"),
    "GIF": animated("GIF"),
    "APNG": animated("PNG"),
    "animated WebP": animated("WEBP"),
}


def shown(data: bytes) -> list[tuple[bytes, object]]:
    with Image.open(BytesIO(data)) as picture:
        return [
            (frame.convert("RGBA").tobytes(), frame.info.get("duration")) for frame in ImageSequence.Iterator(picture)
        ]


@pytest.mark.parametrize("name", SOURCES)
def test_the_pixels_are_those_of_the_source(name: str) -> None:
    data = SOURCES[name]()
    done = watermark(data, UNMARKED)
    assert (done.encoding, done.warnings) == ("copied", ())
    assert shown(done.data) == shown(data)
    assert abs(len(done.data) - len(data)) < 100, "nothing was re-encoded"
    assert (done.width, done.height) == Image.open(BytesIO(data)).size


def test_tables_and_scans_of_a_jpeg_are_kept_byte_for_byte() -> None:
    data = SOURCES["progressive JPEG"]()
    tables_at = data.index(b"\xff\xdb")
    assert watermark(data, UNMARKED).data.endswith(data[tables_at:])


def test_avif_is_re_encoded_with_a_warning() -> None:
    done = watermark(still("AVIF")(), UNMARKED)
    assert done.encoding == "copied"
    assert [warning for warning in done.warnings if "encoded again" in warning]


@pytest.mark.parametrize("carrier", XMP_CARRIERS)
def test_locations_are_removed_and_rights_written_as_in_marked_copies(carrier: str) -> None:
    data = XMP_CARRIERS[carrier](pictures.xmp('exif:GPSLatitude="48,51N" photoshop:City="Paris" dc:format="kept"'))
    rights = Rights(copyright="(c) Example")
    for policy, places in (("keep-no-location", False), ("keep-no-gps", True), ("keep", True)):
        text = said(watermark(data, Recipe(None, metadata=policy, rights=rights)).data)  # type: ignore[arg-type]
        assert (b"Paris" in text, b"48,51N" in text) == (places, policy == "keep")
        assert b"(c) Example" in text or carrier == "GIF"


@pytest.mark.parametrize("carrier", EXIF_CARRIERS)
def test_orientation_and_pixels_still_agree(carrier: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = EXIF_CARRIERS[carrier](exif.tobytes().removeprefix(b"Exif\0\0"))
    marked, copy = watermark(data), watermark(data, UNMARKED)
    assert (copy.width, copy.height) == (marked.width, marked.height)


@pytest.mark.parametrize("at", [b"\xff\xda", b"\xff\xd9"], ids=["in front of a later scan", "behind the last scan"])
@pytest.mark.parametrize("hidden", [b"\xff\xe5" + bytes((2 + len(PREVIEW) >> 8, 2 + len(PREVIEW) & 255)) + PREVIEW])
def test_segments_among_the_scans_of_a_jpeg_are_not_copied(at: bytes, hidden: bytes) -> None:
    plain = SOURCES["progressive JPEG"]()
    place = plain.rindex(at)
    done = watermark(plain[:place] + hidden + plain[place:], UNMARKED)
    assert PREVIEW[:40] not in done.data
    assert holds_none(done.data)
    assert [warning for warning in done.warnings if "encoded again" in warning]


def test_a_picture_after_the_image_data_of_a_png_is_not_copied() -> None:
    plain = still("PNG")()
    hidden = plain.replace(b"IEND", b"IEND")  # the end chunk stays the last one
    end = hidden.rindex(b"IEND") - 4
    data = hidden[:end] + pictures.chunk(b"IDAT", PREVIEW) + hidden[end:]
    done = watermark(data, UNMARKED)
    assert PREVIEW[:40] not in done.data
    assert shown(done.data) == shown(plain)


def test_a_gain_map_is_kept_unchanged() -> None:
    source = UltraHdr().data
    done = watermark(source, UNMARKED)
    first, gain_map = pictures_in(done.data)
    assert done.warnings == ()
    assert len(first) + len(gain_map) == len(done.data)
    assert gain_map == pictures_in(source)[1]
    assert all(start + length == after for (start, length), (after, _) in pairwise(mpf_entries(done.data)))
    assert len(watermark(source, replace(UNMARKED, hdr="drop")).data) < len(done.data) - len(gain_map) + 500


def test_limits_apply() -> None:
    for name, source in SOURCES.items():
        with pytest.raises(Refused, match="pixels"):
            watermark(source(), UNMARKED, Limits(max_pixels=100))
        assert name


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
def test_a_picture_without_room_for_a_mark_is_refused_or_copied(kind: str) -> None:
    encoded = BytesIO()
    Image.new("RGB", (6, 6), "red").save(encoded, kind)
    with pytest.raises(Refused) as refused:
        watermark(encoded.getvalue())
    assert refused.value.code == "too-small"
    done = watermark(encoded.getvalue(), Recipe(WatermarkSpec(too_small="copy")))
    assert (done.encoding, done.width, done.height) == ("copied", 6, 6)
    assert [warning for warning in done.warnings if "has no mark" in warning]
    large = watermark(still("JPEG")(), Recipe(WatermarkSpec(too_small="copy")))
    assert large.data == watermark(still("JPEG")()).data


def test_the_fingerprint_depends_only_on_what_changes_the_copy() -> None:
    assert UNMARKED.fingerprint != Recipe().fingerprint
    assert Recipe(None, metadata="keep").fingerprint != UNMARKED.fingerprint
    assert Recipe(WatermarkSpec(too_small="copy")).fingerprint != Recipe().fingerprint
    assert Recipe(WatermarkSpec(too_small="refuse")).fingerprint == Recipe().fingerprint


def test_an_unmarked_recipe_can_be_deployed() -> None:
    recipe = Recipe(None, metadata="keep", encoder=EncoderSettings(avif_quality=70))
    files = pack(recipe, Limits())
    assert load(files.__getitem__)[0] == recipe
    assert "font.ttf" not in files


def test_the_photo_of_these_tests_is_normally_marked() -> None:
    done = watermark(pictures.jpeg(PHOTO, []))
    assert done.encoding != "copied"


def test_a_tiny_page_stays_unmarked_next_to_marked_ones() -> None:
    page = pictures.photo((240, 180)).convert("RGB")
    tiny = page.resize((16, 16))
    encoded = BytesIO()
    page.save(encoded, "TIFF", save_all=True, append_images=[tiny, page])
    with pytest.raises(Refused, match="no room"):
        watermark(encoded.getvalue())
    done = watermark(encoded.getvalue(), Recipe(WatermarkSpec(too_small="copy")))
    pages = [each.convert("RGB") for each in ImageSequence.Iterator(Image.open(BytesIO(done.data)))]
    differ = [ImageChops.difference(*pair).getbbox() for pair in zip(pages, (page, tiny, page), strict=True)]
    assert [box is not None for box in differ] == [True, False, True]
    assert done.encoding != "copied"
    assert [warning for warning in done.warnings if "a page of 16 x 16 has no mark" in warning]


@pytest.mark.parametrize("mode", ["P", "RGB"])
@pytest.mark.parametrize("frames", [1, 2])
def test_a_picture_after_the_image_data_is_left_out_of_every_kind_of_png(mode: str, frames: int) -> None:
    page = pictures.photo(SIZE).convert("RGB")
    pages = [each.quantize(64) if mode == "P" else each for each in (page, page.rotate(180))][:frames]
    encoded = BytesIO()
    pages[0].save(encoded, "PNG", save_all=frames > 1, append_images=pages[1:], duration=40)
    plain = encoded.getvalue()
    at = plain.rindex(b"IEND") - 4
    if frames > 1:
        at = plain.index(b"fcTL", plain.index(b"IDAT")) - 4
    done = watermark(plain[:at] + pictures.chunk(b"IDAT", PREVIEW) + plain[at:], UNMARKED)
    assert PREVIEW[:40] not in done.data
    assert shown(done.data) == shown(plain)


def test_a_picture_among_the_frames_of_a_webp_is_not_copied() -> None:
    plain = animated("WEBP")()
    at = plain.rindex(b"ANMF")
    size = int.from_bytes(plain[at + 4 : at + 8], "little")
    preview = PREVIEW + bytes(len(PREVIEW) % 2)
    inner = at + 8 + 16  # the frame's own header is followed by a chunk of image data
    kept = int.from_bytes(plain[inner + 4 : inner + 8], "little")
    end = inner + 8 + kept
    assert end + kept % 2 == at + 8 + size + size % 2, "the frame has one chunk"
    image_data = plain[inner : inner + 4] + (kept + len(preview)).to_bytes(4, "little") + plain[inner + 8 : end]
    frame = plain[at + 8 : inner] + image_data + preview + bytes(kept % 2)
    data = plain[:at] + b"ANMF" + len(frame).to_bytes(4, "little") + frame + plain[at + 8 + size + size % 2 :]
    done = watermark(data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:], UNMARKED)
    assert PREVIEW[:40] not in done.data
    assert done.frames == len(shown(plain))
    assert [warning for warning in done.warnings if "encoded again" in warning]
