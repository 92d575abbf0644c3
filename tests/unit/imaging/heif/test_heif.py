"""HEIFs are converted to JPEG, or to PNG if there is alpha."""

from __future__ import annotations

import hashlib
import struct
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageCms

from tests.drawn import heifs, pictures
from tests.drawn.animations import outside, psnr
from tests.drawn.heifs import needs_heic
from zenoimg.imaging import EncoderSettings, Limits, Recipe, Refused, Watermarked, watermark
from zenoimg.imaging.errors import NeedsMemoryError
from zenoimg.imaging.formats.heif import header as heif_header
from zenoimg.imaging.formats.heif.header import read_header
from zenoimg.imaging.formats.heif.writer import BECAME_JPEG, BECAME_PNG
from zenoimg.imaging.formats.jpeg.encoding import sampling_name
from zenoimg.imaging.formats.jpeg.stream import read_stream
from zenoimg.imaging.marking.mark import overlay_for
from zenoimg.imaging.recipe import WatermarkSpec

pytestmark = needs_heic

SIZE = (320, 240)


def opened(done: Watermarked) -> Image.Image:
    picture = Image.open(BytesIO(done.data))
    picture.load()
    return picture


def mark_box(size: tuple[int, int] = SIZE) -> tuple[int, int, int, int]:
    return overlay_for(WatermarkSpec(), size, 1).boxes[0]


def assert_marked(done: Watermarked, source: bytes, decibels: float = 34) -> None:
    before, after = heifs.decoded(source), opened(done)
    assert after.size == before.size == (done.width, done.height)
    before, after = before.convert("RGB"), after.convert("RGB")
    box = mark_box(before.size)
    assert psnr(outside(before, box), outside(after, box)) > decibels
    assert psnr(before.crop(box), after.crop(box)) < 25


@pytest.mark.parametrize(
    ("mode", "chroma", "sampling"),
    [("RGB", 420, "4:2:0"), ("RGB", 422, "4:2:2"), ("RGB", 444, "4:4:4"), ("L", 420, "")],
)
def test_the_copy_is_a_jpeg_with_the_sampling_of_its_source(mode: str, chroma: int, sampling: str) -> None:
    data = heifs.encoded(pictures.photo(SIZE, mode), chroma=chroma)
    done = watermark(data)
    assert (done.format, done.content_type, done.frames, done.encoding) == ("JPEG", "image/jpeg", 1, "pixels")
    assert done.warnings == (BECAME_JPEG,)
    assert_marked(done, data)
    assert opened(done).mode == mode
    if sampling:
        assert sampling_name(read_stream(done.data)) == sampling


def test_the_quality_comes_from_the_recipe() -> None:
    data = heifs.encoded(pictures.photo(SIZE))
    usual, coarse = watermark(data), watermark(data, Recipe(encoder=EncoderSettings(heic_jpeg_quality=40)))
    assert len(coarse.data) < len(usual.data) / 2
    assert usual == watermark(data)


def test_a_grid_of_tiles_is_one_picture() -> None:
    data = heifs.encoded(pictures.photo((300, 200)), tile_size=64)
    assert len(read_header(data).coded) == 20
    assert_marked(watermark(data), data)


@pytest.mark.parametrize("orientation", range(2, 9))
def test_pixels_are_rotated_and_the_copy_states_orientation_1(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, "A maker"
    data = heifs.encoded(pictures.photo(SIZE), exif=exif.tobytes())
    assert read_header(data).size == (SIZE if orientation < 5 else SIZE[::-1])
    done = watermark(data)
    assert_marked(done, data)
    kept = opened(done).getexif()
    assert (kept[0x0112], kept[0x010F]) == (1, "A maker")


def test_an_exif_orientation_without_a_property_rotates_nothing() -> None:
    """Viewers rotate HEIFs only by irot and imir."""
    data = heifs.encoded(pictures.photo(SIZE), exif=b"Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0")
    data = data.replace(b"irot", b"free")
    done = watermark(data)
    assert (done.width, done.height) == SIZE
    assert opened(done).getexif()[0x0112] == 1


def test_metadata_is_kept_by_the_same_rules() -> None:
    exif = Image.Exif()
    exif[0x010F] = "A maker"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (51.0, 30.0, 0.0)
    packet = pictures_packet()
    data = heifs.encoded(pictures.photo(SIZE), exif=exif.tobytes(), xmp=packet)
    kept = opened(watermark(data))
    assert kept.getexif()[0x010F] == "A maker"
    assert not kept.getexif().get_ifd(0x8825)
    assert b"A title" in kept.info["xmp"]
    everything = opened(watermark(data, Recipe(metadata="keep")))
    assert everything.getexif().get_ifd(0x8825)[1] == "N"
    nothing = opened(watermark(data, Recipe(metadata="strip")))
    assert not nothing.getexif()
    assert "xmp" not in nothing.info


def pictures_packet(more: str = "") -> bytes:
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:title="A title">'
        f"<dc:subject>{more}</dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def test_a_long_packet_becomes_extended_xmp() -> None:
    data = heifs.encoded(pictures.photo(SIZE), xmp=pictures_packet("word " * 20_000))
    done = watermark(data)
    parts = [part for marker, part in pictures.jpeg_segments(done.data) if marker == 0xE1]
    whole = b"".join(part[75:] for part in parts if part.startswith(b"http://ns.adobe.com/xmp/extension/\0"))
    assert whole.count(b"word ") == 20_000
    digest = hashlib.md5(whole, usedforsecurity=False).hexdigest().upper().encode()
    assert any(digest in part and part.startswith(b"http://ns.adobe.com/xap/1.0/\0") for part in parts)


def test_a_profile_is_kept_byte_for_byte() -> None:
    source = pictures.photo(SIZE)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    source.info["icc_profile"] = profile
    assert opened(watermark(heifs.encoded(source))).info["icc_profile"] == profile


def test_grey_with_an_rgb_profile_becomes_rgb() -> None:
    source = pictures.photo(SIZE, "L")
    source.info["icc_profile"] = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert opened(watermark(heifs.encoded(source))).mode == "RGB"


def nclx(primaries: int, transfer: int) -> dict[str, Any]:
    return {
        "color_primaries": primaries,
        "transfer_characteristics": transfer,
        "matrix_coefficients": 6,
        "full_range_flag": 1,
    }


def test_code_points_of_display_p3_become_a_profile() -> None:
    data = heifs.encoded(Image.new("RGB", SIZE, (200, 40, 40)), chroma=444, **nclx(12, 13))
    picture = opened(watermark(data))
    profile = ImageCms.ImageCmsProfile(BytesIO(picture.info["icc_profile"]))
    assert ImageCms.getProfileDescription(profile).strip() == "Display P3"
    shown = ImageCms.profileToProfile(picture, profile, ImageCms.createProfile("sRGB"))
    assert shown is not None
    pixel = shown.getpixel((2, 2))
    assert isinstance(pixel, tuple)
    assert all(abs(value - wanted) <= 3 for value, wanted in zip(pixel, (218, 0, 26), strict=True))


def test_code_points_of_srgb_need_no_profile() -> None:
    data = heifs.encoded(pictures.photo(SIZE), **nclx(1, 13))
    assert "icc_profile" not in opened(watermark(data)).info


@pytest.mark.parametrize(("transfer", "name"), [(16, "PQ"), (18, "HLG")])
def test_hdr_transfer_functions_are_refused_by_name(transfer: int, name: str) -> None:
    data = heifs.encoded(pictures.photo(SIZE), **nclx(9, transfer))
    with pytest.raises(Refused, match=f"HEIF in {name} ") as refusal:
        watermark(data)
    assert refusal.value.code == "unsupported-format"


def test_hdr_declared_only_in_the_coded_data_is_refused_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    data = heifs.encoded(pictures.photo(SIZE), **nclx(9, 16))
    monkeypatch.setattr(heif_header, "_code_points", lambda colours: (2, 2))
    with pytest.raises(Refused, match="HEIF in PQ "):
        watermark(data)


def test_deep_grey_stays_grey() -> None:
    data = heifs.encoded(Image.new("I;16", SIZE, 32768))
    done = watermark(data)
    assert abs(opened(done).getpixel((2, 2)) - 128) <= 1  # type: ignore[operator]
    assert "10 bits per sample cannot be written and were converted to 8: finer shades are lost" in done.warnings


def test_pictures_with_alpha_become_png() -> None:
    source = pictures.photo(SIZE, "RGBA")
    source.putalpha(Image.linear_gradient("L").resize(SIZE))
    source.info["icc_profile"] = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = heifs.encoded(source, xmp=pictures_packet())
    done = watermark(data)
    assert (done.format, done.content_type) == ("PNG", "image/png")
    assert done.warnings == (BECAME_PNG,)
    before, after = heifs.decoded(data), opened(done)
    assert outside(before, mark_box()).tobytes() == outside(after, mark_box()).tobytes()
    assert after.info["icc_profile"] == source.info["icc_profile"]
    assert "A title" in after.info["XML:com.adobe.xmp"]


def test_of_several_pictures_the_primary_one_is_marked() -> None:
    data = heifs.encoded(pictures.photo(SIZE), pictures.photo((64, 64)), pictures.photo((64, 64)))
    done = watermark(data)
    assert (done.width, done.height) == SIZE
    assert "the file holds 2 other pictures besides its primary one, left out" in done.warnings


def test_without_the_extra_heif_is_refused_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    data = heifs.encoded(pictures.photo(SIZE))
    monkeypatch.setattr("zenoimg.imaging.formats.heif.writer.is_installed", lambda: False)
    with pytest.raises(Refused, match=r"pip install 'zenoimg\[heic\]'") as refusal:
        watermark(data)
    assert refusal.value.code == "decoder-missing"


@pytest.mark.parametrize(
    ("coding", "name"), [(b"av01", "AV1"), (b"avc1", "AVC"), (b"jpeg", "JPEG"), (b"iovl", "others")]
)
def test_other_codecs_are_refused_by_name(coding: bytes, name: str) -> None:
    data = heifs.encoded(pictures.photo(SIZE)).replace(b"hvc1", coding)
    with pytest.raises(Refused, match=name) as refusal:
        watermark(data)
    assert refusal.value.code == "unsupported-format"


def test_limits_are_checked_before_anything_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zenoimg.imaging.formats.heif.writer.decoded", unreachable)
    data = heifs.encoded(pictures.photo(SIZE), tile_size=64)
    for wrong in (heifs.with_size(data, 40_000, 40_000), data):
        with pytest.raises(Refused, match="at most") as refusal:
            watermark(wrong, limits=Limits(max_pixels=2_000, max_total_pixels=2_000))
        assert refusal.value.code == "too-large"
    with pytest.raises(Refused, match="pixels; at most"):
        watermark(data, limits=Limits(max_total_pixels=SIZE[0] * SIZE[1]))
    with pytest.raises(Refused, match="GB of memory"):
        watermark(data, limits=Limits(max_memory=1_000_000))
    with pytest.raises(NeedsMemoryError):
        watermark(data, available=1_000_000)


def unreachable(*_: object) -> None:
    raise AssertionError("it was decoded")


def test_the_size_in_the_coded_data_counts_as_well() -> None:
    data = heifs.with_size(heifs.encoded(pictures.photo((640, 480))), 64, 64)
    with pytest.raises(Refused, match="640 x 480 is"):
        watermark(data, limits=Limits(max_pixels=100_000))
    with pytest.raises(Refused) as refusal:
        watermark(data)
    assert refusal.value.code == "corrupt"


def test_a_grid_with_more_tiles_than_fit_is_refused_before_it_is_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("zenoimg.imaging.formats.heif.writer.decoded", unreachable)
    data = heifs.grid_of(heifs.encoded(pictures.photo((64, 64))), 20, 20)
    small = data.replace(struct.pack(">II", 1280, 1280), struct.pack(">II", 128, 128))
    with pytest.raises(Refused, match="tiles are outside of a picture of 128 x 128") as refusal:
        watermark(small)
    assert refusal.value.code == "corrupt"


def test_a_grid_may_repeat_a_tile() -> None:
    data = heifs.grid_of(heifs.encoded(pictures.photo((64, 64))), 5, 4)
    done = watermark(data)
    assert (done.width, done.height) == (320, 256)
    assert_marked(done, data, 30)


def test_a_picture_is_cropped_and_rotated_by_its_properties_in_their_order() -> None:
    clap = b"clap", struct.pack(">8i", 200, 1, 100, 1, 20, 1, -30, 1)
    data = heifs.with_properties(heifs.encoded(pictures.photo(SIZE)), clap, (b"irot", b"\1"), (b"imir", b"\0"))
    assert read_header(data).size == (100, 200)
    done = watermark(data)
    assert (done.width, done.height) == (100, 200)
    assert_marked(done, data, 30)


@pytest.mark.parametrize(("mode", "coded_bytes"), [("RGB", 4), ("I;16", 12)])
def test_the_memory_of_both_processes_is_counted(mode: str, coded_bytes: int) -> None:
    data = heifs.encoded(pictures.photo(SIZE) if mode == "RGB" else Image.new(mode, SIZE, 32768))
    needed = 10 * SIZE[0] * SIZE[1] + coded_bytes * read_header(data).coded_pixels + 3 * len(data)
    watermark(data, limits=Limits(max_memory=needed))
    with pytest.raises(Refused, match="of this kind need"):
        watermark(data, limits=Limits(max_memory=needed - 1))
