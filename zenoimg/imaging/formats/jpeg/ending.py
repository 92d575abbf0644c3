"""JPEGs without an end marker, which viewers show and which may have all pixels."""

from __future__ import annotations

from typing import IO, cast

from PIL.JpegImagePlugin import JpegImageFile

from zenoimg.imaging.errors import Refused
from zenoimg.imaging.formats.jpeg.stream import PROGRESSIVE, SOS, JpegStream, PixelStream

NO_END_MARKER = "the file lacks its end marker, which the copy has"

# Bits that the decoder would use for missing pixels. They contain no marker.
_OTHER_BITS = b"\xa5\x5a" * 64


def check_complete(data: bytes, stream: JpegStream) -> None:
    """Raise ``Refused("corrupt")`` if pixels are missing at the end of a JPEG without an end marker.

    libjpeg silently fills in missing pixels from whatever bits follow, so none is missing if the picture is the same
    whatever follows. Progressive pictures must also have all scans down to the last bit.
    """
    if not _has_all_scans(stream) or _decoded(data, stream, b"") != _decoded(data, stream, _OTHER_BITS):
        raise Refused("corrupt", "the JPEG is truncated: pixels at its end are missing")


def _decoded(data: bytes, stream: JpegStream, following: bytes) -> bytes:
    picture = JpegImageFile(cast("IO[bytes]", PixelStream(data, stream, following)))
    return picture.tobytes()


def _has_all_scans(stream: JpegStream) -> bool:
    """Return whether each component's 64 coefficients are coded to their last bit (ITU-T T.81, G.1)."""
    missing = {(component.identifier, index) for component in stream.components for index in range(64)}
    for segment in stream.segments:
        if segment.marker != SOS:
            continue
        count = segment.payload[0]
        first, last, bits = segment.payload[1 + 2 * count : 4 + 2 * count]
        if stream.frame_marker not in PROGRESSIVE:
            first, last, bits = 0, 63, 0
        if bits & 15 == 0:
            components = segment.payload[1 : 1 + 2 * count : 2]
            missing -= {(identifier, index) for identifier in components for index in range(first, last + 1)}
    return not missing
