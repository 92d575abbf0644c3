"""Requests to the HEIF helper and its answers."""

from __future__ import annotations

import struct
from typing import NamedTuple

PRIMARY = 0
"""Item number that requests the file's primary picture."""


class Request(NamedTuple):
    """A request to decode an item of the ``length``-byte file in shared memory: ``PRIMARY``, or an auxiliary picture.

    The answer is ``PIXELS`` followed by the pixels, at most ``capacity`` bytes in total, or a text that says why there
    are none. ``memory`` bounds what decoding may allocate.
    """

    length: int
    capacity: int
    memory: int
    item: int


REQUEST = struct.Struct(f"={len(Request._fields)}q")

FAILED, TOO_LARGE, NO_MEMORY = range(2, 5)
"""Answer codes in addition to those of every helper: refused by libheif, more pixels than fit, out of memory."""

MODES = ("L", "RGB", "RGBA", "RGBa")


class Pixels(NamedTuple):
    """The header of an answer with pixels: the index of their mode in ``MODES``, their size, and the bytes per row.

    ``primaries`` and ``transfer`` are the code points that libheif found (ITU-T H.273), 2 if it found none.
    """

    mode: int
    width: int
    height: int
    stride: int
    primaries: int
    transfer: int


PIXELS = struct.Struct(f"={len(Pixels._fields)}q")
