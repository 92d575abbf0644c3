"""JPEG without a mark: put new application segments in front of the source's own tables and scans."""

from __future__ import annotations

from zenoimg.imaging.formats.jpeg.ending import NO_END_MARKER, check_complete
from zenoimg.imaging.formats.jpeg.gain_map.carrying import choose, left_out_map
from zenoimg.imaging.formats.jpeg.gain_map.container import with_map
from zenoimg.imaging.formats.jpeg.gain_map.metadata import UnknownMapError
from zenoimg.imaging.formats.jpeg.gain_map.source import SourceMap
from zenoimg.imaging.formats.jpeg.metadata import kept_segments, orientation_in
from zenoimg.imaging.formats.jpeg.stream import DRI, EOI_BYTES, SOS, JpegStream, Segment, read_stream
from zenoimg.imaging.formats.jpeg.trailer import further_pictures, left_out
from zenoimg.imaging.formats.jpeg.writer import check_coding
from zenoimg.imaging.limits import Limits
from zenoimg.imaging.marking.placement import displayed_size
from zenoimg.imaging.metadata import carve
from zenoimg.imaging.metadata.keeper import Keeper
from zenoimg.imaging.recipe import Recipe
from zenoimg.imaging.result import Watermarked

#: Segments needed to decode pixels: frames, tables, restart intervals (ITU-T T.81, B.1.1.3).
_DECODING = {*range(0xC0, 0xD0), 0xDB, DRI} - {0xC8}
_SOI = b"\xff\xd8"


def copied(data: bytes, recipe: Recipe, limits: Limits) -> Watermarked | None:
    """Return a copy, or ``None`` if its scans contain what a copy must not contain."""
    stream = read_stream(data)
    check_coding(stream)
    limits.check_picture(stream.width, stream.height)
    if not stream.ended:
        check_complete(data, stream)
    pixels = _pixels(data, stream)
    if pixels is None:
        return None
    orientation = orientation_in(stream)
    further, rest = further_pictures(data[stream.end :])
    hdr = choose(stream, further, recipe)
    warnings = [*hdr.warnings, *left_out(hdr.others, rest)]
    is_alone = bool(further or warnings or hdr.declares_others)
    keeper = Keeper(recipe.metadata, recipe.rights, alone=is_alone, orientation=orientation)
    segments = kept_segments(stream, keeper)
    warnings += keeper.warnings
    if not stream.ended:
        warnings.append(NO_END_MARKER)
    copy = _with_segments(pixels, segments)
    if hdr.kept:
        try:
            copy = _with_map(pixels, segments, hdr.kept, recipe, warnings)
        except UnknownMapError as problem:
            warnings.append(left_out_map(str(problem)))
    size = displayed_size((stream.width, stream.height), orientation)
    return Watermarked(copy, "JPEG", *size, 1, tuple(warnings))


def _pixels(data: bytes, stream: JpegStream) -> bytes | None:
    """Return a JPEG with only what is needed to decode pixels; ``None`` if there is anything else among its scans."""
    markers = [segment.marker for segment in stream.segments]
    first = markers.index(SOS)
    if any(segment.marker not in (*_DECODING, SOS, 0xD9, 0xDC) for segment in stream.segments[first:]):
        return None
    head = b"".join(segment.encoded for segment in stream.segments[:first] if segment.marker in _DECODING)
    scans = memoryview(data)[stream.first_scan : stream.end]
    pixels = b"".join((_SOI, head, scans, b"" if stream.ended else EOI_BYTES))
    return None if carve.holds_picture(memoryview(pixels)[2:].tobytes()) else pixels


def _with_segments(pixels: bytes, segments: list[Segment]) -> bytes:
    return b"".join((_SOI, *(segment.encoded for segment in segments), memoryview(pixels)[2:]))


def _with_map(pixels: bytes, segments: list[Segment], source: SourceMap, recipe: Recipe, warnings: list[str]) -> bytes:
    keeper = Keeper(recipe.metadata)
    of_map = _pixels(source.data, source.stream)
    if of_map is None:
        raise UnknownMapError("it holds another picture")
    map_jpeg = _with_segments(of_map, kept_segments(source.stream, keeper))
    whole = with_map(pixels, segments, map_jpeg, source.declared, source.directory)
    warnings += keeper.warnings
    return whole
