"""Application segments of unknown kinds, and comments."""

from __future__ import annotations

from itertools import accumulate

from zenoimg.imaging.formats.jpeg.stream import APP0, COM, Segment
from zenoimg.imaging.metadata import carve
from zenoimg.imaging.metadata.keeper import Keeper

_MAY_TELL_PLACE = (b"RMETA\0", b"NITF\0", b"Media Jukebox\0", b"GoPro\0")
"""Beginnings of segments with location fields: Ricoh's and JRiver's, the header of military pictures, GoPro's."""


def kept_others(segments: list[tuple[Segment, str]], keeper: Keeper) -> list[list[Segment]]:
    """Return what the copy keeps of each segment: one segment or none.

    Pictures are searched for in all segments together, and in those of each marker, since some makers split a preview
    over several; then all segments with the same beginning are left out.
    """
    if keeper.strips:
        return [[] for _ in segments]
    alone = [segment for segment, _ in segments]
    with_picture = _with_picture(list(range(len(alone))), alone)
    markers = {segment.marker for segment in alone}
    for marker in markers if len(markers) > 1 else ():
        with_picture |= _with_picture([index for index, segment in enumerate(alone) if segment.marker == marker], alone)
    beginnings = {_beginning(alone[index]) for index in with_picture}
    kept: list[list[Segment]] = []
    for index, segment in enumerate(alone):
        if index in with_picture or _beginning(segment) in beginnings:
            keeper.found_picture(_name(segment))
            kept.append([])
        else:
            payload = _kept(segment, keeper)
            kept.append([Segment(segment.marker, payload)] if payload or not segment.payload else [])
    return kept


def _kept(segment: Segment, keeper: Keeper) -> bytes:
    if segment.marker == COM:
        return keeper.text(segment.payload, _name(segment))
    if not keeper.keeps_places and segment.payload.startswith(_MAY_TELL_PLACE):
        keeper.may_tell_place(_name(segment))
        return b""
    return keeper.other(segment.payload, _name(segment), is_searched=True)


def _with_picture(indices: list[int], segments: list[Segment]) -> set[int]:
    """Return which of the segments hold a picture or a piece of one."""
    payloads = [segments[index].payload for index in indices]
    spans = carve.pictures_in(b"".join(payloads))
    ends = list(accumulate(map(len, payloads)))
    return {
        index
        for index, payload, end in zip(indices, payloads, ends, strict=True)
        if any(start < end and span_end > end - len(payload) for start, span_end in spans)
    }


def _beginning(segment: Segment) -> tuple[int, bytes]:
    """Return the marker of a segment and the identifier with which most segments begin."""
    return segment.marker, segment.payload[:32].split(b"\0")[0] or segment.payload[:4]


def _name(segment: Segment) -> str:
    return "a comment" if segment.marker == COM else f"segment APP{segment.marker - APP0}"
