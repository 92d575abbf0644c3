"""Identify the format of a file from its first bytes, without Pillow: cheap enough to run before each upload."""

from __future__ import annotations

import re
from dataclasses import dataclass

from zenoimg.imaging.formats import FORMATS

HEAD_BYTES = 64
"""The number of bytes that ``identify`` needs; for a shorter file, all of it."""


@dataclass(frozen=True)
class Identified:
    """A format's name, its media type, and whether ``watermark`` supports it."""

    format: str
    content_type: str
    supported: bool


_PREFIXES = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
    (b"8BPS", "PSD"),
    (b"%!PS", "EPS"),
    (b"\xc5\xd0\xd3\xc6", "EPS"),
    (b"\x00\x00\x01\x00", "ICO"),
    (b"\x00\x00\x02\x00", "ICO"),
    (b"%PDF-", "PDF"),
    (b"\x8aMNG\r\n\x1a\n", "MNG"),
    (b"\x8bJNG\r\n\x1a\n", "MNG"),
    (b"\x76\x2f\x31\x01", "OpenEXR"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"qoif", "QOI"),
    (b"DDS ", "DDS"),
    (b"gimp xcf", "XCF"),
    (b"FUJIFILMCCD-RAW", "camera raw"),
    (b"IIRO", "camera raw"),
    (b"IIRS", "camera raw"),
    (b"MMOR", "camera raw"),
    (b"IIU\x00", "camera raw"),
    (b"FOVb", "camera raw"),
    (b"\x00MRM", "camera raw"),
)

_BRANDS = {
    b"avif": "AVIF",
    b"avis": "AVIF",
    b"heic": "HEIF",
    b"heix": "HEIF",
    b"hevc": "HEIF",
    b"hevx": "HEIF",
    b"heim": "HEIF",
    b"heis": "HEIF",
    b"mif1": "HEIF",
    b"msf1": "HEIF",
    b"crx ": "camera raw",
}

_NETPBM = re.compile(rb"P[1-7][ \t\r\n#]")


def identify(head: bytes) -> Identified | None:
    """Return the format of a file from its first ``HEAD_BYTES`` bytes, or ``None`` if it is unknown."""
    name = _format_name(bytes(head[:HEAD_BYTES]))
    if name is None:
        return None
    known = FORMATS[name]
    return Identified(name, known.media_type, known.is_supported)


def _format_name(head: bytes) -> str | None:
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "Apple CgBI PNG" if head[12:16] == b"CgBI" else "PNG"
    for prefix, name in _PREFIXES:
        if head.startswith(prefix):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head[:4] in (b"II*\x00", b"MM\x00*"):
        return "camera raw" if head[8:10] == b"CR" else "TIFF"
    if head[4:8] == b"ftyp":
        return _iso_media_name(head)
    # The length of the info header, at byte 14, tells a bitmap from text that begins with "BM".
    if head[:2] == b"BM" and head[14:18] in {bytes((n, 0, 0, 0)) for n in (12, 40, 52, 56, 64, 108, 124)}:
        return "BMP"
    if _NETPBM.match(head):
        return "Netpbm"
    return _svg_name(head)


def _iso_media_name(head: bytes) -> str:
    """Return the format from the major or compatible brands of an ISO base media file (ISO/IEC 14496-12, 4.3)."""
    size = int.from_bytes(head[:4], "big")
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, min(size, len(head)), 4))]
    named = [_BRANDS[brand] for brand in brands if brand in _BRANDS]
    if "AVIF" in named:
        return "AVIF"
    return named[0] if named else "video"


def _svg_name(head: bytes) -> str | None:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith((b"<svg", b"<!doctype svg")) or (text.startswith(b"<?xml") and b"<svg" in text):
        return "SVG"
    return None
