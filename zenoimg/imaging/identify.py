"""Names a file's format from its first bytes. Imports nothing of Pillow: cheap enough before an upload."""

from __future__ import annotations

import re
from dataclasses import dataclass

HEAD_BYTES = 64
"""As many bytes as ``identify`` wants to see; fewer are fine for a shorter file."""

SUPPORTED = ("JPEG", "PNG", "WebP", "GIF", "TIFF", "BMP", "AVIF")
"""The formats that ``watermark`` writes."""


@dataclass(frozen=True)
class Identified:
    """A format by name, its media type, and whether ``watermark`` writes it."""

    format: str
    content_type: str
    supported: bool


_CONTENT_TYPES = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "GIF": "image/gif",
    "WebP": "image/webp",
    "AVIF": "image/avif",
    "HEIC": "image/heic",
    "TIFF": "image/tiff",
    "BMP": "image/bmp",
    "JPEG XL": "image/jxl",
    "JPEG 2000": "image/jp2",
    "PSD": "image/vnd.adobe.photoshop",
    "SVG": "image/svg+xml",
    "EPS": "application/postscript",
    "ICO": "image/vnd.microsoft.icon",
    "PDF": "application/pdf",
    "MNG": "video/x-mng",
    "Apple CgBI PNG": "image/png",
    "Netpbm": "image/x-portable-anymap",
    "OpenEXR": "image/x-exr",
    "Radiance HDR": "image/vnd.radiance",
    "QOI": "image/qoi",
    "DDS": "image/vnd.ms-dds",
    "XCF": "image/x-xcf",
    "camera raw": "image/x-dcraw",
    "video": "video/mp4",
}

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
    (b"IIU\x00", "camera raw"),
)

_BRANDS = {
    b"avif": "AVIF",
    b"avis": "AVIF",
    b"heic": "HEIC",
    b"heix": "HEIC",
    b"hevc": "HEIC",
    b"hevx": "HEIC",
    b"heim": "HEIC",
    b"heis": "HEIC",
    b"mif1": "HEIC",
    b"msf1": "HEIC",
    b"crx ": "camera raw",
}

_NETPBM = re.compile(rb"P[1-7][ \t\r\n#]")


def identify(head: bytes) -> Identified | None:
    """Name a file's format from its first ``HEAD_BYTES`` bytes; ``None`` when they are no known picture."""
    name = _format_name(bytes(head[:HEAD_BYTES]))
    if name is None:
        return None
    return Identified(name, _CONTENT_TYPES[name], name in SUPPORTED)


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
    # The info header's length at byte 14 tells a bitmap from a text that begins with "BM".
    if head[:2] == b"BM" and head[14:18] in {bytes((n, 0, 0, 0)) for n in (12, 40, 52, 56, 64, 108, 124)}:
        return "BMP"
    if _NETPBM.match(head):
        return "Netpbm"
    return _svg_name(head)


def _iso_media_name(head: bytes) -> str:
    """Name the brand of an ISO base media file (ISO/IEC 14496-12, 4.3): the major, or a compatible one."""
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
