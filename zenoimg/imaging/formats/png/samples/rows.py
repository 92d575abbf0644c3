"""The rows of a drawn picture in PNG's form, for all passes, and which of them the mark has changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PIL import Image

from zenoimg.imaging.formats.png.chunks import GREY, GREY_ALPHA, PALETTE, RGB, RGB_ALPHA, Chunk, Header
from zenoimg.imaging.formats.png.pixels import ADAM7, adam7_passes
from zenoimg.imaging.formats.png.samples.scanlines import Pass, Rows, rewritten
from zenoimg.imaging.formats.png.samples.sixteen_bit import DeepPicture
from zenoimg.imaging.marking.placement import Box

_CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGB_ALPHA: 4}
_RAW_MODES = {
    (GREY, 2): "L;2",
    (GREY, 4): "L;4",
    (GREY, 16): "I;16B",
    (PALETTE, 1): "P;1",
    (PALETTE, 2): "P;2",
    (PALETTE, 4): "P;4",
}


def redrawn(
    chunks: Iterable[Chunk], picture: Image.Image | DeepPicture, header: Header, boxes: Sequence[Box], level: int
) -> list[Chunk]:
    """Return the IDAT chunks of a picture that differs from ``chunks`` only in ``boxes``.

    The picture's mode has to fit the header's colour type and depth, and the header has to be the source's.
    """
    image_data = (chunk.data for chunk in chunks if chunk.name == b"IDAT")
    stream = rewritten(image_data, _passes(picture, header, boxes), level)
    return [Chunk(b"IDAT", stream)]


def row_bytes(width: int, header: Header) -> tuple[int, int]:
    """Return the bytes of a row without its filter type, and the distance in bytes to the pixel on the left."""
    bits = _CHANNELS[header.color_type] * header.depth
    return (width * bits + 7) // 8, max(1, bits // 8)


def rows_of(picture: Image.Image | DeepPicture, header: Header) -> Rows:
    """Return the rows of a picture whose mode fits the header's colour type and depth."""
    if isinstance(picture, DeepPicture):
        return lambda first, last: _deep_rows(picture, first, last)
    raw_mode = _RAW_MODES.get((header.color_type, header.depth), picture.mode)
    return lambda first, last: picture.crop((0, first, picture.width, last)).tobytes("raw", raw_mode)


def _deep_rows(picture: DeepPicture, first: int, last: int) -> bytes:
    halves = [half.crop((0, first, half.width, last)) for half in (picture.high, picture.low)]
    size = halves[0].width * len(halves[0].getbands()), last - first
    return Image.merge("LA", [Image.frombytes("L", size, half.tobytes()) for half in halves]).tobytes()


def _passes(picture: Image.Image | DeepPicture, header: Header, boxes: Sequence[Box]) -> list[Pass]:
    size = picture.high.size if isinstance(picture, DeepPicture) else picture.size
    if not header.interlaced:
        changed = bytearray(size[1])
        for _, top, _, bottom in boxes:
            changed[top:bottom] = b"\1" * (bottom - top)
        return [Pass(size[1], *row_bytes(size[0], header), rows_of(picture, header), changed)]
    grids = [grid for grid in ADAM7 if grid[0] < size[0] and grid[1] < size[1]]
    return [_interlaced_pass(part, header, grid, boxes) for part, grid in zip(_adam7(picture), grids, strict=True)]


def _adam7(picture: Image.Image | DeepPicture) -> Sequence[Image.Image | DeepPicture]:
    if isinstance(picture, DeepPicture):
        halves = zip(adam7_passes(picture.high), adam7_passes(picture.low), strict=True)
        return [DeepPicture(high, low) for high, low in halves]
    return adam7_passes(picture)


def _interlaced_pass(
    part: Image.Image | DeepPicture, header: Header, grid: tuple[int, int, int, int], boxes: Sequence[Box]
) -> Pass:
    width, height = part.high.size if isinstance(part, DeepPicture) else part.size
    _, offset, _, down = grid
    changed = [any(top <= offset + row * down < bottom for _, top, _, bottom in boxes) for row in range(height)]
    return Pass(height, *row_bytes(width, header), rows_of(part, header), changed)
