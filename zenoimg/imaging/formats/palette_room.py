"""Which entries of a palette are taken, so that those behind them are free for a mark's colours."""

from __future__ import annotations

from zenoimg.imaging.formats.palette import Color


def taken_entries(palette: tuple[Color, ...], highest: int) -> list[tuple[Color, ...]]:
    """Give palettes without their free entries, the one that should be tried first in front.

    ``highest`` is the highest index that a pixel uses. First only the filling at the end goes, entries of
    one and the same colour; then everything behind ``highest``.
    """
    length = len(palette)
    while length > highest + 1 and palette[length - 1] == palette[-1]:
        length -= 1
    if length == len(palette) - 1:  # one entry is no filling
        length = len(palette)
    return list(dict.fromkeys((palette[:length], palette[: highest + 1])))
