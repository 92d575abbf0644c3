"""Chroma sampling: how many luma samples, across and down, share one chroma sample, and the name of that.

The names are those of Pillow's JPEG and AVIF encoders, which write no other sampling.
"""

from __future__ import annotations

from collections.abc import Iterable

Factors = tuple[int, int]
"""A component's sampling factors, horizontal and vertical (ITU-T T.81, A.1.1)."""

NAMES = {(1, 1): "4:4:4", (2, 1): "4:2:2", (2, 2): "4:2:0"}
"""The sampling by its ratio, luma samples across and down for one chroma sample."""


FINEST = "4:4:4"
"""The sampling that loses nothing of the chroma."""


def sampling_of(components: Iterable[Factors]) -> str | None:
    """Return the name of the sampling of luma and chroma components; ``None`` when encoders cannot write it."""
    luma, *chroma = components
    if len(set(chroma)) != 1 or 0 in chroma[0]:
        return None
    horizontal, vertical = chroma[0]
    if luma[0] % horizontal or luma[1] % vertical:
        return None
    return NAMES.get((luma[0] // horizontal, luma[1] // vertical))
