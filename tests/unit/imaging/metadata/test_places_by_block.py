"""Locations are removed from maker notes, TIFF, unknown blocks, thermal data and PNG texts."""

from __future__ import annotations

import struct

import pytest

from tests.drawn import gifs, pictures, tiffs
from tests.drawn.tiffs import UNDEFINED
from tests.unit.imaging.metadata import blocks
from tests.unit.imaging.metadata.blocks import (
    ASCII,
    EXIF_CARRIERS,
    LONG,
    PHOTO,
    maker_note,
    tiff_block,
)
from zenoimg.imaging import Recipe, Watermarked, watermark
from zenoimg.imaging.recipe import MetadataPolicy

POLICIES: tuple[MetadataPolicy, ...] = ("keep", "keep-no-gps", "keep-no-location", "strip")


def under(policy: MetadataPolicy, source: bytes) -> Watermarked:
    return watermark(source, Recipe(metadata=policy))


def directory(entries: list[tuple[int, int, int, bytes]], order: str) -> bytes:
    return struct.pack(order + "H", len(entries)) + b"".join(
        struct.pack(order + "HHI", tag, kind, count) + value for tag, kind, count, value in entries
    )


def nikon(order: str = ">") -> bytes:
    value = b"0100\1FR\0\0" + b"Paris".ljust(70, b"\0")
    head = b"Nikon\0\2\x10\0\0" + (b"MM\0*" if order == ">" else b"II*\0") + struct.pack(order + "I", 8)
    entries = [(0x0001, 7, 4, b"0210"), (0x0039, 7, len(value), struct.pack(order + "I", 8 + 2 + 24 + 4))]
    return head + directory(entries, order) + bytes(4) + value


def samsung() -> bytes:
    value = b"Paris\0"
    entries = [(0x0001, 7, 4, b"0100"), (0x0031, ASCII, len(value), struct.pack("<I", 2 + 24 + 4))]
    return directory(entries, "<") + bytes(4) + value


def in_exif_offsets(header: bytes, tag: int, value: bytes, order: str, make: bytes) -> bytes:
    """Return EXIF with maker notes whose offsets are relative to the start of EXIF."""
    filler = header + directory([(0x0001, 7, 4, b"0100"), (tag, 7, len(value), bytes(4))], order) + bytes(4) + value
    block = bytearray(maker_note(filler, make))
    at = block.index(value)
    entry = block.index(struct.pack(order + "HHI", tag, 7, len(value)))
    struct.pack_into(order + "I", block, entry + 8, at)
    return bytes(block)


PARIS = b"Paris".ljust(64, b"\0")
IN_MAKER_NOTES = {
    "Nikon": maker_note(nikon(), b"NIKON"),
    "Nikon, little endian": maker_note(nikon("<"), b"NIKON"),
    "Samsung": maker_note(samsung(), b"SAMSUNG"),
    "Panasonic": in_exif_offsets(b"Panasonic\0\0\0", 0x006D, PARIS, "<", b"Panasonic"),
    "Panasonic, landmark": in_exif_offsets(b"Panasonic\0\0\0", 0x006F, PARIS, ">", b"Panasonic"),
    "Pentax": in_exif_offsets(b"AOC\0MM", 0x0024, PARIS, ">", b"PENTAX"),
    "Casio": in_exif_offsets(b"QVC\0\0\0", 0x3006, PARIS, ">", b"CASIO"),
    "Canon": in_exif_offsets(b"", 0x0035, bytes(8) + b"Pari" + bytes(4), "<", b"Canon"),
}


@pytest.mark.parametrize("maker", IN_MAKER_NOTES)
def test_locations_in_maker_notes_are_zeroed_in_place(maker: str) -> None:
    block = IN_MAKER_NOTES[maker]
    source = EXIF_CARRIERS["JPEG"](block)
    assert block in under("keep", source).data
    assert block in under("keep-no-gps", source).data
    ((_, kept),) = [
        segment for segment in pictures.jpeg_segments(under("keep-no-location", source).data) if segment[0] == 0xE1
    ]
    assert b"Pari" not in kept
    differences = [index for index, (one, other) in enumerate(zip(block, kept[6:], strict=True)) if one != other]
    assert 0 < len(differences) <= 12


def test_damaged_maker_notes_are_kept_unchanged() -> None:
    block = maker_note(b"Nikon\0\2\x10\0\0MM\0*\0\0\xff\xff" + bytes(20), b"NIKON")
    assert block in under("keep-no-location", EXIF_CARRIERS["JPEG"](block)).data


IN_TIFF: dict[str, tiffs.Tags] = {
    "GPS": {34853: (LONG, {1: (ASCII, b"Paris\0")})},
    "GPS in EXIF": {34665: (LONG, {34853: (LONG, {1: (ASCII, b"Paris\0")})})},
    "GDAL": {42112: (ASCII, b"<GDALMetadata>Paris</GDALMetadata>\0")},
    "coordinates in a private tag": {65000: (UNDEFINED, b"GPS: Paris " + bytes(80))},
    "XMP in EXIF": {34665: (LONG, {700: (1, pictures.xmp('exif:GPSLatitude="Paris"'))})},
    "EXIF in a private tag": {
        65000: (UNDEFINED, tiff_block([(0x8825, LONG, 1, b"tail")], tail=b"\0\1\0\1\0\2\0\0\0\6\0\0\0\0Paris"))
    },
}


@pytest.mark.parametrize("place", list(IN_TIFF)[:5])
def test_coordinates_are_removed_from_tiff(place: str) -> None:
    source = blocks.tiff_with(IN_TIFF[place])
    assert b"Paris" in under("keep", source).data
    assert b"Paris" not in under("keep-no-gps", source).data
    assert b"Paris" not in under("keep-no-location", source).data


def test_relocated_maker_notes_that_name_a_location_are_left_out() -> None:
    note = b"Panasonic\0\0\0" + directory([(0x006D, 7, 64, struct.pack("<I", 500))], "<") + bytes(4) + PARIS
    tags: tiffs.Tags = {271: (ASCII, b"Panasonic\0"), 34665: (LONG, {37500: (UNDEFINED, note)})}
    source = blocks.tiff_with(tags)
    assert b"Paris" in under("keep-no-gps", source).data
    done = under("keep-no-location", source)
    assert b"Paris" not in done.data
    assert "the maker's notes in EXIF may tell the place and was left out" in done.warnings


UNKNOWN = {
    "segment": pictures.jpeg(PHOTO, [(0xE7, b"DJI\0 GPS 48.85 Paris")]),
    "segment in UTF-16": pictures.jpeg(PHOTO, [(0xE7, "latitude Paris".encode("utf-16-le"))]),
    "GoPro": pictures.jpeg(PHOTO, [(0xE6, b"GoPro\0GPS5 Paris")]),
    "chunk": blocks.png_with(pictures.chunk(b"prVt", b"geotag Paris")),
    "WebP's chunk": blocks.webp_with((b"LOCA", b"latitude Paris")),
    "GIF's application": blocks.gif_with(gifs.application(b"GPSTRACK1.0", gifs.in_blocks(b"gps Paris"))),
}


@pytest.mark.parametrize("kind", UNKNOWN)
def test_unknown_blocks_that_mention_coordinates_are_left_out_and_reported(kind: str) -> None:
    for policy in POLICIES[1:3]:
        done = under(policy, UNKNOWN[kind])
        assert b"Paris" not in done.data.replace(b"\0", b"")
        assert len(done.warnings) == 1
        assert done.warnings[0].endswith("may tell the place and was left out")
    assert b"Paris" in under("keep", UNKNOWN[kind]).data.replace(b"\0", b"")


def test_segments_with_location_fields_are_left_out_if_place_names_are_removed() -> None:
    source = pictures.jpeg(PHOTO, [(0xE5, b"RMETA\0\0\1City Paris")])
    assert b"Paris" in under("keep-no-gps", source).data
    done = under("keep-no-location", source)
    assert b"Paris" not in done.data
    assert done.warnings == ("segment APP5 may tell the place and was left out",)


def flir(records: bytes, count: int) -> bytes:
    head = b"FFF\0" + b"camera".ljust(16, b"\0") + struct.pack(">III", 100, 64, count)
    return b"FLIR\0\1\0\0" + head.ljust(64, b"\0") + records


def test_thermal_data_loses_its_gps_record_and_keeps_the_rest() -> None:
    records = struct.pack(">HHIIIII", 0x2B, 2, 100, 1, 128, 16, 0).ljust(32, b"\0")
    records += struct.pack(">HHIIIII", 0x20, 2, 100, 1, 144, 8, 0).ljust(32, b"\0")
    source = pictures.jpeg(PHOTO, [(0xE1, flir(records + b"place of picture" + b"celsius!", 2))])
    done = under("keep-no-location", source)
    assert b"celsius!" in done.data
    assert b"place of picture" not in done.data
    assert done.warnings == ()
    assert b"place of picture" in under("keep", source).data
    damaged = pictures.jpeg(PHOTO, [(0xE1, flir(b"", 9) + b"place of picture")])
    assert b"place of picture" not in under("keep-no-gps", damaged).data


@pytest.mark.parametrize(
    ("keyword", "goes"),
    [
        (b"exif:GPSLatitude", True),
        (b"City", True),
        (b"iptc:City", True),
        (b"Location", True),
        (b"exif:SubjectLocation", False),
        (b"exif:SubjectArea", False),
        (b"Description", False),
    ],
)
def test_png_texts_are_classified_by_their_keywords(keyword: bytes, goes: bool) -> None:
    chunk = pictures.chunk(b"tEXt", keyword + b"\0Paris")
    assert (chunk in under("keep-no-location", blocks.png_with(chunk)).data) != goes
    assert chunk in under("keep", blocks.png_with(chunk)).data
