"""Tells a damaged picture from a process that has too little memory for it.

Pillow and the libraries underneath report both alike: under a small limit libjpeg says "broken data stream" of a
sound progressive JPEG, libwebp "could not create decoder object" and "encoding error 1", libaom "Encoding of color
planes failed". None of that is evidence against the picture.
"""

from __future__ import annotations

from dataclasses import fields

from zenoimg.imaging.errors import NeedsMemoryError
from zenoimg.imaging.limits import Limits


class ObservedLimits(Limits):
    """Limits that also note how many bytes of memory the picture they are asked about may need.

    ``available`` is what this process can give to one picture, ``None`` where that is not known. It is no limit: a
    picture that needs more is not refused, since another process may have it.
    """

    needed: int
    available: int | None

    def __init__(self, limits: Limits, available: int | None = None) -> None:
        super().__init__(**{limit.name: getattr(limits, limit.name) for limit in fields(Limits)})
        object.__setattr__(self, "needed", 0)
        object.__setattr__(self, "available", available)

    def check_memory(self, width: int, height: int, bytes_a_pixel: float, *, held: int = 0) -> None:
        """Raise what ``Limits.check_memory`` raises, and ``NeedsMemoryError``."""
        super().check_memory(width, height, bytes_a_pixel, held=held)
        needed = self.needed_memory(width, height, bytes_a_pixel, held)
        object.__setattr__(self, "needed", max(self.needed, needed))
        if self.available is not None and needed > self.available:
            raise NeedsMemoryError(needed, self.available)


def can_allocate(length: int) -> bool:
    """Return whether the process can still get ``length`` bytes of memory.

    ``bytes`` of zeros come from ``calloc``, which reserves the address space and touches no page of it.
    """
    try:
        bytes(length)
    except MemoryError:
        return False
    return True
