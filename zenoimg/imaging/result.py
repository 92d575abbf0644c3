"""What a watermarked picture is handed back as."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Watermarked:
    """The copy's bytes and what they hold.

    ``width`` and ``height`` are pixels as a viewer shows them, after orientation. ``warnings`` name in plain
    words everything that the copy could not keep.
    """

    data: bytes
    format: str
    content_type: str
    width: int
    height: int
    frames: int
    warnings: tuple[str, ...]
