"""Tell whether a JPEG's Huffman tables are the standard ones, or were optimized for it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import IO, cast

from PIL import Image

from zenoimg.imaging.formats.jpeg.stream import DHT, EncodedChunks, JpegStream, read_stream


def has_standard_tables(stream: JpegStream) -> bool:
    """Return whether all Huffman tables are those of ITU-T T.81, annex K.3, or none are present (as in motion JPEG)."""
    return not stream.is_arithmetic and set(_tables(stream)) <= _standard_tables()


@cache
def _standard_tables() -> frozenset[bytes]:
    """Return the tables that libjpeg writes without optimization."""
    encoded = EncodedChunks()
    Image.new("RGB", (8, 8)).save(cast("IO[bytes]", encoded), "JPEG")
    return frozenset(_tables(read_stream(encoded.with_metadata([]))))


def _tables(stream: JpegStream) -> Iterator[bytes]:
    """Yield each table of a stream: class and destination, 16 counts, and the symbols."""
    for segment in stream.segments:
        payload = segment.payload if segment.marker == DHT else b""
        while len(payload) >= 17:
            length = 17 + sum(payload[1:17])
            yield payload[:length]
            payload = payload[length:]
