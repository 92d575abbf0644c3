"""Which of a JPEG's application segments and comments its copy keeps, and in what form."""

from __future__ import annotations

from zenoimg.imaging.formats.jpeg_stream import (
    APP0,
    APP1,
    APP2,
    APP14,
    JpegStream,
    Segment,
)
from zenoimg.imaging.metadata.exif import DamagedExif, only_orientation, orientation_of, patched
from zenoimg.imaging.recipe import MetadataPolicy

EXIF = b"Exif\0"
EXIF_HEADER = b"Exif\0\0"


def orientation_in(stream: JpegStream) -> int:
    """Give the EXIF orientation, 1 to 8."""
    return orientation_of(_exif_block(stream)) if _exif_segments(stream) else 1


def kept_metadata(
    stream: JpegStream, behind: bytes, policy: MetadataPolicy
) -> tuple[list[Segment], list[str]]:
    """Give the segments for the head of the copy, and warnings that name what is left out.

    ``behind`` is what follows the first picture in its file.
    """
    warnings: list[str] = []
    kept: list[Segment] = []
    exif = _exif_segments(stream)
    for segment in stream.segments:
        if not segment.is_metadata:
            continue
        if segment in exif:
            if segment is exif[0]:
                kept += _exif_kept(stream, policy, warnings)
        elif segment.marker == APP0 and segment.payload[:5] == b"JFIF\0":
            kept.append(Segment(APP0, segment.payload[:12].ljust(12, b"\0") + b"\0\0"))
        elif segment.marker == APP14 and segment.payload[:5] == b"Adobe":
            kept.append(_adobe_kept(segment))
        elif (segment.marker == APP2 and segment.payload[:12] == b"ICC_PROFILE\0") or policy != "strip":
            kept.append(segment)
    return kept, warnings


def _exif_segments(stream: JpegStream) -> list[Segment]:
    return [segment for segment in stream.segments if segment.marker == APP1 and segment.payload[:5] == EXIF]


def _exif_block(stream: JpegStream) -> bytes:
    return _exif_segments(stream)[0].payload[len(EXIF_HEADER) :]


def _exif_kept(stream: JpegStream, policy: MetadataPolicy, warnings: list[str]) -> list[Segment]:
    block = _exif_block(stream)
    orientation = orientation_of(block)
    try:
        block = (
            only_orientation(orientation) if policy == "strip" else patched(block, location=policy == "keep")
        )
    except DamagedExif:
        warnings.append("EXIF is damaged and was left out")
        block = only_orientation(orientation)
    return [Segment(APP1, EXIF_HEADER + block)]


def _adobe_kept(segment: Segment) -> Segment:
    return segment
