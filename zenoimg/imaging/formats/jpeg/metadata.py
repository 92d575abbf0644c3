"""Which of a JPEG's application segments and comments its copy keeps, and in what form."""

from __future__ import annotations

from zenoimg.imaging.formats.jpeg.stream import (
    APP0,
    APP1,
    APP2,
    APP11,
    APP13,
    APP14,
    COM,
    MAX_PAYLOAD,
    JpegStream,
    Segment,
)
from zenoimg.imaging.formats.jpeg.xmp import XMP, XMP_EXTENSION, kept_xmp
from zenoimg.imaging.metadata.exif import orientation_of
from zenoimg.imaging.metadata.keeper import Keeper

EXIF = b"Exif\0"
_EXIF_HEADER_BYTES = 6
PHOTOSHOP = b"Photoshop 3.0\0"
_TIFF_HEADERS = (b"II*\0", b"MM\0*")

_KINDS = (
    (APP0, b"JFIF\0", "jfif"),
    (APP0, b"JFXX\0", "thumbnail"),
    (APP1, EXIF, "exif"),
    (APP1, XMP, "xmp"),
    (APP1, XMP_EXTENSION, "xmp"),
    (APP2, b"ICC_PROFILE\0", "colour"),
    (APP2, b"MPF\0", "picture directory"),
    (APP2, b"urn:iso:std:iso:ts:21496:-1\0", "picture directory"),
    (APP11, b"JP", "credentials"),
    (APP13, PHOTOSHOP, "photoshop"),
    (APP14, b"Adobe", "adobe"),
    (COM, b"", "other"),
)
_KEPT_BY_STRIP = {"jfif", "exif", "colour", "adobe"}


def orientation_in(stream: JpegStream) -> int:
    """Return the EXIF orientation, 1 to 8."""
    return orientation_of(b"".join(_exif_parts(stream)))


def kept_segments(stream: JpegStream, keeper: Keeper) -> list[Segment]:
    """Return the application segments and comments for the start of the copy.

    Blocks of several segments take the place of their first one. Thumbnails are left out without a warning: the copy
    lacks nothing that the picture does not show.
    """
    kept: list[Segment] = []
    done: set[str] = set()
    for segment in stream.segments:
        kind = _kind(segment)
        if kind is None or kind in done or (keeper.strips and kind not in _KEPT_BY_STRIP):
            continue
        match kind:
            case "jfif":
                kept.append(Segment(APP0, segment.payload[:12].ljust(12, b"\0") + b"\0\0"))
            case "exif":
                kept += _exif(stream, keeper)
                done.add(kind)
            case "xmp":
                kept += kept_xmp([other for other in stream.segments if _kind(other) == "xmp"], keeper)
                done.add(kind)
            case "photoshop":
                kept += _photoshop(stream, keeper)
                done.add(kind)
            case "credentials":
                keeper.warn("Content Credentials vouch for the unmarked picture and were left out")
                done.add(kind)
            case "hidden picture":
                keeper.warn(f"a picture inside segment APP{segment.marker - APP0} was left out")
            case "adobe" | "colour" | "other":
                kept.append(segment)
    return kept


def _kind(segment: Segment) -> str | None:
    """Return what a segment carries; ``None`` when pixels depend on it."""
    if not segment.is_metadata:
        return None
    for marker, prefix, kind in _KINDS:
        if segment.marker == marker and segment.payload.startswith(prefix):
            return kind
    return "hidden picture" if b"\xff\xd8\xff" in segment.payload else "other"


def _exif_parts(stream: JpegStream) -> list[bytes]:
    """Return the EXIF block in the pieces of its segments: some writers cut what is longer than one."""
    parts = [segment.payload[_EXIF_HEADER_BYTES:] for segment in stream.segments if _kind(segment) == "exif"]
    whole = parts[:1]
    for part in parts[1:]:
        if part.startswith(_TIFF_HEADERS):
            break
        whole.append(part)
    return whole


def _exif(stream: JpegStream, keeper: Keeper) -> list[Segment]:
    parts = _exif_parts(stream)
    if sum(_kind(segment) == "exif" for segment in stream.segments) > len(parts):
        keeper.warn("a second EXIF block, which no reader looks at, was left out")
    return _in_segments(keeper.exif(b"".join(parts)), APP1, EXIF + b"\0")


def _photoshop(stream: JpegStream, keeper: Keeper) -> list[Segment]:
    parts = [segment.payload[len(PHOTOSHOP) :] for segment in stream.segments if _kind(segment) == "photoshop"]
    return _in_segments(keeper.photoshop(b"".join(parts), "Photoshop and IPTC data are"), APP13, PHOTOSHOP)


def _in_segments(block: bytes, marker: int, header: bytes) -> list[Segment]:
    step = MAX_PAYLOAD - len(header)
    return [Segment(marker, header + block[at : at + step]) for at in range(0, len(block), step)]
