"""Hostile EXIF, XMP, IPTC and Photoshop resources, each in the smallest picture that can hold it."""

from __future__ import annotations

import struct

from benchmarks.hostile_files import FLOOD, MIDDLE, SMALL, Cases, saved, with_chunks
from tests.drawn.animations import webp_chunk, webp_file, webp_image_data
from tests.drawn.pictures import chunk, exif, photo, resource, xmp
from tests.drawn.tiffs import Sheet, tiff

ENTRIES = 60_000


def metadata_cases() -> Cases:
    """Return the cases by name."""
    small_png = saved("PNG", SMALL)
    png = small_png, saved("PNG", MIDDLE, busy="noise")
    tiffs = saved("TIFF", SMALL, "L"), saved("TIFF", (2000, 1000), "L", busy="noise")
    lossy = webp_image_data(photo(SMALL))
    webps = webp_file(SMALL, lossy, flags=0), saved("WEBP", (1000, 660), busy="noise", lossless=True)
    packets = {
        "elements": xmp(elements="<a/>" * (FLOOD // 4)),
        "elements with text": xmp(elements="<dc:a>1</dc:a>" * (FLOOD // 14)),
        "places as elements": xmp(elements="<exif:GPSx/>" * (FLOOD // 12)),
        "places as attributes": xmp(elements='<dc:a exif:GPSx=""/>' * (FLOOD // 20)),
        "attributes": xmp(" ".join(f'dc:a{number}=""' for number in range(FLOOD // 12))),
        "elements in elements": xmp(elements="<a>" * (FLOOD // 7) + "</a>" * (FLOOD // 7)),
        "a value of two megabytes": xmp(f'dc:a="{"x " * (FLOOD // 2)}"'),
        "names of namespaces": xmp(elements='<a xmlns:b="c"/>' * (FLOOD // 16)),
        "entities": b'<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><a>&b;</a>',
    }
    blocks = {
        "places in EXIF": _places(ENTRIES),
        "values of the whole block in a thumbnail": _thumbnail(ENTRIES, 2_000_000),
        "values of the whole block in a place": _place(ENTRIES, 2_000_000),
        "EXIF directories": _children(ENTRIES),
        "entries": _entries(ENTRIES),
    }
    datasets = b"\x1c\2\5\0\0" * (FLOOD // 5)
    long_lengths = b"\x1c\2\5\x80\0" * (FLOOD // 5)
    resources = resource(0x0404, b"") * (FLOOD // 12)
    hexed = datasets[: FLOOD // 2 // 5 * 5].hex().encode()
    raw = b"Raw profile type iptc\0\niptc\n" + str(len(hexed) // 2).encode() + b"\n" + hexed
    words = b"Raw profile type iptc\0" + b"a " * (FLOOD // 2)
    return {
        **{
            f"XMP in PNG: {name}": (
                with_chunks(small_png, chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet)),
                *png,
            )
            for name, packet in packets.items()
        },
        "XMP in TIFF: elements": (_tiff(700, packets["elements"]), *tiffs),
        "XMP in TIFF: places as attributes": (_tiff(700, packets["places as attributes"]), *tiffs),
        "XMP in WebP: attributes": (
            webp_file(SMALL, lossy + webp_chunk(b"XMP ", packets["attributes"]), flags=4),
            *webps,
        ),
        **{
            f"EXIF in PNG: {name}": (with_chunks(small_png, chunk(b"eXIf", block)), *png)
            for name, block in blocks.items()
        },
        "IPTC in TIFF: datasets": (_tiff(33723, datasets), *tiffs),
        "IPTC in TIFF: datasets of long lengths": (_tiff(33723, long_lengths), *tiffs),
        "Photoshop in TIFF: resources": (_tiff(34377, resources), *tiffs),
        "Photoshop in TIFF: datasets": (_tiff(34377, resource(0x0404, datasets)), *tiffs),
        "raw profile in PNG: datasets": (with_chunks(small_png, chunk(b"tEXt", raw)), *png),
        "raw profile in PNG: words": (with_chunks(small_png, chunk(b"tEXt", words)), *png),
    }


def _tiff(tag: int, value: bytes) -> bytes:
    return tiff(Sheet(SMALL, photo(SMALL, "L").tobytes(), tags={tag: (7, value)}))


def _directory(entries: bytes, following: int = 0) -> bytes:
    return struct.pack("<H", len(entries) // 12) + entries + struct.pack("<I", following)


def _places(count: int) -> bytes:
    """Return a first directory that refers to a GPS directory many times."""
    end = 8 + 6 + 12 * count
    return b"II*\0\x08\0\0\0" + _directory(struct.pack("<HHII", 0x8825, 4, 1, end) * count) + _directory(b"")


def _children(count: int) -> bytes:
    """Return a first directory that refers to EXIF directories many times, namely itself."""
    return b"II*\0\x08\0\0\0" + _directory(struct.pack("<HHII", 0x8769, 4, 1, 8) * count)


def _thumbnail(count: int, length: int) -> bytes:
    entries = struct.pack("<HHII", 0x9000, 1, length, 14) * count
    return b"II*\0\x08\0\0\0" + _directory(b"", 14) + _directory(entries) + bytes(length)


def _place(count: int, length: int) -> bytes:
    entries = struct.pack("<HHII", 0x9000, 1, length, 26) * count
    first = _directory(struct.pack("<HHII", 0x8825, 4, 1, 26))
    return b"II*\0\x08\0\0\0" + first + _directory(entries) + bytes(length)


def _entries(count: int) -> bytes:
    return exif(6) and b"II*\0\x08\0\0\0" + _directory(struct.pack("<HHII", 0x9000, 3, 1, 1) * count)
