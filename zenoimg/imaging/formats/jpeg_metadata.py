"""Which of a JPEG's application segments and comments its copy keeps, and in what form."""

from __future__ import annotations

from zenoimg.imaging.formats.jpeg_stream import (
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
from zenoimg.imaging.formats.jpeg_xmp import XMP, XMP_EXTENSION, kept_xmp
from zenoimg.imaging.metadata.exif import DamagedExif, only_orientation, orientation_of, patched
from zenoimg.imaging.metadata.photoshop import DamagedResources, patched_resources
from zenoimg.imaging.recipe import MetadataPolicy

EXIF = b"Exif\0"
EXIF_HEADER_BYTES = 6
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
    """Give the EXIF orientation, 1 to 8."""
    return orientation_of(b"".join(_exif_parts(stream)))


def kept_metadata(stream: JpegStream, policy: MetadataPolicy, *, alone: bool) -> tuple[list[Segment], list[str]]:
    """Give the segments for the head of the copy, and warnings that name what could not be kept.

    ``alone`` tells that pictures behind the first are left out, and with them all that points at them.
    Blocks of several segments stand where their first one stood. Thumbnails go in silence: they show the
    unmarked picture.
    """
    kept: list[Segment] = []
    warnings: list[str] = []
    done: set[str] = set()
    for segment in stream.segments:
        kind = _kind(segment)
        if kind is None or kind in done or (policy == "strip" and kind not in _KEPT_BY_STRIP):
            continue
        match kind:
            case "jfif":
                kept.append(Segment(APP0, segment.payload[:12].ljust(12, b"\0") + b"\0\0"))
            case "exif":
                kept += _exif(stream, policy, warnings)
                done.add(kind)
            case "xmp":
                packets = [other for other in stream.segments if _kind(other) == "xmp"]
                kept += kept_xmp(packets, location=policy == "keep", alone=alone, warnings=warnings)
                done.add(kind)
            case "photoshop":
                kept += _photoshop(stream, policy, warnings)
                done.add(kind)
            case "adobe":
                kept.append(_adobe_as_written(segment, len(stream.components)))
            case "credentials":
                warnings.append("Content Credentials vouch for the unmarked picture and were left out")
                done.add(kind)
            case "hidden picture":
                warnings.append(f"a picture inside segment APP{segment.marker - APP0} was left out")
            case "colour" | "other":
                kept.append(segment)
    return kept, warnings


def _kind(segment: Segment) -> str | None:
    """Name what a segment carries; ``None`` when pixels are made of it."""
    if not segment.is_metadata:
        return None
    for marker, prefix, kind in _KINDS:
        if segment.marker == marker and segment.payload.startswith(prefix):
            return kind
    return "hidden picture" if b"\xff\xd8\xff" in segment.payload else "other"


def _exif_parts(stream: JpegStream) -> list[bytes]:
    """Give the EXIF block as its segments hold it: some writers cut what is longer than one segment."""
    parts = [segment.payload[EXIF_HEADER_BYTES:] for segment in stream.segments if _kind(segment) == "exif"]
    whole = parts[:1]
    for part in parts[1:]:
        if part.startswith(_TIFF_HEADERS):
            break
        whole.append(part)
    return whole


def _exif(stream: JpegStream, policy: MetadataPolicy, warnings: list[str]) -> list[Segment]:
    parts = _exif_parts(stream)
    if sum(_kind(segment) == "exif" for segment in stream.segments) > len(parts):
        warnings.append("a second EXIF block, which no reader looks at, was left out")
    block = b"".join(parts)
    orientation = orientation_of(block)
    if policy != "strip":
        try:
            return _in_segments(patched(block, location=policy == "keep"), APP1, EXIF + b"\0")
        except DamagedExif as damage:
            warnings.append(f"EXIF is damaged ({damage}) and was left out")
    return _in_segments(only_orientation(orientation), APP1, EXIF + b"\0") if orientation != 1 else []


def _photoshop(stream: JpegStream, policy: MetadataPolicy, warnings: list[str]) -> list[Segment]:
    parts = [segment.payload[len(PHOTOSHOP) :] for segment in stream.segments if _kind(segment) == "photoshop"]
    try:
        block = patched_resources(b"".join(parts), location=policy == "keep")
    except DamagedResources as damage:
        warnings.append(f"Photoshop and IPTC data are damaged ({damage}) and were left out")
        return []
    return _in_segments(block, APP13, PHOTOSHOP)


def _in_segments(block: bytes, marker: int, header: bytes) -> list[Segment]:
    step = MAX_PAYLOAD - len(header)
    return [Segment(marker, header + block[at : at + step]) for at in range(0, len(block), step)]


def _adobe_as_written(segment: Segment, components: int) -> Segment:
    """Four components are written as CMYK, whatever transform the source had."""
    if components != 4:
        return segment
    return Segment(APP14, segment.payload[:11] + b"\0" + segment.payload[12:])
