"""Filter scanlines of a PNG (PNG Third Edition, 7.2 and 9), but only those that the mark changes.

Each row keeps the filter that the source chose for it: optimisers choose well, and guessing for each row makes some
pictures a third larger. All other rows are copied from the source's data stream without unfiltering them.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from PIL import Image, ImageChops, ImageMath

from zenoimg.imaging.errors import Refused

NONE, SUB, UP, AVERAGE, PAETH = range(5)
_TRIAL = 1 << 18
_AT_ONCE = 1 << 22  # bytes of rows; filters take about ten times the memory of what they work on

# Pictures that were compressed at zlib's highest level grow by 3 to 5% at the default one. The highest takes up to ten
# times as long, so only small pictures are compressed with it.
_USUAL, _HARDEST, _SMALL = 6, 9, 6_000_000

Rows = Callable[[int, int], bytes]
"""Returns the unfiltered bytes of rows, from the first to before the last."""


@dataclass(frozen=True)
class Pass:
    """The rows to write for a picture, or for one pass of an interlaced one.

    ``stride`` is the bytes of a row without its filter type, ``step`` the distance in bytes to the pixel on the left
    (at least 1), ``changed`` is nonzero for each row that differs from the source's.
    """

    height: int
    stride: int
    step: int
    rows: Rows
    changed: Sequence[int]


def rewritten(image_data: Iterable[bytes], passes: Sequence[Pass], level: int) -> bytes:
    """Return the data stream with changed rows. Raises ``Refused("corrupt")`` if it ends before its rows do."""
    reader = _Reader(image_data)
    if sum(part.height * (part.stride + 1) for part in passes) <= _SMALL and reader.is_hardest and level >= _USUAL:
        level = _HARDEST
    return _compressed(_bands(reader, passes), level)


def _compressed(bands: Iterator[bytes], level: int) -> bytes:
    first = next(bands)
    compressor = zlib.compressobj(level, strategy=_strategy(first, level))
    return b"".join((compressor.compress(first), *map(compressor.compress, bands), compressor.flush()))


def _strategy(lines: bytes, level: int) -> int:
    """Return the better of zlib's strategies for filtered rows, by trial, since neither is better for all pictures."""

    def length(strategy: int) -> int:
        compressor = zlib.compressobj(level, strategy=strategy)
        return len(compressor.compress(lines[:_TRIAL]) + compressor.flush())

    return min((zlib.Z_DEFAULT_STRATEGY, zlib.Z_FILTERED), key=length)


def _bands(reader: _Reader, passes: Sequence[Pass]) -> Iterator[bytes]:
    """Yield the rows of all passes with their filter types, in bands."""
    for part in passes:
        length = part.stride + 1
        band = max(1, _AT_ONCE // length)
        for top in range(0, part.height, band):
            bottom = min(top + band, part.height)
            source = reader.take((bottom - top) * length)
            yield _patched(part, top, bottom, source)


def _patched(part: Pass, top: int, bottom: int, source: bytes) -> bytes:
    """Return rows, filtering again those that changed or whose filter refers to a changed row."""
    length = part.stride + 1
    kinds = source[::length]
    patched: bytearray | None = None
    first = top
    while first < bottom:
        last = first
        while last < bottom and _depends(part, last, kinds[last - top]):
            last += 1
        if last == first:
            first += 1
            continue
        patched = patched or bytearray(source)
        again = _filtered(part.rows, first, kinds[first - top : last - top], part.stride, part.step)
        patched[(first - top) * length : (last - top) * length] = again
        first = last
    return bytes(patched) if patched is not None else source


def _depends(part: Pass, row: int, kind: int) -> bool:
    follows = row > 0 and part.changed[row - 1] and kind in (UP, AVERAGE, PAETH)
    return bool(part.changed[row] or follows)


def _filtered(rows: Rows, first: int, kinds: bytes, stride: int, step: int) -> bytes:
    """Return rows from ``first`` on with their filter types, filtered by Pillow as grey pictures of bytes."""
    if max(kinds) > PAETH:
        raise Refused("corrupt", f"the PNG has a row of filter type {max(kinds)}")
    count = len(kinds)
    data = rows(max(0, first - 1), first + count)
    here = Image.frombytes("L", (stride, count), data[-count * stride :])
    above = Image.frombytes("L", (stride, count), data[: count * stride]) if first else Image.new("L", here.size)
    if not first and count > 1:
        above.paste(here.crop((0, 0, stride, count - 1)), (0, 1))
    made = {kind: _with_filter(kind, here, above, step).tobytes() for kind in set(kinds)}
    lines = []
    for row, kind in enumerate(kinds):
        lines += [kinds[row : row + 1], made[kind][row * stride : (row + 1) * stride]]
    return b"".join(lines)


def _with_filter(kind: int, here: Image.Image, above: Image.Image, step: int) -> Image.Image:
    if kind == NONE:
        return here
    if kind == UP:
        return ImageChops.subtract_modulo(here, above)
    left = _moved_right(here, step)
    if kind == SUB:
        return ImageChops.subtract_modulo(here, left)
    if kind == AVERAGE:
        return ImageChops.subtract_modulo(here, ImageChops.add(left, above, scale=2))
    return ImageChops.subtract_modulo(here, _paeth(left, above, _moved_right(above, step)))


def _paeth(left: Image.Image, above: Image.Image, corner: Image.Image) -> Image.Image:
    """Return the prediction of PNG Third Edition, 9.4: the neighbour nearest to left + above - corner."""

    def predicted(names: dict[str, ImageMath._Operand]) -> ImageMath._Operand:
        a, b, c = (names[name] for name in "abc")
        to_a, to_b, to_c = abs(b - c), abs(a - c), abs(a + b - c * 2)
        takes_a = (to_a <= to_b) & (to_a <= to_c)
        takes_b = (to_b <= to_c) & (takes_a == 0)
        return takes_a * a + takes_b * b + ((takes_a + takes_b) == 0) * c

    found: Image.Image = ImageMath.lambda_eval(
        lambda names: names["convert"](predicted(names), "L"),
        a=left.convert("I"),
        b=above.convert("I"),
        c=corner.convert("I"),
    )
    return found


def _moved_right(picture: Image.Image, step: int) -> Image.Image:
    moved = Image.new("L", picture.size)
    moved.paste(picture, (step, 0))
    return moved


class _Reader:
    """Inflates a data stream piece by piece."""

    def __init__(self, image_data: Iterable[bytes]) -> None:
        parts = iter(image_data)
        head = next((part for part in parts if part), b"")
        self.is_hardest = head[1:2] >= b"\xc0"
        """Whether the stream says that it was compressed at the highest level (RFC 1950, 2.2, FLEVEL)."""
        self._parts = chain((head,), parts)
        self._inflater = zlib.decompressobj()

    def take(self, count: int) -> bytes:
        """Return the next bytes. Raises ``Refused("corrupt")`` if there are fewer."""
        taken, missing = [], count
        while missing:
            pending = self._inflater.unconsumed_tail or next(self._parts, b"")
            part = self._inflater.decompress(pending, missing)
            if not part and not pending:
                raise Refused("corrupt", "the PNG is truncated: rows of its pixels are missing")
            taken.append(part)
            missing -= len(part)
        return b"".join(taken)
