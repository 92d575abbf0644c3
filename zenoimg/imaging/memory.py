"""Tells a damaged picture from a process that has too little memory for it.

Pillow and the libraries underneath report both alike: under a small limit libjpeg says "broken data stream" of a
sound progressive JPEG, libwebp "could not create decoder object" and "encoding error 1", libaom "Encoding of color
planes failed". None of that is evidence against the picture.
"""

from __future__ import annotations

from dataclasses import fields

from zenoimg.imaging.limits import Limits

_BYTES_A_PIXEL = 24
"""More than the formats without a figure of their own need: a progressive JPEG takes 11, as measured."""


class ObservedLimits(Limits):
    """Limits that also note how many bytes of memory the picture they are asked about may need."""

    needed: int

    def __init__(self, limits: Limits) -> None:
        super().__init__(**{limit.name: getattr(limits, limit.name) for limit in fields(Limits)})
        object.__setattr__(self, "needed", 0)

    def check_picture(self, width: int, height: int, frames: int = 1) -> None:
        """Raise what ``Limits.check_picture`` raises."""
        super().check_picture(width, height, frames)
        self._note(width * height * _BYTES_A_PIXEL)

    def check_memory(self, width: int, height: int, bytes_a_pixel: int) -> None:
        """Raise what ``Limits.check_memory`` raises."""
        super().check_memory(width, height, bytes_a_pixel)
        self._note(width * height * bytes_a_pixel)

    def _note(self, needed: int) -> None:
        object.__setattr__(self, "needed", max(self.needed, min(needed, self.max_memory)))


def can_allocate(length: int) -> bool:
    """Return whether the process can still get ``length`` bytes of memory.

    ``bytes`` of zeros come from ``calloc``, which reserves the address space and touches no page of it.
    """
    try:
        bytes(length)
    except MemoryError:
        return False
    return True
