from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageOps, ImageStat, PngImagePlugin

from tests.drawn import avifs, heifs
from tests.drawn.heifs import needs_heic
from tests.drawn.pictures import (
    chunk,
    exif,
    exif_segment,
    icc_profile,
    jpeg,
    photo,
    photoshop_segment,
    xmp,
    xmp_segment,
)
from zenoimg.imaging import Limits, Refused
from zenoimg.operations.gallery.pictures import THUMBNAIL_PIXELS, shown, thumbnail

LIMITS = Limits()
SECRET = "Secret Place 4.5N"
PLACE = exif(orientation=1, gps=True)
PACKET = xmp(f'photoshop:City="{SECRET}" dc:format="image/x"')


def saved(picture: Image.Image, name: str, **options: Any) -> bytes:
    encoded = BytesIO()
    picture.save(encoded, name, **options)
    return encoded.getvalue()


def jpeg_that_tells(picture: Image.Image) -> bytes:
    iptc = photoshop_segment(b"8BIM\x04\x04\0\0" + struct.pack(">I", len(SECRET)) + SECRET.encode() + b"\0")
    comment = (0xFE, SECRET.encode())
    return jpeg(picture, [exif_segment(PLACE), xmp_segment(PACKET), iptc, comment])


def png_that_tells(picture: Image.Image) -> bytes:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Location", SECRET)
    texts.add_itxt("XML:com.adobe.xmp", PACKET.decode())
    return saved(picture, "PNG", pnginfo=texts, exif=PLACE)


TELLING: dict[str, Callable[[Image.Image], bytes]] = {
    "JPEG": jpeg_that_tells,
    "PNG": png_that_tells,
    "WebP": lambda picture: saved(picture, "WEBP", lossless=True, exif=PLACE, xmp=PACKET),
    "AVIF": lambda picture: saved(picture, "AVIF", exif=PLACE, xmp=PACKET),
    "GIF": lambda picture: saved(picture.quantize(64), "GIF", comment=SECRET.encode()),
    "TIFF": lambda picture: saved(picture, "TIFF", tiffinfo={270: SECRET, 34853: {1: "N"}}),
}


@pytest.mark.parametrize("name", TELLING)
def test_no_metadata_reaches_the_page(name: str) -> None:
    data = TELLING[name](photo((96, 64)))
    assert SECRET.encode() in data, "otherwise this test checks nothing"
    picture = shown(data, LIMITS)
    small = thumbnail(picture.data, LIMITS)
    for each in (picture.data, small):
        assert SECRET.encode() not in each
        assert PLACE not in each
        opened = Image.open(BytesIO(each))
        assert not opened.getexif().get_ifd(0x8825)
        assert not opened.info.get("xmp", b"").strip(b"\0")


@pytest.mark.parametrize("name", [name for name in TELLING if name != "TIFF"])
def test_pixels_drawn_by_a_browser_are_those_of_the_file(name: str) -> None:
    data = TELLING[name](photo((96, 64)))
    picture = shown(data, LIMITS)
    assert not picture.converted
    before, after = (Image.open(BytesIO(each)).convert("RGBA") for each in (data, picture.data))
    assert ImageChops.difference(before, after).getbbox() is None


def test_metadata_removed_from_an_avif_cannot_be_recovered() -> None:
    data = TELLING["AVIF"](photo((96, 64)))
    left_over = struct.pack(">I4s", 8 + len(SECRET), b"free") + SECRET.encode()
    picture = shown(data + left_over, LIMITS)
    assert SECRET.encode() not in picture.data
    assert len(picture.data) == len(data + left_over), "no offset has moved"


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_rotated_pictures_stay_rotated_and_have_upright_thumbnails(name: str, orientation: int) -> None:
    upright = photo((120, 80), seed=4)
    upright.paste("red", (0, 0, 30, 20))
    stored = ImageOps.exif_transpose(_tagged(upright, _INVERSE[orientation]))
    block = Image.Exif()
    block[0x0112] = orientation
    options = {"quality": 95} if name in ("JPEG", "AVIF") else {}
    picture = shown(saved(stored, name, exif=block, **options), LIMITS)
    as_viewer = ImageOps.exif_transpose(Image.open(BytesIO(picture.data)))
    for each in (as_viewer, Image.open(BytesIO(thumbnail(picture.data, LIMITS)))):
        assert each.size == upright.size
        difference = ImageStat.Stat(ImageChops.difference(each.convert("RGB"), upright))
        assert max(difference.mean) < 12, f"{name} {orientation}"


#: The orientation that undoes each orientation.
_INVERSE = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}


def _tagged(picture: Image.Image, orientation: int) -> Image.Image:
    tagged = picture.copy()
    tagged.getexif()[0x0112] = orientation
    return tagged


def test_thumbnails_are_converted_by_the_colour_profile() -> None:
    # The profile's red and blue primaries are swapped: stored red is shown as blue.
    swapped = icc_profile().replace(b"rXYZ", b"tmp ").replace(b"bXYZ", b"rXYZ").replace(b"tmp ", b"bXYZ")
    red = Image.new("RGB", (64, 64), (220, 20, 20))
    picture = shown(saved(red, "PNG", icc_profile=swapped), LIMITS)
    assert Image.open(BytesIO(picture.data)).info["icc_profile"] == swapped, "the browser needs it"
    small = Image.open(BytesIO(thumbnail(picture.data, LIMITS)))
    assert "icc_profile" not in small.info
    r, g, b = small.convert("RGB").getpixel((30, 30))  # type: ignore[misc]
    assert b > 200
    assert r < 60
    assert g < 60


def test_cmyk_becomes_the_printed_colours() -> None:
    cyan = Image.new("CMYK", (64, 48), (255, 0, 0, 0))
    picture = shown(saved(cyan, "JPEG", quality=95), LIMITS)
    assert picture.converted
    drawn = Image.open(BytesIO(picture.data))
    assert drawn.mode in ("RGB", "P")
    r, g, b = drawn.convert("RGB").getpixel((20, 20))  # type: ignore[misc]
    assert r < 60
    assert min(g, b) > 180


@pytest.mark.parametrize("name", ["PNG", "TIFF"])
def test_deep_greys_are_scaled_and_not_clipped(name: str) -> None:
    middle = Image.new("I;16", (64, 64), 32768)
    picture = shown(saved(middle, name), LIMITS)
    grey = Image.open(BytesIO(thumbnail(picture.data, LIMITS))).convert("L").getpixel((30, 30))
    assert isinstance(grey, int)
    assert 120 < grey < 136


def test_transparency_is_kept() -> None:
    clear = Image.new("RGBA", (64, 64), (200, 0, 0, 0))
    for name in ("PNG", "WEBP", "TIFF"):
        picture = shown(saved(clear, name), LIMITS)
        small = Image.open(BytesIO(thumbnail(picture.data, LIMITS)))
        assert small.mode == "RGBA"
        assert small.getchannel("A").getextrema() == (0, 0)


def test_animations_stay_animated_and_loop() -> None:
    frames = [photo((48, 32), seed=number).quantize(32) for number in range(3)]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=80, loop=0, comment=b"x")
    drawn = Image.open(BytesIO(shown(data, LIMITS).data))
    assert (drawn.n_frames, drawn.info["loop"], drawn.info["duration"]) == (3, 0, 80)  # type: ignore[attr-defined]


def test_large_pictures_are_reduced_and_small_ones_not_enlarged() -> None:
    large, little = photo((1600, 300)), photo((40, 30))
    for picture, size in ((large, (THUMBNAIL_PIXELS, 96)), (little, (40, 30))):
        small = Image.open(BytesIO(thumbnail(shown(jpeg(picture), LIMITS).data, LIMITS)))
        assert small.size == size


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "unsupported-format"),
        (b"<svg onload=alert(1)>", "unsupported-format"),
        (jpeg(photo())[:900], "corrupt"),
        (saved(photo(), "PNG")[:200], "corrupt"),
        (b"GIF89a" + b"\xff" * 40, "corrupt"),
        (b"II*\0" + b"\xff" * 40, "corrupt"),
    ],
)
def test_pictures_that_cannot_be_drawn_are_refused(data: bytes, code: str) -> None:
    with pytest.raises(Refused) as caught:
        shown(data, LIMITS)
    assert caught.value.code == code


def test_limits_are_checked_before_pixels_are_decoded() -> None:
    picture = shown(saved(Image.new("L", (3000, 3000)), "PNG"), LIMITS)
    with pytest.raises(Refused) as caught:
        thumbnail(picture.data, Limits(max_pixels=1_000_000))
    assert caught.value.code == "too-large"


@pytest.mark.parametrize("kind", [b"uuid", b"udta", b"skip"])
@pytest.mark.parametrize("wide", [False, True], ids=["32-bit length", "64-bit length"])
def test_an_animated_avif_stays_animated_whatever_its_metadata(kind: bytes, wide: bool) -> None:
    pictures = [photo((96, 64), seed=seed) for seed in (1, 2)]
    content = bytes.fromhex("d8fec3d61b0e483c92975828877ec481") + SECRET.encode()
    head = struct.pack(">I4sQ", 1, kind, 16 + len(content)) if wide else struct.pack(">I4s", 8 + len(content), kind)
    plain = avifs.sequence(pictures, [100, 300])
    picture = shown(plain + head + content, LIMITS)
    assert (picture.extension, picture.converted) == ("avif", False)
    assert SECRET.encode() not in picture.data
    assert kind not in picture.data
    with Image.open(BytesIO(picture.data)) as opened:
        assert getattr(opened, "n_frames", 1) == 2


@pytest.mark.parametrize("color_type", [0, 2], ids=["grey", "RGB"])
def test_the_transparent_colour_of_a_sixteen_bit_png_is_transparent_in_its_thumbnail(color_type: int) -> None:
    channels = 3 if color_type == 2 else 1
    key, other = (0x1234, 0x5678, 0x9ABC)[:channels], (0x1200, 0x5600, 0x9A00)[:channels]
    row = b"\0" + struct.pack(f">{channels}H", *key) * 200 + struct.pack(f">{channels}H", *other) * 200
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(name, content)
        for name, content in (
            (b"IHDR", struct.pack(">IIBBBBB", 400, 300, 16, color_type, 0, 0, 0)),
            (b"tRNS", struct.pack(f">{channels}H", *key)),
            (b"IDAT", zlib.compress(row * 300)),
            (b"IEND", b""),
        )
    )
    with Image.open(BytesIO(thumbnail(shown(data, LIMITS).data, LIMITS))) as small:
        alpha = small.convert("RGBA").getchannel("A")
    assert (alpha.getpixel((50, 50)), alpha.getpixel((350, 50))) == (0, 255)


def test_orientation_is_read_where_the_pipeline_reads_it_and_nowhere_else() -> None:
    turned = xmp('tiff:Orientation="6"')
    picture = photo((96, 64))
    for data in (jpeg(picture.convert("CMYK"), [xmp_segment(turned)]), jpeg(picture, [xmp_segment(turned)])):
        with Image.open(BytesIO(thumbnail(shown(data, LIMITS).data, LIMITS))) as small:
            assert small.size == (96, 64)
    prefixed = saved(picture, "PNG")
    at = prefixed.index(b"IDAT") - 4
    prefixed = prefixed[:at] + chunk(b"eXIf", b"Exif\0\0" + exif(orientation=6)) + prefixed[at:]
    with Image.open(BytesIO(thumbnail(shown(prefixed, LIMITS).data, LIMITS))) as small:
        assert small.size == (64, 96)


@needs_heic
def test_a_heic_is_shown_as_a_jpeg_of_its_colours() -> None:
    nclx: dict[str, Any] = {
        "color_primaries": 12,
        "transfer_characteristics": 13,
        "matrix_coefficients": 6,
        "full_range_flag": 1,
    }
    data = heifs.encoded(Image.new("RGB", (64, 48), (200, 40, 40)), chroma=444, exif=b"Exif\0\0" + exif(6), **nclx)
    page = shown(data, LIMITS)
    assert page.converted
    with Image.open(BytesIO(page.data)) as picture:
        assert picture.size == (48, 64), "rotated once"
        pixel = picture.convert("RGB").getpixel((20, 20))
    assert isinstance(pixel, tuple)
    assert all(abs(value - wanted) <= 4 for value, wanted in zip(pixel, (218, 0, 26), strict=True))
