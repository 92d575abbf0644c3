"""Tell a damaged picture from a process with too little memory for it.

Pillow and the libraries underneath report both in the same way: under a small limit libjpeg reports "broken data
stream" for a sound progressive JPEG, libwebp "could not create decoder object" and "encoding error 1", libaom
"Encoding of color planes failed". None of that is evidence against the picture.
"""

from __future__ import annotations

from dataclasses import fields

from zenoimg.imaging.errors import NeedsMemoryError
from zenoimg.imaging.limits import Limits


class ObservedLimits(Limits):
    """Limits that also record how many bytes of memory the checked picture may need.

    ``available`` is what this process can give to one picture, ``None`` if unknown. It is not a limit: a picture that
    needs more is not refused, since another process may have enough.
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
    """Return whether the process can still allocate ``length`` bytes of memory.

    Zeroed ``bytes`` come from ``calloc``, which reserves address space without touching any page.
    """
    try:
        bytes(length)
    except MemoryError:
        return False
    return True
