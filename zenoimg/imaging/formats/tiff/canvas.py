"""The rows of a TIFF page that a mark covers, read from strips or tiles and written back into them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from PIL import Image

from zenoimg.imaging.errors import Refused
from zenoimg.imaging.formats.jpeg.stream import read_stream
from zenoimg.imaging.formats.tiff.codecs import FAX_OPTIONS, compressed, decompressed
from zenoimg.imaging.formats.tiff.file import Page
from zenoimg.imaging.formats.tiff.jpeg_segments import JpegSegment
from zenoimg.imaging.formats.tiff.layout import JPEG, Layout
from zenoimg.imaging.formats.tiff.pixels import Channels, bytes_of, channels_of
from zenoimg.imaging.marking.mark import Overlay
from zenoimg.imaging.marking.overlap import covered_boxes, within

_JPEG_TABLES = 347


class RawSegment:
    """A strip or tile in a lossless codec; ``data`` holds the bytes of its rows, numbered from its top."""

    def __init__(self, data: bytearray, page: Page, layout: Layout) -> None:
        self.data, self._layout, self._order = data, layout, page.directory.form.order

    def channels(self, first: int, last: int) -> Channels:
        """Return the channels of rows."""
        stride = self._layout.row_bytes
        rows = bytes(self.data[first * stride : last * stride])
        return channels_of(rows, self._layout, last - first, self._order)

    def put(self, first: int, channels: Channels) -> None:
        """Write rows back; the padding of rows to whole bytes becomes zero."""
        rows = bytes_of(channels, self._layout, self._order)
        start = first * self._layout.row_bytes
        self.data[start : start + len(rows)] = rows


class Canvas:
    """The part of a page that is drawn on: whole segments horizontally, the rows of the mark vertically.

    ``channels`` are drawn on in place; ``overlay`` is the page's, in their coordinates.
    """

    def __init__(self, page: Page, layout: Layout, overlay: Overlay) -> None:
        self._page, self._layout = page, layout
        inside = covered_boxes(overlay, (layout.width, layout.height))
        width, height = layout.segment_width, layout.segment_height
        self._touched = sorted(
            {
                row * layout.across + column
                for left, top, right, bottom in inside
                for row in range(top // height, -(-bottom // height))
                for column in range(left // width, -(-right // width))
            }
        )
        boxes = [layout.box(index) for index in self._touched]
        left, right = min(box[0] for box in boxes), max(box[2] for box in boxes)
        top, bottom = min(box[1] for box in inside), max(box[3] for box in inside)
        self._box = left, top, right, bottom
        mode = "I;16" if layout.depth == 16 else "L"
        self.channels = [Image.new(mode, (right - left, bottom - top)) for _ in range(layout.samples)]
        self.overlay = within(overlay, self._box)
        self._opened = _opened(page, layout, self._numbers())
        for number, segment in self._opened.items():
            first, last, at = self._rows(number)
            for channel, part in zip(self._of(number), segment.channels(first, last), strict=True):
                channel.paste(part, at)

    @property
    def loses_lossless_jpeg(self) -> bool:
        """Whether any segments were lossless JPEG, which becomes baseline JPEG."""
        return any(isinstance(segment, JpegSegment) and segment.is_lossless for segment in self._opened.values())

    def segments(self) -> tuple[bytes, ...]:
        """Return all of the page's segments with the drawing in them."""
        segments = list(self._page.segments)
        for number, segment in self._opened.items():
            first, last, at = self._rows(number)
            box = (*at, at[0] + self._layout.segment_width, at[1] + last - first)
            segment.put(first, [channel.crop(box) for channel in self._of(number)])
        for number, encoded in _encoded(self._page, self._layout, self._opened):
            segments[number] = encoded
        return tuple(segments)

    def _numbers(self) -> list[int]:
        count = self._layout.across * self._layout.down
        return [plane * count + index for plane in range(self._layout.planes) for index in self._touched]

    def _of(self, number: int) -> Channels:
        """Return the channels that are in a segment."""
        if not self._layout.planar:
            return self.channels
        plane = number // (self._layout.across * self._layout.down)
        return self.channels[plane : plane + 1]

    def _rows(self, number: int) -> tuple[int, int, tuple[int, int]]:
        """Return the first and last row of a segment that are on the canvas, and their position there."""
        left, top, _, bottom = self._layout.box(number % (self._layout.across * self._layout.down))
        first, last = max(top, self._box[1]), min(bottom, self._box[3])
        return first - top, last - top, (left - self._box[0], first - self._box[1])


def trimmed(page: Page, layout: Layout) -> Page:
    """Return a page whose segments end where their pixels do: those of inferred lengths are re-encoded."""
    if not page.inferred:
        return page
    segments = list(page.segments)
    if layout.compression == JPEG:
        segments = [segment[: read_stream(segment).end] for segment in segments]
    else:
        for rows, numbers in of_equal_rows(layout, range(layout.across * layout.down * layout.planes)).items():
            parts = [bytes(part) for part in rows_of(page, layout, numbers, rows)]
            before = [page.segments[number] for number in numbers]
            encoded = compressed(parts, layout, rows, _fax_options(page, layout), before)
            for number, segment in zip(numbers, encoded, strict=True):
                segments[number] = segment
    return replace(page, segments=tuple(segments))


def of_equal_rows(layout: Layout, numbers: Iterable[int]) -> dict[int, list[int]]:
    """Return segments grouped by number of rows, since the last strip may have fewer."""
    groups: dict[int, list[int]] = {}
    for number in numbers:
        _, top, _, bottom = layout.box(number % (layout.across * layout.down))
        groups.setdefault(bottom - top, []).append(number)
    return groups


def rows_of(page: Page, layout: Layout, numbers: Iterable[int], rows: int) -> list[bytearray]:
    """Return the bytes of segments of ``rows`` rows each."""
    segments = [page.segments[number] for number in numbers]
    if not all(segments):
        raise Refused("corrupt", "the TIFF has no pixels where the mark belongs")
    return decompressed(segments, layout, rows, _fax_options(page, layout))


def _fax_options(page: Page, layout: Layout) -> int:
    option = FAX_OPTIONS.get(layout.compression)
    return page.directory.number(option, 0) if option else 0


def _opened(page: Page, layout: Layout, numbers: list[int]) -> dict[int, RawSegment | JpegSegment]:
    if layout.compression != JPEG:
        return {
            number: RawSegment(data, page, layout)
            for rows, group in of_equal_rows(layout, numbers).items()
            for number, data in zip(group, rows_of(page, layout, group, rows), strict=True)
        }
    tables = page.directory.entries.get(_JPEG_TABLES)
    if not all(page.segments[number] for number in numbers):
        raise Refused("corrupt", "the TIFF has no pixels where the mark belongs")
    return {number: JpegSegment(page.segments[number], layout, tables.value if tables else b"") for number in numbers}


def _encoded(page: Page, layout: Layout, opened: Mapping[int, RawSegment | JpegSegment]) -> Iterator[tuple[int, bytes]]:
    raw = {}
    for number, segment in opened.items():
        if isinstance(segment, RawSegment):
            raw[number] = segment.data
        else:
            yield number, segment.encoded()
    for rows, group in of_equal_rows(layout, raw).items():
        before = [page.segments[number] for number in group]
        parts = [bytes(raw[number]) for number in group]
        yield from zip(group, compressed(parts, layout, rows, _fax_options(page, layout), before), strict=True)
