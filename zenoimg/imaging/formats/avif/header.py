"""The header of an AVIF, read before any pixel is decoded."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise

from zenoimg.imaging.errors import Refused
from zenoimg.imaging.formats.avif.quantizers import Quantizers, is_alpha, of_animation, of_still
from zenoimg.imaging.formats.avif.sequence_header import coded_size
from zenoimg.imaging.formats.iso.boxes import MOST_BOXES, Box, boxes_in, first, inner_boxes, walk
from zenoimg.imaging.formats.iso.items import Items, read_items
from zenoimg.imaging.formats.sampling import NAMES
from zenoimg.imaging.marking.placement import Size
from zenoimg.imaging.metadata.credentials import is_credentials_box

_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
"""UUID of the XMP box in ISO base media files (XMP Specification Part 3, 1.2.7)."""


_FOREVER = (1 << 64) - 1
UNSPECIFIED = 2
IDENTITY = 0


@dataclass(frozen=True)
class Coding:
    """How colours are coded: av1C, and the code points in nclx (ITU-T H.273), ``UNSPECIFIED`` without nclx."""

    depth: int
    subsampling: str
    primaries: int
    transfer: int
    matrix: int


@dataclass(frozen=True)
class Track:
    """A picture track: the durations of its frames in ms, and how many times it plays (``None``: forever)."""

    durations: tuple[int, ...]
    plays: int | None


@dataclass(frozen=True)
class AvifHeader:
    """The header of an AVIF.

    ``track`` is set for animations. ``exif`` is a TIFF structure or empty, ``xmp`` the packet of a top-level box or
    empty. ``coded`` holds the sizes of the coded pictures, ``quantizers`` how coarsely they are coded,
    ``clean_aperture`` the content of ``clap``, and ``not_kept`` what the copy cannot keep, besides metadata.
    ``is_signed`` is set if there are Content Credentials.
    """

    coding: Coding
    track: Track | None
    exif: bytes
    xmp: bytes
    coded: tuple[Size, ...]
    quantizers: Quantizers
    clean_aperture: bytes
    not_kept: tuple[str, ...]
    is_signed: bool


def read_header(data: bytes) -> AvifHeader:
    """Return the header of a file. Raises ``Refused("corrupt")`` when its boxes are damaged."""
    try:
        return _read(data)
    except (struct.error, ValueError, IndexError, KeyError) as failure:
        raise Refused("corrupt", f"the AVIF's boxes are damaged: {failure}") from failure


def _read(data: bytes) -> AvifHeader:
    top = boxes_in(data, 0, len(data))
    every = list(islice(walk(data), MOST_BOXES + 1))
    if len(every) > MOST_BOXES:
        raise Refused("corrupt", f"the AVIF has more than {MOST_BOXES:,} boxes")
    meta = next((box for box in top if box.kind == b"meta"), None)
    items = read_items(data, meta) if meta else Items({}, 0, ())
    tracks = [box for box in every if box.kind == b"trak"]
    pictures = [track for track in tracks if _handler(data, track) == b"pict"]
    track = _track(data, pictures[0]) if pictures else None
    coded = [coded_size(item.content) for item in items.of_kind(b"av01")]
    coded += [coded_size(data[at : at + 4096]) for at in (_first_sample(data, box) for box in tracks) if at]
    properties = [pair for item in items.colour for pair in item.properties]
    if track is not None:
        entry = first(data, pictures[0], b"av01")
        properties = [(box.kind, data[box.start : box.end]) for box in inner_boxes(data, entry)] if entry else []
    if not properties:
        raise Refused("corrupt", "the AVIF holds no picture")
    known = {kind: content for kind, content in reversed(properties) if kind != b"colr"}
    return AvifHeader(
        _coding(known.get(b"av1C", b""), [content for kind, content in properties if kind == b"colr"]),
        track,
        _exif(data, items, tracks),
        next((data[box.start + 16 : box.end] for box in top if _is_uuid(data, box, _XMP_UUID)), b""),
        tuple(size for size in coded if size),
        _quantizers(data, items, tracks, animated=track is not None),
        known.get(b"clap", b""),
        tuple(_not_kept(data, items, known, top)),
        any(box.kind == b"uuid" and is_credentials_box(data, box.start, box.end) for box in top),
    )


def _quantizers(data: bytes, items: Items, tracks: list[Box], *, animated: bool) -> Quantizers:
    if not animated:
        return of_still(items)
    colour = next(track for track in tracks if _handler(data, track) == b"pict")
    auxiliary = [(track, first(data, track, b"auxi")) for track in tracks]
    alpha = next((track for track, box in auxiliary if box and is_alpha(data[box.start : box.end])), None)
    starts = (_first_sample(data, track) if track else None for track in (colour, alpha))
    return of_animation(*(data[at : at + 4096] if at else b"" for at in starts))


def _handler(data: bytes, box: Box) -> bytes:
    media = first(data, box, b"mdia")
    handler = first(data, media, b"hdlr") if media else None
    return data[handler.start + 8 : handler.start + 12] if handler else b""


def _coding(av1c: bytes, colours: list[bytes]) -> Coding:
    flags = av1c[2] if len(av1c) > 2 else 0
    depth = (12 if flags & 0x20 else 10) if flags & 0x40 else 8
    # AV1 never subsamples vertically alone, so the vertical flag can only mean both directions.
    subsampling = NAMES.get((2 if flags & 8 else 1, 2 if flags & 4 else 1), "4:2:0")
    nclx = next((colour for colour in colours if colour.startswith(b"nclx") and len(colour) >= 10), None)
    code_points = struct.unpack_from(">3H", nclx, 4) if nclx else (UNSPECIFIED,) * 3
    return Coding(depth, "4:0:0" if flags & 0x10 else subsampling, *code_points)


def _track(data: bytes, box: Box) -> Track | None:
    times, media = first(data, box, b"stts"), first(data, box, b"mdhd")
    if times is None or media is None:
        raise Refused("corrupt", "the AVIF has a track without frame times")
    (timescale,) = struct.unpack_from(">I", data, media.start + (20 if data[media.start] else 12))
    (entries,) = struct.unpack_from(">I", data, times.start + 4)
    starts, ticks = [0], 0
    for entry in range(min(entries, (times.end - times.start) // 8)):
        count, delta = struct.unpack_from(">II", data, times.start + 8 + 8 * entry)
        if len(starts) + count > 1_000_000:
            raise Refused("too-many-frames", f"the AVIF announces more than {count:,} frames")
        for _ in range(count):
            ticks += delta
            starts.append(round(1000 * ticks / max(1, timescale)))
    durations = tuple(end - start for start, end in pairwise(starts))
    return Track(durations, _plays(data, box)) if len(durations) > 1 else None


def _plays(data: bytes, box: Box) -> int | None:
    """Return how many times a track plays: its edit list repeats for the duration of the track."""
    edit, track = first(data, box, b"elst"), first(data, box, b"tkhd")
    if edit is None or track is None:
        return None
    if not data[edit.start + 3] & 1:
        return 1
    wide = ">Q" if data[edit.start] else ">I"
    (segment,) = struct.unpack_from(wide, data, edit.start + 8)
    (whole,) = struct.unpack_from(
        ">Q" if data[track.start] else ">I", data, track.start + (28 if data[track.start] else 20)
    )
    forever = whole == (_FOREVER if data[track.start] else _FOREVER >> 32)
    return None if forever or not segment else max(1, -(-whole // segment))


def _first_sample(data: bytes, track: Box) -> int | None:
    for kind, layout in ((b"stco", ">I"), (b"co64", ">Q")):
        chunks = first(data, track, kind)
        if chunks and struct.unpack_from(">I", data, chunks.start + 4)[0]:
            return int(struct.unpack_from(layout, data, chunks.start + 8)[0])
    return None


def _exif(data: bytes, items: Items, tracks: list[Box]) -> bytes:
    """Return the TIFF structure, which follows a four-byte offset (ISO/IEC 23008-12, A.2.1)."""
    metas = [box for track in tracks for box in inner_boxes(data, track) if box.kind == b"meta"]
    for found in (items, *(read_items(data, meta) for meta in metas)):
        for item in found.of_kind(b"Exif"):
            return item.content[4 + int.from_bytes(item.content[:4], "big") :]
    return b""


def _not_kept(data: bytes, items: Items, known: dict[bytes, bytes], top: list[Box]) -> Iterator[str]:
    if items.of_kind(b"tmap"):
        yield "the HDR gain map was left out: the copy shows in standard range"
    if b"pasp" in known and known[b"pasp"][:4] != known[b"pasp"][4:8]:
        yield "pixels that are not square (pasp) cannot be written and were made square"
    if b"clli" in known or b"mdcv" in known:
        yield "the brightness of the picture and of its display (clli, mdcv) was left out"
    if any(_is_other_auxiliary(item.property(b"auxC")) for item in items.by_number.values()):
        yield "a depth map or another auxiliary picture was left out"
    others = [box for box in top if box.kind == b"uuid" and not _is_uuid(data, box, _XMP_UUID)]
    if not all(is_credentials_box(data, box.start, box.end) for box in others):
        yield "a box of a kind that is not known (uuid) was left out"


def _is_uuid(data: bytes, box: Box, *identifiers: bytes) -> bool:
    return box.kind == b"uuid" and data[box.start : box.start + 16] in identifiers


def _is_other_auxiliary(content: bytes) -> bool:
    return bool(content) and not is_alpha(content)
