"""Requests to the HEIF helper and its answers."""

from __future__ import annotations

import struct
from typing import NamedTuple

PRIMARY = 0
"""The item of a request for the file's picture."""


class Request(NamedTuple):
    """Decode an item of the file of ``length`` bytes in shared memory: ``PRIMARY``, or an auxiliary picture of it.

    The answer has ``PIXELS`` and the pixels, at most ``capacity`` bytes in all, or a text that says why there are none.
    ``memory`` bounds what decoding may allocate.
    """

    length: int
    capacity: int
    memory: int
    item: int


REQUEST = struct.Struct(f"={len(Request._fields)}q")

FAILED, TOO_LARGE, NO_MEMORY = range(2, 5)
"""Codes of answers in addition to those of every helper: libheif refuses, more pixels than fit, memory used up."""

MODES = ("L", "RGB", "RGBA", "RGBa")


class Pixels(NamedTuple):
    """What precedes the pixels: the index of their mode in ``MODES``, their size, and the bytes of a row.

    ``primaries`` and ``transfer`` are the code points that libheif found (ITU-T H.273), 2 where it found none.
    """

    mode: int
    width: int
    height: int
    stride: int
    primaries: int
    transfer: int


PIXELS = struct.Struct(f"={len(Pixels._fields)}q")
