from __future__ import annotations

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image

from tests.drawn import pictures
from tests.drawn.pictures import chunk, png, png_chunks
from tests.unit.imaging.png.png_cases import SIZE, changed, mark_box, palette, some_png, some_samples
from zenoimg.imaging import Recipe, watermark

ICC = chunk(b"iCCP", b"sRGB\0\0" + zlib.compress(pictures.icc_profile()))
KEPT = [
    chunk(b"gAMA", struct.pack(">I", 45455)),
    chunk(b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)),
    ICC,
    chunk(b"cICP", b"\x09\x10\0\1"),
    chunk(b"sBIT", b"\5\6\5"),
    chunk(b"bKGD", bytes(6)),
    chunk(b"pHYs", struct.pack(">IIB", 3780, 3780, 1)),
    chunk(b"tIME", b"\x07\xe9\6\x0c\x0f\x19\x0e"),
    chunk(b"tEXt", b"Title\0a picture"),
    chunk(b"zTXt", b"Author\0\0" + zlib.compress(b"A. Author")),
    chunk(b"iTXt", "Comment\0\0\0de\0Kommentar\0schön".encode()),
    chunk(b"eXIf", pictures.exif(1, maker_note=True)),
    chunk(b"prVt", b"private and safe to copy"),
]


def test_ancillary_chunks_are_kept_byte_for_byte_in_place_and_order() -> None:
    after = chunk(b"tEXt", b"Later\0behind the pixels")
    data = png(SIZE, 2, 8, some_samples(2, 8), before=KEPT, after=[after])
    done = watermark(data)
    kept = done.data.split(b"IDAT")[0]
    assert kept.endswith(b"".join(KEPT) + kept[-4:])
    assert done.data.endswith(after + chunk(b"IEND", b""))
    assert done.warnings == ()
    assert watermark(data, Recipe(metadata="keep")).data == done.data


def test_strip_keeps_only_rendering_information_and_rights() -> None:
    before = [*KEPT[:-2], chunk(b"eXIf", pictures.exif(6, gps=True))]
    done = watermark(png(SIZE, 2, 8, some_samples(2, 8), before=before), Recipe(metadata="strip"))
    names = [name for name, _ in png_chunks(done.data)]
    assert names[1:-2] == [b"gAMA", b"cHRM", b"iCCP", b"cICP", b"sBIT", b"bKGD", b"pHYs", b"zTXt", b"eXIf"]
    assert dict(Image.open(BytesIO(done.data)).getexif()) == {0x0112: 6}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_mark_follows_the_orientation_in_exif(orientation: int) -> None:
    data = some_png(2, 8, before=[chunk(b"eXIf", pictures.exif(orientation, gps=True))])
    done = watermark(data)
    left, top, right, bottom = mark_box(orientation=orientation)
    pixels = changed(data, done.data)
    assert pixels
    assert all(left <= x < right and top <= y < bottom for x, y in pixels)
    assert (done.width, done.height) == (SIZE if orientation < 5 else (SIZE[1], SIZE[0]))
    after = Image.open(BytesIO(done.data)).getexif()
    assert after[0x0112] == orientation
    assert 0x8825 not in after


def raw_profile(kind: bytes, profile: bytes) -> bytes:
    digits = profile.hex().encode()
    lines = b"\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
    text = b"\n" + kind + b"\n" + str(len(profile)).rjust(8).encode() + b"\n" + lines + b"\n"
    return chunk(b"zTXt", b"Raw profile type " + kind + b"\0\0" + zlib.compress(text))


def named_raw_profile(kind: bytes, profile: bytes) -> bytes:
    """Return a raw profile with a name of two words, as ExifTool writes it."""
    text = b"\nIPTC profile\n" + str(len(profile)).rjust(8).encode() + b"\n" + profile.hex().encode() + b"\n"
    return chunk(b"zTXt", b"Raw profile type " + kind + b"\0\0" + zlib.compress(text))


PLACES = pictures.iptc((80, b"A. Author"), (90, b"Paris"))
LOCATED = [
    chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + pictures.xmp('exif:GPSLatitude="48,51.4N"')),
    chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(pictures.xmp('photoshop:City="Paris"'))),
    raw_profile(b"exif", b"Exif\0\0" + pictures.exif(gps=True)),
    raw_profile(b"iptc", pictures.resource(0x0404, PLACES)),
    raw_profile(b"iptc", PLACES),
    named_raw_profile(b"iptc", PLACES),
    raw_profile(b"xmp", pictures.xmp('photoshop:City="Paris"')),
    chunk(b"tEXt", b"exif:GPSLatitude\x0048/1, 51/1, 24/1"),
]


def text_in(data: bytes) -> bytes:
    """Return the content of all text chunks, inflated and decoded from hexadecimal digits."""
    said = b""
    for name, content in png_chunks(data):
        if name in (b"tEXt", b"zTXt", b"iTXt"):
            text = content
            at = content.find(b"\x78\x9c")
            if at >= 0:
                text = content[:at] + zlib.decompress(content[at:])
            said += text
            if text.startswith(b"Raw profile"):
                said += bytes.fromhex(b"".join(text.split(b"\n")[3:]).decode())
    return said


@pytest.mark.parametrize("located", LOCATED, ids=range(len(LOCATED)))
def test_locations_are_removed_from_text_chunks(located: bytes) -> None:
    data = some_png(2, 8, before=[located])
    places = (b"48,51", b"Paris", struct.pack("<4I", 48, 1, 51, 1), b"48/1")
    assert any(place in text_in(data) for place in places)
    done = watermark(data)
    assert not any(place in text_in(done.data) for place in places)
    assert done.warnings == ()
    assert located in watermark(data, Recipe(metadata="keep")).data


DAMAGED = [
    (chunk(b"zTXt", b"Author\0\0no zlib"), "text 'Author' is damaged"),
    (chunk(b"zTXt", b"Bomb\0\0" + zlib.compress(bytes(20_000_000))), "text 'Bomb' is damaged"),
    (chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<open>"), "text 'XML:com.adobe.xmp' is damaged"),
    (chunk(b"eXIf", b"nothing"), "EXIF is damaged"),
    (chunk(b"zTXt", b"Raw profile type iptc\0\0" + zlib.compress(b"\niptc\n 9\nff")), "text 'Raw profile type iptc'"),
    (chunk(b"tEXt", b"Title\0text")[:-1] + b"?", "chunk 'tEXt' fails its checksum"),
    (chunk(b"prVT", b"unsafe"), "chunk 'prVT' belongs to the unmarked picture"),
    (chunk(b"caBX", b"jumbf"), "Content Credentials"),
]


@pytest.mark.parametrize(("lost", "named"), DAMAGED, ids=range(len(DAMAGED)))
def test_chunks_that_cannot_be_kept_are_reported(lost: bytes, named: str) -> None:
    done = watermark(some_png(2, 8, before=[lost, KEPT[0]]))
    assert len(done.warnings) == 1
    assert done.warnings[0].startswith(named)
    assert [name for name, _ in png_chunks(done.data)] == [b"IHDR", b"gAMA", b"IDAT", b"IEND"]


def test_a_histogram_is_removed_when_the_palette_changes() -> None:
    before = [chunk(b"PLTE", palette(4)), chunk(b"hIST", bytes(8))]
    done = watermark(png(SIZE, 3, 8, [0] * (SIZE[0] * SIZE[1]), before=before))
    assert b"hIST" not in dict(png_chunks(done.data))
    assert "hIST" in done.warnings[0]
