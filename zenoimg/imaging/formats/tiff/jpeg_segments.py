"""Decode and encode JPEG strips and tiles (TIFF Technical Note 2) with their own tables and sampling."""

from __future__ import annotations

from io import BytesIO
from typing import IO, cast

from PIL import Image, ImageChops
from PIL.JpegImagePlugin import JpegImageFile

from zenoimg.imaging.errors import Refused
from zenoimg.imaging.formats.jpeg.encoding import LOSSLESS_QUALITY
from zenoimg.imaging.formats.jpeg.quiet import without_coarse_table_notes
from zenoimg.imaging.formats.jpeg.stream import APP14, SOS, EncodedChunks, JpegStream, Segment, read_stream
from zenoimg.imaging.formats.sampling import FINEST, sampling_of
from zenoimg.imaging.formats.tiff.layout import CMYK, RGB, YCBCR, Layout
from zenoimg.imaging.formats.tiff.pixels import Channels

_PROGRESSIVE = 0xC2
_DECODABLE = {0xC0, 0xC1, _PROGRESSIVE}
_LONGEST_TABLES = 4_096  # four tables of 131 bytes and eight of about 200; each tile reads them
_MOST_PADDING = 16  # rows that an encoder may add to fill its last blocks


class JpegSegment:
    """A strip or tile that is a JPEG stream; ``tables`` is the page's ``JPEGTables``."""

    def __init__(self, segment: bytes, layout: Layout, tables: bytes) -> None:
        data = segment
        if len(tables) > _LONGEST_TABLES:
            raise Refused("corrupt", f"the TIFF's JPEG tables are {len(tables):,} bytes long")
        if len(tables) > 4 and segment[:2] == b"\xff\xd8":
            data = tables.removesuffix(b"\xff\xd9") + segment[2:]
        self._stream = read_stream(data)
        self._photometric = layout.photometric
        _check(self._stream, layout)
        self._picture = JpegImageFile(BytesIO(_decodable(data, self._stream, layout.photometric)))
        self._picture.load()

    @property
    def is_lossless(self) -> bool:
        """Whether the stream is lossless, which cannot be written."""
        return self._stream.is_lossless

    def channels(self, first: int, last: int) -> Channels:
        """Return the channels of some rows: YCbCr as red, green and blue, inks unchanged."""
        channels = list(self._picture.crop((0, first, self._picture.width, last)).split())
        return [ImageChops.invert(channel) for channel in channels] if self._photometric == CMYK else channels

    def put(self, first: int, channels: Channels) -> None:
        """Write rows back."""
        if self._photometric == CMYK:
            channels = [ImageChops.invert(channel) for channel in channels]
        self._picture.paste(Image.merge(self._picture.mode, channels), (0, first))

    def encoded(self) -> bytes:
        """Return the encoded segment: a stream with its own tables."""
        picture, stream = self._picture, self._stream
        encoded = EncodedChunks()
        if stream.is_lossless:
            picture.save(cast("IO[bytes]", encoded), "JPEG", comment=b"", quality=LOSSLESS_QUALITY)
            return encoded.with_metadata([])
        tables = [list(picture.quantization[component.table]) for component in stream.components]
        while len(tables) > 1 and tables[-1] == tables[-2]:
            tables.pop()
        with without_coarse_table_notes(any(max(table) > 255 for table in tables)):
            picture.save(
                cast("IO[bytes]", encoded),
                "JPEG",
                comment=b"",
                qtables=tables,
                subsampling=(_sampling(stream) or FINEST) if self._photometric == YCBCR else -1,
                keep_rgb=self._photometric == RGB,
                progressive=stream.frame_marker == _PROGRESSIVE,
                restart_marker_blocks=stream.restart_interval,
            )
        return encoded.with_metadata([])


def _check(stream: JpegStream, layout: Layout) -> None:
    decodable = stream.frame_marker in _DECODABLE or (stream.is_lossless and len(stream.components) == 1)
    if not decodable or stream.precision != 8:
        raise Refused(
            "unsupported-format", "TIFF of arithmetic or 12-bit JPEG, or of lossless JPEG in colour, is not supported"
        )
    if len(stream.components) != layout.segment_samples:
        raise Refused("corrupt", "the TIFF's JPEG data and its tags differ in the number of channels")
    if stream.width != layout.segment_width or stream.height > layout.segment_height + _MOST_PADDING:
        raise Refused("corrupt", f"the TIFF's JPEG data is {stream.width} x {stream.height}, unlike its tags")
    factors = {(component.horizontal, component.vertical) for component in stream.components}
    if len(factors) > 1 and (layout.photometric != YCBCR or _sampling(stream) is None):
        raise Refused("unsupported-format", "TIFF of JPEG with this subsampling of its channels is not supported")


def _sampling(stream: JpegStream) -> str | None:
    return sampling_of((part.horizontal, part.vertical) for part in stream.components)


def _decodable(data: bytes, stream: JpegStream, photometric: int) -> bytes:
    """Return a JPEG file with the colour transform of the page's tags, whatever markers the stream has."""
    adobe = Segment(APP14, b"Adobe\0\x64\0\0\0\0" + bytes((photometric == YCBCR,)))
    head = [
        segment.encoded
        for segment in stream.segments[: [segment.marker for segment in stream.segments].index(SOS)]
        if not segment.is_metadata
    ]
    return b"".join((b"\xff\xd8", adobe.encoded, *head, memoryview(data)[stream.first_scan : stream.end]))
