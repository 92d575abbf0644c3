"""Draw a mark on a JPEG, re-encoding only the blocks under it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Literal

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from zenoimg.imaging.formats.jpeg.coefficients.huffman import UnusableTablesError, keeps_order, tables_of
from zenoimg.imaging.formats.jpeg.coefficients.libjpeg_process import JpegHelper, helpers_of
from zenoimg.imaging.formats.jpeg.coefficients.library import bundled_libjpeg
from zenoimg.imaging.formats.jpeg.coefficients.region import (
    Region,
    block_masks,
    largest_factors,
    region_around,
    shifted,
)
from zenoimg.imaging.formats.jpeg.coefficients.scans import script_of
from zenoimg.imaging.formats.jpeg.coefficients.worker import messages
from zenoimg.imaging.formats.jpeg.coefficients.worker.messages import REQUEST, CodingTables, Request, Scan
from zenoimg.imaging.formats.jpeg.standard_tables import has_standard_tables
from zenoimg.imaging.formats.jpeg.stream import SOS, JpegStream
from zenoimg.imaging.marking.mark import Overlay
from zenoimg.imaging.processes.child_process import Buffer, RejectedError, UnusableLibraryError
from zenoimg.imaging.processes.serving.wire import DONE

Reason = Literal[
    "quality",
    "no library",
    "coding",
    "sampling",
    "tables",
    "mark outside",
    "mark too large",
    "damaged",
    "incomplete",
    "out of range",
    "too long",
]
Draw = Callable[[Image.Image, Overlay], None]
"""Draws an overlay on a decoded picture, in place, without changing its mode or size."""


@dataclass(frozen=True)
class NotThisWay:
    """The entire picture has to be decoded and encoded; the text says why."""

    reason: Reason


_REASONS: dict[int, Reason] = {
    messages.DAMAGED: "damaged",
    messages.COMPONENTS: "coding",
    messages.INCOMPLETE: "incomplete",
    messages.RANGE: "out of range",
    messages.GEOMETRY: "damaged",
    messages.SPACE: "too long",
}

LARGEST_SHARE, LARGEST_SHARE_OF_GREY = 0.12, 0.05
"""The region's share of the picture above which decoding and encoding all of it costs less."""

SMALL_REGION = 1 << 16
"""Pixels of a region up to which its share does not matter, since the picture takes a few milliseconds either way."""

SMALL_PICTURE = 1 << 20
"""Pixels up to which a picture may get Huffman tables of its own, even if its source has the standard ones.

Counting its symbols first takes some milliseconds. For a large one it would take a third of the time of decoding and
encoding with standard tables, but not more than encoding with optimized tables takes anyway.
"""
_GROWTH = 0.009
"""The part of its source's size that the mark may add before a picture gets Huffman tables of its own.

Together with the codes that incomplete tables lack, the copy then grows by at most 1%.
"""

_SEQUENTIAL, _PROGRESSIVE = (0xC0, 0xC1), 0xC2
_MOST_SCANS = 24  # libjpeg's own script for CMYK has 18; a scan of a few bytes takes a pass over the entire picture
_SPARE_BYTES = 1 << 16
_SPARE_MEMORY = 64 << 20
_HEAD_BYTES = 1 << 14  # four quantization and eight Huffman tables take 3 KB
_RAW_MODES = {"L": "L", "RGB": "RGB", "CMYK": "CMYK;I"}


@dataclass(frozen=True)
class _Plan:
    """What is known about an edit before the picture is read: its tables, or its ``scans`` if it has several."""

    region: Region
    overlay: Overlay
    tables: CodingTables | None
    scans: tuple[Scan, ...]
    check: int
    space: int
    memory: int
    cpu: int
    growth: int


def marked(
    stream: JpegStream,
    source: Sequence[Buffer],
    head: Sequence[bytes],
    overlay: Overlay,
    draw: Draw,
    *,
    any_share: bool = False,
    lowered: int = 0,
) -> bytes | NotThisWay:
    """Return a JPEG with the overlay drawn on it, and every block that it does not touch as in the source.

    ``source`` is the picture, in parts, as a JPEG with only the application segments that determine its colours, and
    ``head`` the encoded application segments of the copy. ``any_share`` requests this method however much of the
    picture the mark covers. ``lowered`` is the number of quantization steps by which to lower the first coefficient of
    each changed block in the first component: ``draw`` has drawn it lighter by the same amount. Raises
    ``TransientError`` or ``MemoryError`` if helpers die twice, and ``Refused("corrupt")`` if both used up their CPU
    time.
    """
    plan = _planned(stream, sum(len(part) for part in source), overlay, any_share=any_share)
    if isinstance(plan, NotThisWay):
        return plan
    library = bundled_libjpeg()
    if library is None:
        return NotThisWay("no library")
    try:
        return helpers_of(library).work(
            lambda helper: _edited_by(helper, plan, stream, source, head, draw, lowered), "reading its coefficients"
        )
    except UnusableLibraryError:
        return NotThisWay("no library")
    except RejectedError:
        return NotThisWay("damaged")


def _planned(stream: JpegStream, length: int, overlay: Overlay, *, any_share: bool) -> _Plan | NotThisWay:
    sequential = stream.frame_marker in _SEQUENTIAL
    scans = sum(segment.marker == SOS for segment in stream.segments)
    channels = len(stream.components)
    if not (sequential or stream.frame_marker == _PROGRESSIVE) or channels not in (1, 3, 4) or scans > _MOST_SCANS:
        return NotThisWay("coding")
    if not _has_plain_sampling(stream):
        return NotThisWay("sampling")
    region = region_around(stream, overlay)
    if region is None:
        return NotThisWay("mark outside")
    pixels = stream.width * stream.height
    share = LARGEST_SHARE_OF_GREY if channels == 1 else LARGEST_SHARE
    if not any_share and region.pixels > max(SMALL_REGION, share * pixels):
        return NotThisWay("mark too large")
    # libjpeg makes tables for each scan of several; a single one keeps the source's.
    keeps_tables = sequential and scans == 1
    script = () if keeps_tables else script_of(stream)
    if sequential and not (keeps_tables or script):
        return NotThisWay("coding")
    try:
        tables = tables_of(stream) if keeps_tables else None
        check = messages.UNCHECKED
        if keeps_tables:
            check = messages.SAME_ORDER if keeps_order(stream) else messages.ANY_ORDER
    except UnusableTablesError:
        return NotThisWay("tables")
    may_get_tables = keeps_tables and (pixels <= SMALL_PICTURE or not has_standard_tables(stream))
    return _Plan(
        region,
        shifted(overlay, region),
        tables,
        script,
        check,
        space=max(length + length // 8, 2 * channels * region.pixels) + _SPARE_BYTES,
        memory=_coefficient_bytes(stream) + _SPARE_MEMORY,
        cpu=_cpu_microseconds(length, pixels),
        growth=round(_GROWTH * length) if may_get_tables and not any_share else 0,
    )


def _has_plain_sampling(stream: JpegStream) -> bool:
    """Return whether the first component is the finest, and the others have integer fractions of its samples."""
    across, down = stream.components[0].horizontal, stream.components[0].vertical
    return all(
        component.horizontal
        and across % component.horizontal == 0
        and component.vertical
        and down % component.vertical == 0
        for component in stream.components
    )


def _cpu_microseconds(length: int, pixels: int) -> int:
    """Return a generous limit: an intact picture takes about 0.01 µs per pixel, ten times that on an emulator."""
    return 2_000_000 + length + pixels


def _coefficient_bytes(stream: JpegStream) -> int:
    """Return the memory that libjpeg needs for all coefficients: 16 bits per sample of all MCUs."""
    across, down = largest_factors(stream)
    mcus = -(-stream.width // (8 * across)) * -(-stream.height // (8 * down))
    blocks = sum(component.horizontal * component.vertical for component in stream.components)
    return mcus * blocks * 128


def _edited_by(
    helper: JpegHelper,
    plan: _Plan,
    stream: JpegStream,
    source: Sequence[Buffer],
    head: Sequence[bytes],
    draw: Draw,
    lowered: int,
) -> bytes | NotThisWay:
    left, top, right, bottom = plan.region.mcus
    helper.room_for(plan.space)
    coding = messages.pack_tables(plan.tables) if plan.tables else messages.pack_scans(plan.scans)
    request = Request(
        messages.READ,
        sum(len(part) for part in source),
        plan.memory,
        left,
        top,
        right,
        bottom,
        plan.check,
        plan.space,
        tables=1 if plan.tables else 0,
        scans=len(plan.scans),
    )
    answer = helper.ask(REQUEST.pack(*request), [*source, coding], plan.cpu)
    if answer.code != DONE:
        return NotThisWay(_REASONS[answer.code])
    picture = JpegImageFile(BytesIO(helper.copy(answer.length)))
    picture.load()
    draw(picture, plan.overlay)
    pixels = picture.tobytes("raw", _RAW_MODES[picture.mode])
    masks = block_masks(stream, plan.region, plan.overlay)
    request = request._replace(kind=messages.WRITE, length=len(pixels), lowered=lowered, growth=plan.growth)
    answer = helper.ask(REQUEST.pack(*request), [pixels, *masks], plan.cpu)
    if answer.code != DONE:
        return NotThisWay(_REASONS[answer.code])
    with helper.data(answer.length) as written:
        if not _opens(bytes(written[:_HEAD_BYTES]), stream):
            return NotThisWay("damaged")
        return b"".join((written[:2], *head, written[2:]))


def _opens(head: bytes, stream: JpegStream) -> bool:
    """Return whether Pillow can read the header that libjpeg wrote."""
    try:
        return JpegImageFile(BytesIO(head)).size == (stream.width, stream.height)
    except (OSError, SyntaxError, ValueError):
        return False
