"""Chroma sampling: how many luma samples, across and down, share one chroma sample, and its name.

The names are those of Pillow's JPEG and AVIF encoders, which support no other sampling.
"""

from __future__ import annotations

from collections.abc import Iterable

Factors = tuple[int, int]
"""A component's sampling factors, horizontal and vertical (ITU-T T.81, A.1.1)."""

NAMES = {(1, 1): "4:4:4", (2, 1): "4:2:2", (2, 2): "4:2:0"}
"""Names by ratio: luma samples across and down per chroma sample."""


FINEST = "4:4:4"
"""The sampling that loses no chroma."""


def sampling_of(components: Iterable[Factors]) -> str | None:
    """Return the name of the sampling of luma and chroma components, or ``None`` if encoders cannot write it."""
    luma, *chroma = components
    if len(set(chroma)) != 1 or 0 in chroma[0]:
        return None
    horizontal, vertical = chroma[0]
    if luma[0] % horizontal or luma[1] % vertical:
        return None
    return NAMES.get((luma[0] // horizontal, luma[1] // vertical))
