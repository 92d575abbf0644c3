"""Gain maps of HEIFs become those of Ultra HDR JPEGs, with the mark in them."""

from __future__ import annotations

import math
import struct
from io import BytesIO

import pytest
from PIL import Image

from tests.drawn import heifs, pictures
from tests.drawn.heifs import APPLE, SAMSUNG, needs_heic
from tests.drawn.ultra_hdr import Gain, iso_segment, smooth_map
from zenoimg.imaging import Limits, Recipe, Refused, WatermarkSpec, watermark
from zenoimg.imaging.formats.heif.gain_map import apple_codes
from zenoimg.imaging.formats.heif.header import read_header
from zenoimg.imaging.formats.heif.headroom import headroom_of
from zenoimg.imaging.formats.jpeg.gain_map.metadata import iso_metadata
from zenoimg.imaging.formats.jpeg.gain_map.source import SourceMap, declarations, map_in
from zenoimg.imaging.formats.jpeg.stream import read_stream
from zenoimg.imaging.formats.jpeg.trailer import further_pictures

SIZE, MAP_SIZE = (640, 480), (320, 240)
GAIN = Gain((0.0,), (2.3,), (1.0,), (0.0,), (0.0,))
ISO_PAYLOAD = iso_segment(GAIN)[1][28:]
HEADROOM = 4.0


@pytest.fixture(scope="module")
def photo() -> bytes:
    return heifs.encoded(pictures.photo(SIZE))


@pytest.fixture(scope="module")
def gain_map() -> bytes:
    return heifs.encoded(smooth_map(MAP_SIZE), quality=100)


def about_apple(headroom: float | None = HEADROOM) -> bytes:
    stated = f' HDRGainMap:HDRGainMapHeadroom="{headroom}"' if headroom else ""
    return _about(
        f'xmlns:HDRGainMap="http://ns.apple.com/HDRGainMap/1.0/" HDRGainMap:HDRGainMapVersion="65536"{stated}'
    )


def about_samsung() -> bytes:
    return _about(
        'xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0" hdrgm:GainMapMin="0" '
        'hdrgm:GainMapMax="2.3" hdrgm:Gamma="1" hdrgm:OffsetSDR="0" hdrgm:OffsetHDR="0"'
    )


def _about(attributes: str) -> bytes:
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{rdf}">'
        f'<rdf:Description rdf:about="" {attributes}/></rdf:RDF></x:xmpmeta>'
    ).encode()


def map_of(data: bytes) -> SourceMap | None:
    stream = read_stream(data)
    further, rest = further_pictures(data[stream.end :])
    assert not rest
    return map_in(stream, further, declarations(stream))


def codes(found: SourceMap) -> Image.Image:
    picture = Image.open(BytesIO(found.data))
    picture.load()
    return picture


def difference(one: Image.Image, other: Image.Image) -> int:
    """Return the largest difference of codes in the upper half, which no mark touches."""
    box = (0, 0, one.width, one.height // 2)
    pairs = zip(one.crop(box).tobytes(), other.crop(box).tobytes(), strict=True)
    return max(abs(first - second) for first, second in pairs)


@needs_heic
@pytest.mark.parametrize("by", ["tmap", "xmp"])
def test_samsungs_codes_are_kept_unchanged(photo: bytes, gain_map: bytes, by: str) -> None:
    tone_map = b"\0" + ISO_PAYLOAD if by == "tmap" else b""
    data = heifs.with_gain_map(photo, gain_map, SAMSUNG, tone_map=tone_map, about=about_samsung())
    done = watermark(data)
    assert not [warning for warning in done.warnings if "gain map" in warning]
    found = map_of(done.data)
    assert found is not None
    (channel,) = found.metadata.channels
    assert channel.high == pytest.approx(2.3, abs=1e-5)
    assert (channel.low, channel.gamma, channel.offset_sdr, channel.offset_hdr) == (0, 1, 0, 0)
    assert codes(found).mode == "L"
    assert difference(codes(found), heifs.decoded(gain_map).convert("L")) <= 4
    assert (found.declared.version, found.declared.has_directory, found.declared.iso) == ("1.0", True, bytes(4))


@needs_heic
def test_a_copy_without_a_mark_keeps_the_map(photo: bytes, gain_map: bytes) -> None:
    data = heifs.with_gain_map(photo, gain_map, SAMSUNG, about=about_samsung())
    done = watermark(data, Recipe(None))
    assert done.encoding == "copied"
    assert [warning for warning in done.warnings if "encoded again" in warning]
    found = map_of(done.data)
    assert found is not None
    assert difference(codes(found), heifs.decoded(gain_map).convert("L")) <= 4


@needs_heic
def test_apples_codes_are_converted_to_iso(photo: bytes, gain_map: bytes) -> None:
    done = watermark(heifs.with_gain_map(photo, gain_map, APPLE, about=about_apple()))
    found = map_of(done.data)
    assert found is not None
    assert found.metadata.channels[0].high == pytest.approx(math.log2(HEADROOM), abs=1e-5)
    expected = heifs.decoded(gain_map).convert("L").point(apple_codes(HEADROOM))
    assert difference(codes(found), expected) <= 4


@pytest.mark.parametrize("headroom", [1.5, 4.887384, 8.0])
def test_iso_codes_yield_the_light_of_apples_formula(headroom: float) -> None:
    for code, coded in enumerate(apple_codes(headroom)):
        value = code / 255
        light = value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        apples = 1 + (headroom - 1) * light
        isos = 2 ** (coded / 255 * math.log2(headroom))
        assert isos == pytest.approx(apples, rel=0.5 / 255 * math.log(headroom) + 1e-6)


def apple_exif(*numbers: tuple[int, float]) -> bytes:
    """Return EXIF with Apple's maker notes."""
    at = 14 + 2 + 12 * len(numbers) + 4
    notes = b"Apple iOS\0\0\1MM" + struct.pack(">H", len(numbers))
    for index, (tag, _) in enumerate(numbers):
        notes += struct.pack(">HHII", tag, 10, 1, at + 8 * index)
    notes += bytes(4) + b"".join(struct.pack(">ii", round(number * 10_000), 10_000) for _, number in numbers)
    head = b"MM\0*" + struct.pack(">IHHHIII", 8, 1, 0x8769, 4, 1, 26, 0)
    return head + struct.pack(">HHHIII", 1, 0x927C, 7, len(notes), 44, 0) + notes


@pytest.mark.parametrize(
    ("headroom", "gain", "expected"),
    [
        (1.01, 0.0461, 4.887),  # an iPhone's, whose XMP states 4.887384
        (0.5, 0.005, 2**1.7),
        (0.5, 0.1, 2**1.5909),
        (1.5, 0.005, 2**2.65),
        (1.5, 20.0, 1.0),
    ],
)
def test_maker_notes_yield_the_headroom_by_apples_formula(headroom: float, gain: float, expected: float) -> None:
    assert headroom_of({}, apple_exif((0x21, headroom), (0x30, gain))) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("exif", [b"", b"MM\0*", apple_exif((0x21, 0.879)), apple_exif()])
def test_without_both_numbers_the_headroom_is_unknown(exif: bytes) -> None:
    assert headroom_of({}, exif) is None


@needs_heic
def test_the_headroom_of_the_maker_notes_is_used_if_xmp_has_none(photo: bytes, gain_map: bytes) -> None:
    exif = apple_exif((0x21, 1.01), (0x30, 0.0461))
    done = watermark(heifs.with_gain_map(photo, gain_map, APPLE, about=about_apple(None), exif=exif))
    found = map_of(done.data)
    assert found is not None
    assert found.metadata.channels[0].high == pytest.approx(2.289, abs=1e-3)


@needs_heic
@pytest.mark.parametrize(
    ("kind", "about", "why"),
    [
        (APPLE, about_apple(None), "its headroom is not known"),
        (APPLE, about_apple(1.0), "its headroom is none"),
        (SAMSUNG, b"", "nothing says what its codes mean"),
        (SAMSUNG, about_samsung().replace(b'GainMapMin="0"', b'GainMapMin="1"'), "no code of it means a gain of 1"),
    ],
)
def test_a_map_of_unknown_encoding_is_left_out(
    photo: bytes, gain_map: bytes, kind: str, about: bytes, why: str
) -> None:
    done = watermark(heifs.with_gain_map(photo, gain_map, kind, about=about))
    (warning,) = [warning for warning in done.warnings if "gain map" in warning]
    assert why in warning
    assert map_of(done.data) is None
    assert b"hdrgm" not in done.data


@needs_heic
@pytest.mark.parametrize("recipe", [Recipe(hdr="drop"), Recipe(metadata="strip")])
def test_a_recipe_can_drop_the_map(photo: bytes, gain_map: bytes, recipe: Recipe) -> None:
    done = watermark(heifs.with_gain_map(photo, gain_map, APPLE, about=about_apple()), recipe)
    assert any("the recipe drops it" in warning for warning in done.warnings)
    assert map_of(done.data) is None


@needs_heic
def test_a_damaged_map_is_left_out_and_the_picture_is_marked(photo: bytes, gain_map: bytes) -> None:
    data = heifs.with_gain_map(photo, gain_map, APPLE, about=about_apple())
    length = len(data) - data.rindex(b"<x:xmpmeta")
    done = watermark(data[: -length - 2000] + bytes(2000) + data[-length:])
    assert done.format == "JPEG"
    assert map_of(done.data) is None or not [warning for warning in done.warnings if "gain map" in warning]


@needs_heic
def test_a_map_of_another_shape_is_left_out(photo: bytes) -> None:
    square = heifs.encoded(smooth_map((200, 200)))
    done = watermark(heifs.with_gain_map(photo, square, APPLE, about=about_apple()))
    assert any("its aspect ratio is not the picture's" in warning for warning in done.warnings)


@needs_heic
def test_an_opaque_mark_has_no_gain(photo: bytes, gain_map: bytes) -> None:
    recipe = Recipe(WatermarkSpec(opacity=1.0, scale=0.3))
    found = map_of(watermark(heifs.with_gain_map(photo, gain_map, APPLE, about=about_apple()), recipe).data)
    plain = map_of(watermark(heifs.with_gain_map(photo, gain_map, APPLE, about=about_apple())).data)
    assert found is not None
    assert plain is not None
    lowest = [min(codes(each).crop((0, 120, *MAP_SIZE)).tobytes()) for each in (found, plain)]
    assert lowest[0] == 0 < lowest[1]


@needs_heic
@pytest.mark.thorough
@pytest.mark.parametrize("kind", [APPLE, SAMSUNG])
def test_libultrahdr_renders_as_the_formulas_do(photo: bytes, gain_map: bytes, kind: str) -> None:
    numpy = pytest.importorskip("numpy")
    imagecodecs = pytest.importorskip("imagecodecs", reason="its wheels are for x86_64 Linux")
    about = about_apple() if kind == APPLE else about_samsung()
    done = watermark(heifs.with_gain_map(photo, gain_map, kind, about=about))
    hdr = imagecodecs.ultrahdr_decode(done.data)[..., :3].astype("f8")
    with Image.open(BytesIO(done.data)) as picture:
        encoded = numpy.asarray(picture.convert("RGB")) / 255
    sdr = numpy.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    value = numpy.asarray(heifs.decoded(gain_map).convert("L").resize(SIZE, Image.Resampling.BILINEAR)) / 255
    light = numpy.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    gain = 1 + (HEADROOM - 1) * light if kind == APPLE else 2 ** (2.3 * value)
    upper = slice(8, SIZE[1] // 2), slice(8, SIZE[0] - 8)
    ratio = (hdr[upper] + 1e-6) / (sdr[upper] * gain[upper][..., None] + 1e-6)
    assert abs(numpy.median(ratio) - 1) < 0.01
    assert numpy.percentile(abs(ratio - 1), 95) < 0.03
    assert iso_metadata(ISO_PAYLOAD).channels[0].high == pytest.approx(2.3, abs=1e-4)


@needs_heic
def test_a_map_and_the_background_under_its_mark_count_as_memory(photo: bytes, gain_map: bytes) -> None:
    data = heifs.with_gain_map(photo, gain_map, APPLE, about=about_apple())
    tiled = Recipe(WatermarkSpec(position="tile"))
    needed = 10 * 640 * 480 + 4 * read_header(data).coded_pixels + 3 * len(data)
    for recipe, more in ((Recipe(hdr="drop"), 0), (Recipe(), 8 * 320 * 240), (tiled, 13 * 320 * 240)):
        limits = Limits(max_memory=needed + more)
        if more:
            with pytest.raises(Refused, match="of this kind need"):
                watermark(data, recipe, limits)
        else:
            assert watermark(data, recipe, limits).format == "JPEG"


@needs_heic
def test_a_map_of_tiles_is_kept_and_all_of_its_pixels_count_as_memory(photo: bytes) -> None:
    tile = heifs.encoded(smooth_map((176, 128)), quality=100)
    data = heifs.with_gain_map_grid(photo, tile, 2, 2, about_apple(), size=MAP_SIZE)
    needed = 10 * 640 * 480 + 4 * read_header(data).coded_pixels + 3 * len(data) + 8 * 4 * 176 * 128
    assert map_of(watermark(data, Recipe(None), Limits(max_memory=needed)).data) is not None
    with pytest.raises(Refused, match="of this kind need"):
        watermark(data, Recipe(None), Limits(max_memory=needed - 1))


@needs_heic
@pytest.mark.parametrize(
    ("says", "limits", "why"),
    [
        ((), Limits(max_total_pixels=4 * 640 * 480 - 1), "its tiles have 1,228,800 pixels; at most"),
        ((), Limits(max_pixels=4 * 640 * 480 - 1), "1280 x 960 is 1.2 megapixels; at most"),
        ((320, 240), Limits(), "the size of its grid differs from that in its boxes"),
    ],
)
def test_a_map_with_too_many_coded_pixels_is_left_out_before_it_is_decoded(
    photo: bytes, says: tuple[int, ...], limits: Limits, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = heifs.with_gain_map_grid(photo, photo, 2, 2, about_apple(), says=says)
    monkeypatch.setattr("zenoimg.imaging.formats.heif.writer.as_jpeg_map", None)
    done = watermark(data, Recipe(), limits)
    assert any(f"the HDR gain map was left out ({why}" in warning for warning in done.warnings)
    assert map_of(done.data) is None
