"""The colour profile of a JPEG, which may be split over several segments (ICC.1:2022, annex B.4)."""

from __future__ import annotations

from zenoimg.imaging.colour.tags import ColourTags
from zenoimg.imaging.formats.jpeg.stream import APP2, JpegStream

_NAME = b"ICC_PROFILE\0"
_MODES = {1: "L", 4: "CMYK"}


def colours_in(stream: JpegStream) -> ColourTags:
    """Return what a JPEG says about its colours."""
    parts = [
        segment.payload[len(_NAME) :]
        for segment in stream.segments
        if segment.marker == APP2 and segment.payload.startswith(_NAME)
    ]
    profile = b"".join(part[2:] for part in sorted(parts, key=lambda part: part[:1]))
    return ColourTags(_MODES.get(len(stream.components), "RGB"), icc=profile)
