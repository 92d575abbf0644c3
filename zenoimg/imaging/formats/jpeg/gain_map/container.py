"""Declare the gain map in a copy: in the picture directory (MPF), ISO's version segment, and XMP."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

from zenoimg.imaging.formats.jpeg.gain_map.directory import HEADER, Directory, directory_segment
from zenoimg.imaging.formats.jpeg.gain_map.metadata import ISO, UnknownMapError
from zenoimg.imaging.formats.jpeg.gain_map.source import ITEM_NS, Declarations
from zenoimg.imaging.formats.jpeg.stream import APP0, APP1, APP2, MAX_PAYLOAD, Segment, scan_offset
from zenoimg.imaging.formats.jpeg.xmp import XMP
from zenoimg.imaging.metadata.names import CONTAINER_NS, GAIN_MAP_NS
from zenoimg.imaging.metadata.xmp import with_description

_SOI = 2
_SEGMENT_HEADER = 4


def with_map(
    copy: bytes, segments: list[Segment], map_jpeg: bytes, declared: Declarations, directory: Directory
) -> bytes:
    """Return a file of two pictures: a JPEG that has no application segments yet, with its segments, and its gain map.

    The copy declares the map as the source does. The picture directory is rewritten, since many sources have wrong
    lengths in it; all viewers except libultrahdr need it. It is the last segment in front of the first scan: its
    offsets count from itself, so a program that edits any other segment later moves it and the map alike.
    Raises ``UnknownMapError`` if the declaration does not fit.
    """
    declaring = _with_xmp(segments, declared, len(map_jpeg))
    if declared.iso:
        at = next((i for i, segment in enumerate(declaring) if segment.marker not in (APP0, APP1)), len(declaring))
        declaring.insert(at, Segment(APP2, ISO + declared.iso))
    scan = scan_offset(copy)
    head = b"".join((copy[:_SOI], *(segment.encoded for segment in declaring), memoryview(copy)[_SOI:scan]))
    scans = memoryview(copy)[scan:]
    length = len(head) + len(directory_segment(directory, 0, 0, 0).encoded) + len(scans)
    header = len(head) + _SEGMENT_HEADER + HEADER
    index = directory_segment(directory, length, length - header, len(map_jpeg))
    return b"".join((head, index.encoded, scans, map_jpeg))


def _with_xmp(segments: list[Segment], declared: Declarations, map_bytes: int) -> list[Segment]:
    """Return the segments with a packet that declares the map, if the source has one."""
    if not (declared.version or declared.has_directory):
        return list(segments)
    head = list(segments)
    at = next((index for index, segment in enumerate(head) if _is_packet(segment)), None)
    packet = head[at].payload[len(XMP) :] if at is not None else b""
    declaring = Segment(APP1, XMP + with_description(packet, _attributes(declared), _body(declared, map_bytes)))
    if len(declaring.payload) > MAX_PAYLOAD:
        if declared.version and not declared.iso:
            raise UnknownMapError("the XMP packet has no room for the map's declaration")
        return head  # ISO's segment and Apple's metadata in the map declare it without XMP
    if at is None:
        at = next((index for index, segment in enumerate(head) if segment.marker != APP0), len(head))
        head.insert(at, declaring)
    else:
        head[at] = declaring
    return head


def _is_packet(segment: Segment) -> bool:
    return segment.marker == APP1 and segment.payload.startswith(XMP)


def _attributes(declared: Declarations) -> str:
    names = f' xmlns:hdrgm="{GAIN_MAP_NS}" hdrgm:Version={quoteattr(declared.version)}' if declared.version else ""
    if declared.has_directory:
        names += f' xmlns:Container="{CONTAINER_NS}" xmlns:Item="{ITEM_NS}"'
    return names


def _body(declared: Declarations, map_bytes: int) -> str:
    if not declared.has_directory:
        return ""
    items = (
        'Item:Semantic="Primary" Item:Mime="image/jpeg"',
        f'Item:Semantic="GainMap" Item:Mime="image/jpeg" Item:Length="{map_bytes}"',
    )
    listed = "".join(f'<rdf:li rdf:parseType="Resource"><Container:Item {item}/></rdf:li>' for item in items)
    return f"<Container:Directory><rdf:Seq>{listed}</rdf:Seq></Container:Directory>"
