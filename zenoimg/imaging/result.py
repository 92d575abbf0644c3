"""What a watermarked picture is handed back as."""

from __future__ import annotations

from dataclasses import dataclass

MOST_WARNINGS = 100
"""A record holds 400 KB in all (Amazon DynamoDB, "Item size"); a damaged file may have a warning for every chunk."""


@dataclass(frozen=True)
class Watermarked:
    """The copy's bytes and what they hold.

    ``width`` and ``height`` are pixels as a viewer shows them, after orientation. ``warnings`` name in plain
    words everything that the copy could not keep, each once; ``MOST_WARNINGS`` of them, and how many more there are.
    """

    data: bytes
    format: str
    content_type: str
    width: int
    height: int
    frames: int
    warnings: tuple[str, ...]

    def __post_init__(self) -> None:
        warnings = list(dict.fromkeys(self.warnings))
        if len(warnings) > MOST_WARNINGS:
            warnings[MOST_WARNINGS:] = [f"{len(warnings) - MOST_WARNINGS:,} more"]
        object.__setattr__(self, "warnings", tuple(warnings))
