"""The orientation is written in the one form that all readers accept, and the mark is upright."""

from __future__ import annotations

import struct
from collections.abc import Callable
from io import BytesIO

import pytest
from PIL import Image

from tests.drawn import pictures
from tests.drawn.pictures import chunk, exif_segment, xmp_segment
from zenoimg.imaging import Watermarked, watermark
from zenoimg.imaging.metadata.exif import orientation_of, with_plain_orientation

SIZE = (160, 110)

#: Ways to write 6 that some readers accept: field type, count, value in the entry, value elsewhere.
ODD = {
    "LONG": (4, 1, struct.pack(">I", 6), b""),
    "BYTE": (1, 1, b"\6\0\0\0", b""),
    "two SHORTs": (3, 2, struct.pack(">HH", 6, 1), b""),
    "SLONG": (9, 1, struct.pack(">i", 6), b""),
    "SSHORT": (8, 1, struct.pack(">hh", 6, 0), b""),
    "RATIONAL": (5, 1, struct.pack(">I", 26), struct.pack(">II", 6, 1)),
    "float": (11, 1, struct.pack(">f", 6), b""),
}


def block(kind: int, count: int, value: bytes, elsewhere: bytes) -> bytes:
    return b"MM\0*" + struct.pack(">IHHHI", 8, 1, 0x0112, kind, count) + value + bytes(4) + elsewhere


def jpeg(exif: bytes) -> bytes:
    return pictures.jpeg(pictures.photo(SIZE), [exif_segment(exif)])


def png(exif: bytes) -> bytes:
    encoded = BytesIO()
    pictures.photo(SIZE).save(encoded, "PNG")
    return encoded.getvalue()[:33] + chunk(b"eXIf", exif) + encoded.getvalue()[33:]


def entry_of(done: Watermarked) -> tuple[int, int, int]:
    """Return type, count and value of the copy's orientation."""
    at = done.data.index(b"\1\x12", done.data.index(b"MM\0*"))
    return struct.unpack_from(">HIH", done.data, at + 2)


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("written", [jpeg, png], ids=["JPEG", "PNG"])
def test_an_unusual_entry_becomes_a_single_short(name: str, written: Callable[[bytes], bytes]) -> None:
    data = written(block(*ODD[name]))
    done = watermark(data)
    assert entry_of(done) == (3, 1, 6)
    assert (done.width, done.height) == (SIZE[1], SIZE[0])
    assert done.data[-200:] == watermark(written(block(3, 1, struct.pack(">HH", 6, 0), b""))).data[-200:]


@pytest.mark.parametrize("value", [0, 9, 77])
def test_invalid_orientations_are_kept(value: int) -> None:
    odd = block(4, 1, struct.pack(">I", value), b"")
    assert orientation_of(odd) == 1
    assert with_plain_orientation(odd) == odd


def test_contradictory_entries_agree_in_the_copy() -> None:
    twice = b"MM\0*" + struct.pack(">IH", 8, 2)
    twice += struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0) + struct.pack(">HHIHH", 0x0112, 3, 1, 3, 0) + bytes(4)
    assert with_plain_orientation(twice) == twice.replace(struct.pack(">HIH", 3, 1, 3), struct.pack(">HIH", 3, 1, 6))


@pytest.mark.parametrize(
    "packet", [pictures.xmp('tiff:Orientation="6"'), pictures.xmp("", "<tiff:Orientation>6</tiff:Orientation>")]
)
def test_an_orientation_stated_only_in_xmp_is_removed(packet: bytes) -> None:
    packet = packet.replace(b"xmlns:exif", b'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:exif')
    done = watermark(pictures.jpeg(pictures.photo(SIZE), [xmp_segment(packet)]))
    assert (done.width, done.height) == SIZE
    assert b"tiff:Orientation" not in done.data
    assert Image.open(BytesIO(done.data)).getexif().get(0x0112, 1) == 1


def test_an_orientation_in_xmp_that_agrees_with_exif_is_kept() -> None:
    packet = pictures.xmp('tiff:Orientation="6"')
    packet = packet.replace(b"xmlns:exif", b'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:exif')
    exif = exif_segment(pictures.exif(6))
    done = watermark(pictures.jpeg(pictures.photo(SIZE), [exif, xmp_segment(packet)]))
    assert b'tiff:Orientation="6"' in done.data


@pytest.mark.parametrize(("kind", "packed"), [(4, struct.pack("<I", 6)), (8, struct.pack("<h", 6) + b"\0\0")])
def test_an_unusual_entry_of_a_tiff_becomes_a_single_short(kind: int, packed: bytes) -> None:
    encoded = BytesIO()
    pictures.photo(SIZE).save(encoded, "TIFF", tiffinfo={274: 6})
    data = encoded.getvalue().replace(
        struct.pack("<HHIHH", 274, 3, 1, 6, 0), struct.pack("<HHI", 274, kind, 1) + packed
    )
    done = watermark(data)
    assert (done.width, done.height) == (SIZE[1], SIZE[0])
    assert struct.pack("<HHIHH", 274, 3, 1, 6, 0) in done.data
