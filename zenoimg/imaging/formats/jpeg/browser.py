"""Prepare a JPEG for delivery to a browser."""

from __future__ import annotations

from zenoimg.imaging.formats.jpeg.ending import check_complete
from zenoimg.imaging.formats.jpeg.metadata import kept_segments
from zenoimg.imaging.formats.jpeg.stream import EOI_BYTES, SOS, read_stream
from zenoimg.imaging.metadata.keeper import Keeper
from zenoimg.imaging.metadata.policy import Rights


def without_metadata(data: bytes) -> bytes | None:
    """Return the file without metadata except its colour profile and orientation.

    Return ``None`` for CMYK, which browsers show in other colours, and if there is metadata between scans.
    """
    stream = read_stream(data)
    if not stream.ended:
        check_complete(data, stream)
    markers = [segment.marker for segment in stream.segments]
    head = stream.segments[: markers.index(SOS)]
    between_scans = stream.segments[len(head) :]
    if len(stream.components) == 4 or any(segment.is_metadata for segment in between_scans):
        return None
    kept = kept_segments(stream, Keeper("strip", Rights(strip="all"), alone=True))
    tables = [segment for segment in head if not segment.is_metadata]
    scans = memoryview(data)[stream.first_scan : stream.end]
    return b"".join(
        (b"\xff\xd8", *(segment.encoded for segment in (*kept, *tables)), scans, b"" if stream.ended else EOI_BYTES)
    )
