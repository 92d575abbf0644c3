"""One small picture, with metadata, of each kind that the JPEG, PNG, TIFF, BMP and HEIF writers distinguish."""

from __future__ import annotations

import random
import struct
from io import BytesIO

from PIL import Image

from tests.drawn import heifs, pictures, tiffs
from tests.drawn.bmps import bmp, random_values
from tests.drawn.pictures import chunk
from tests.drawn.tiffs import SHORT, random_sheet, tiff
from zenoimg.imaging.formats.bmp import rle as bmp_rle

_SIZE = (48, 36)
_EXIF = pictures.exif(6, gps=True, maker_note=True, thumbnail=b"\xff\xd8thumbnail\xff\xd9")
_XMP = pictures.xmp('exif:GPSLatitude="48"', "<photoshop:City>Paris</photoshop:City>")
_RESOURCES = pictures.resource(0x0404, pictures.iptc((90, b"Paris"), (80, b"A. Author")))


def seeds() -> dict[str, bytes]:
    """Return the pictures by name, which starts with the format."""
    return {**_jpegs(), **_pngs(), **_tiffs(), **_bmps(), **_heifs()}


def _jpegs() -> dict[str, bytes]:
    segments = [
        pictures.exif_segment(_EXIF),
        pictures.xmp_segment(_XMP),
        pictures.icc_segment(pictures.icc_profile()),
        pictures.photoshop_segment(_RESOURCES),
    ]
    picture = pictures.photo(_SIZE)
    return {
        "jpeg baseline": pictures.jpeg(picture, segments),
        "jpeg progressive": pictures.jpeg(picture, segments, progressive=True),
        "jpeg grey with restarts": pictures.jpeg(picture.convert("L"), segments, restart_marker_blocks=2),
        "jpeg cmyk": pictures.jpeg(picture.convert("CMYK"), segments[:1]),
        "jpeg of two pictures": pictures.jpeg(picture, segments[:1]) + pictures.jpeg(picture),
    }


def _pngs() -> dict[str, bytes]:
    dice = random.Random(4)
    before = [
        chunk(b"gAMA", struct.pack(">I", 45455)),
        chunk(b"eXIf", _EXIF),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + _XMP),
    ]
    found = {}
    for color_type, depth, interlaced in ((0, 8, False), (2, 8, True), (3, 4, False), (4, 16, False), (6, 16, True)):
        count = _SIZE[0] * _SIZE[1] * pictures.SAMPLES_A_PIXEL[color_type]
        samples = [dice.randrange(min(16, 1 << depth)) for _ in range(count)]
        palette = [chunk(b"PLTE", dice.randbytes(48)), chunk(b"tRNS", b"\x80")] if color_type == 3 else []
        found[f"png {color_type} at {depth} bits"] = pictures.png(
            _SIZE, color_type, depth, samples, interlaced=interlaced, before=[*palette, *before]
        )
    return found


def _tiffs() -> dict[str, bytes]:
    tags: tiffs.Tags = {
        700: (1, _XMP),
        34377: (7, _RESOURCES),
        34665: (4, {36867: (2, b"2025:06:12 15:25:14\0"), 37500: (7, pictures.MAKER_NOTE)}),
    }
    palette: tiffs.Tags = {320: (SHORT, [index * 4369 for index in range(16)] * 3)}
    deep = random_sheet(_SIZE, 16, 4, photometric=2, compression=8, predictor=2, tags={338: (SHORT, [1])})
    return {
        "tiff of strips": tiff(random_sheet(_SIZE, 8, 3, photometric=2, rows_per_strip=7, tags=tags)),
        "tiff of deep samples": tiff(deep, order=">"),
        "tiff of tiles": tiff(random_sheet(_SIZE, 8, 1, tile=(16, 16), planar=True), big=True),
        "tiff of palette": tiff(random_sheet(_SIZE, 4, 1, photometric=3, tags=palette)),
        "tiff of faxes": _saved("1", "group4"),
        "tiff of LZW": _saved("CMYK", "tiff_lzw"),
        "tiff of JPEG": _saved("YCbCr", "jpeg"),
        "tiff of pages": tiff(random_sheet(_SIZE, 8, 1), random_sheet(_SIZE, 1, 1, photometric=0)),
    }


def _saved(mode: str, compression: str) -> bytes:
    encoded = BytesIO()
    pictures.photo(_SIZE, mode).save(encoded, "TIFF", compression=compression)
    return encoded.getvalue()


def _bmps() -> dict[str, bytes]:
    greys = [(level * 17, level * 17, level * 17) for level in range(16)]
    codes = bmp_rle.encode(bytes(index // 9 % 16 for index in range(_SIZE[0] * _SIZE[1])), *_SIZE, four_bits=True)
    alpha = {"header": 124, "compression": 3, "masks": (0xFF0000, 0xFF00, 0xFF, 0xFF000000)}
    return {
        "bmp 24": bmp(_SIZE, 24, random_values(_SIZE, 1 << 24)),
        "bmp 16, top down": bmp(_SIZE, 16, random_values(_SIZE, 1 << 16), top_down=True),
        "bmp 32 with alpha": bmp(_SIZE, 32, random_values(_SIZE, 1 << 32), **alpha),  # type: ignore[arg-type]
        "bmp 4": bmp(_SIZE, 4, random_values(_SIZE, 16), palette=greys),
        "bmp of run-length codes": bmp(_SIZE, 4, [], compression=2, palette=greys, encoded=codes),
        "bmp of OS/2": bmp(_SIZE, 1, random_values(_SIZE, 2), header=12, palette=[(0, 0, 0), (255, 255, 255)]),
    }


def _heifs() -> dict[str, bytes]:
    """Return no pictures if the extra that encodes and decodes them is not installed."""
    if not heifs.IS_THERE:
        return {}
    size = 96, 64
    picture, transparent = pictures.photo(size), pictures.photo(size, "RGBA")
    transparent.putalpha(Image.linear_gradient("L").resize(size))
    plain, gain_map = heifs.encoded(picture), heifs.encoded(pictures.photo((48, 32), "L"))
    about = pictures.xmp('xmlns:H="http://ns.apple.com/HDRGainMap/1.0/" H:HDRGainMapHeadroom="4.0"')
    return {
        "heif": heifs.encoded(picture, exif=b"Exif\0\0" + _EXIF, xmp=_XMP),
        "heif of tiles": heifs.encoded(picture, tile_size=64),
        "heif with alpha": heifs.encoded(transparent),
        "heif of deep grey": heifs.encoded(Image.new("I;16", size, 32768)),
        "heif with a gain map": heifs.with_gain_map(plain, gain_map, heifs.APPLE, about=about),
    }


def opened(data: bytes) -> Image.Image:
    """Decode a copy with Pillow."""
    picture = Image.open(BytesIO(data))
    picture.load()
    return picture
