"""Split a JPEG file into its marker segments (ITU-T T.81, annex B), without decoding pixels."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from zenoimg.imaging.errors import Refused

SOI, EOI, SOS, DRI, DHT, DQT, COM = 0xD8, 0xD9, 0xDA, 0xDD, 0xC4, 0xDB, 0xFE
APP0, APP1, APP2, APP11, APP13, APP14 = 0xE0, 0xE1, 0xE2, 0xEB, 0xED, 0xEE
MAX_PAYLOAD = 65_533
"""Maximum number of bytes in a segment after its two length bytes."""

# Inside entropy-coded data FF is followed by 00 (stuffing), a restart marker, or fill bytes.
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_MAY_BE_METADATA = re.compile(rb"\xff[\xe0-\xef\xfe]")
_LONGEST_COLOURS = 14  # JFIF without a thumbnail; Adobe's has 12
_STANDALONE = {0x01, *range(0xD0, 0xD8)}
_MOST_SEGMENTS = 4_000  # 100 MB of full metadata segments are 1,526; a flood of empty ones costs time and memory
_MOST_SCANS = 100  # encoders write about ten; a scan of a few bytes makes the decoder pass over the entire picture
PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
ARITHMETIC = frozenset({0xC9, 0xCA})
LOSSLESS = 0xC3
YCCK = 2
"""The ink transform in Adobe's APP14 segment: YCbCr of the first three, and black."""
EOI_BYTES = b"\xff\xd9"
_FRAME_MARKERS = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True)
class Segment:
    """A marker (its second byte) and its payload, without the length."""

    marker: int
    payload: bytes

    @property
    def encoded(self) -> bytes:
        """The segment as stored in a file."""
        return struct.pack(">BBH", 0xFF, self.marker, len(self.payload) + 2) + self.payload

    @property
    def tells_colours(self) -> bool:
        """Whether it is JFIF's or Adobe's segment, too short to contain anything else."""
        names = {APP0: b"JFIF\0", APP14: b"Adobe"}
        name = names.get(self.marker)
        return name is not None and self.payload.startswith(name) and len(self.payload) <= _LONGEST_COLOURS

    @property
    def is_metadata(self) -> bool:
        """Whether it is an application segment or a comment, which no pixel depends on."""
        return self.marker == COM or APP0 <= self.marker <= 0xEF


@dataclass(frozen=True)
class Component:
    """One component of the frame: identifier, sampling factors, and the quantization table that it uses."""

    identifier: int
    horizontal: int
    vertical: int
    table: int


@dataclass(frozen=True)
class JpegStream:
    """The first picture of a JPEG file, and where it ends.

    ``frame_marker`` is the SOF's second byte, ``precision`` in bits per sample, ``restart_interval`` in MCUs
    (0: none), ``first_scan`` the offset of the first SOS, and ``end`` the one after EOI, or the end of the file if
    there is no EOI (then ``ended`` is false).
    """

    segments: tuple[Segment, ...]
    frame_marker: int
    precision: int
    width: int
    height: int
    components: tuple[Component, ...]
    restart_interval: int
    first_scan: int
    end: int
    ended: bool = True

    @property
    def is_lossless(self) -> bool:
        """Whether samples are predicted rather than transformed (ITU-T T.81, annex H), Huffman-coded."""
        return self.frame_marker == LOSSLESS

    @property
    def is_arithmetic(self) -> bool:
        """Whether entropy coding is arithmetic."""
        return self.frame_marker in ARITHMETIC

    @property
    def picture_bytes(self) -> int:
        """The bytes of the picture without metadata."""
        return self.end - sum(len(segment.encoded) for segment in self.segments if segment.is_metadata)


def read_stream(data: bytes) -> JpegStream:
    """Return the segments of a file's first picture. Raises ``Refused("corrupt")`` if it ends before its pixels."""
    segments, first_scan, scans, end = [], 0, 0, 0
    for segment, position in _walk(data):
        segments.append(segment)
        if segment.marker == SOS:
            first_scan = first_scan or position - len(segment.encoded)
            scans += 1
        if len(segments) > _MOST_SEGMENTS or scans > _MOST_SCANS:
            raise Refused("corrupt", f"the JPEG has more than {_MOST_SEGMENTS:,} segments or {_MOST_SCANS} scans")
        end = position
    ended = segments[-1].marker == EOI if segments else False
    if not ended:
        end = len(data.rstrip(b"\xff"))  # half of a marker
    frame = next((segment for segment in segments if segment.marker in _FRAME_MARKERS), None)
    if frame is None or not first_scan:
        raise Refused("corrupt", "the JPEG holds no picture")
    precision, height, width, count = struct.unpack_from(">BHHB", frame.payload)
    components = tuple(
        Component(identifier, factors >> 4, factors & 15, table)
        for identifier, factors, table in struct.iter_unpack("BBB", frame.payload[6 : 6 + 3 * count])
    )
    interval = next((segment.payload for segment in segments if segment.marker == DRI), b"\0\0")
    return JpegStream(
        segments=tuple(segments),
        frame_marker=frame.marker,
        precision=precision,
        width=width,
        height=height,
        components=components,
        restart_interval=int.from_bytes(interval[:2], "big"),
        first_scan=first_scan,
        end=end,
        ended=ended,
    )


def scan_offset(data: bytes) -> int:
    """Return the offset of the first SOS. Raises ``Refused("corrupt")`` if there is none."""
    for segment, position in _walk(data):
        if segment.marker == SOS:
            return position - len(segment.encoded)
    raise Refused("corrupt", "the JPEG holds no picture")


def without_metadata(data: bytes) -> bytes:
    """Return a stream, or only tables, up to its EOI, without application segments and comments.

    Short ones that define colours (JFIF, Adobe) are kept. Raises ``Refused("corrupt")`` if segments cannot be parsed.
    """
    if not _MAY_BE_METADATA.search(data):
        return data
    kept, start, end = [], 0, len(data)
    for segment, position in _walk(data):
        if segment.marker == EOI:
            end = position
        elif segment.is_metadata and not segment.tells_colours:
            kept.append(data[start : position - len(segment.encoded)])
            start = position
    return b"".join((*kept, data[start:end]))


def adobe_transform(stream: JpegStream) -> int | None:
    """Return the transform of Adobe's APP14 segment: 0 none, 1 YCbCr, 2 YCCK; ``None`` without one."""
    for segment in stream.segments:
        if segment.marker == APP14 and segment.payload[:5] == b"Adobe" and len(segment.payload) >= 12:
            return segment.payload[11]
    return None


def is_coded_rgb(stream: JpegStream) -> bool:
    """Return whether three components are RGB rather than YCbCr, by the rules of libjpeg's ``jdapimin.c``."""
    if any(segment.marker == APP0 and segment.payload[:5] == b"JFIF\0" for segment in stream.segments):
        return False
    transform = adobe_transform(stream)
    if transform is not None:
        return transform == 0
    return bytes(component.identifier for component in stream.components) == b"RGB"


class PixelStream:
    """A file object that reads as a JPEG with only the segments that the pixels depend on.

    The scans are not copied, which would cost one to two percent of a picture's time. A file without an end marker
    is extended by ``following`` and one.
    """

    def __init__(self, data: bytes, stream: JpegStream, following: bytes = b"") -> None:
        head = (
            segment.encoded
            for segment in stream.segments[: [segment.marker for segment in stream.segments].index(SOS)]
            if not segment.is_metadata or segment.payload.startswith((b"JFIF\0", b"Adobe"))
        )
        self._head = b"".join((b"\xff\xd8", *head))
        self._scans = memoryview(data)[stream.first_scan : stream.end]
        self._tail = b"" if stream.ended else following + EOI_BYTES
        self._position = 0

    @property
    def parts(self) -> tuple[bytes, memoryview, bytes]:
        """The file in three parts, the second of which is not a copy."""
        return self._head, self._scans, self._tail

    def read(self, count: int) -> bytes:
        """Return the next bytes, fewer than ``count`` only at the end."""
        start, end = self._position, self._position + count
        scans_at = len(self._head)
        tail_at = scans_at + len(self._scans)
        part = self._head[start:end] + bytes(self._scans[max(0, start - scans_at) : max(0, end - scans_at)])
        part += self._tail[max(0, start - tail_at) : max(0, end - tail_at)]
        self._position += len(part)
        return part

    def seek(self, offset: int) -> int:
        """Seek to a byte."""
        self._position = offset
        return offset

    def tell(self) -> int:
        """Return the offset of the next byte to read."""
        return self._position


class EncodedChunks:
    """Collects an encoder's output, so that its metadata can be replaced without copying the pixels again."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []

    def write(self, chunk: bytes) -> int:
        """Append bytes; the first call contains all of the encoder's metadata."""
        self._chunks.append(chunk)
        return len(chunk)

    @property
    def size(self) -> int:
        """The number of bytes."""
        return sum(map(len, self._chunks))

    def with_metadata(self, segments: list[Segment]) -> bytes:
        """Return the JPEG with other application segments and comments at its start."""
        first, *rest = self._chunks
        position = 2
        while True:
            marker, length = struct.unpack_from(">xBH", first, position)
            if not (marker == COM or APP0 <= marker <= 0xEF):
                break
            position += 2 + length
        return b"".join((b"\xff\xd8", *(segment.encoded for segment in segments), memoryview(first)[position:], *rest))


def _walk(data: bytes) -> Iterator[tuple[Segment, int]]:
    """Yield each segment of the first picture with the offset after it; EOI is missing if the file ends without it."""
    position = 2
    has_scan = False
    while True:
        found = _NEXT_MARKER.search(data, position)
        if found is None:
            if has_scan:
                return
            raise Refused("corrupt", "the JPEG is truncated: it has no pixels")
        marker, position = data[found.end() - 1], found.end()
        if marker == EOI:
            yield Segment(EOI, b""), position
            return
        if marker == SOI:
            raise Refused("corrupt", "the JPEG is truncated: a second picture begins inside the first")
        if marker in _STANDALONE:
            continue
        length = int.from_bytes(data[position : position + 2], "big")
        if length < 2 or position + length > len(data):
            raise Refused("corrupt", "the JPEG is truncated inside a segment")
        yield Segment(marker, data[position + 2 : position + length]), position + length
        position += length
        has_scan = has_scan or marker == SOS
