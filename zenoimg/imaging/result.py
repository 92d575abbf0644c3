"""The result of watermarking a picture."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from typing import Literal

from zenoimg.imaging.formats import FORMATS

Encoding = Literal["coefficients", "pixels", "copied"]
"""Whether only the blocks under the mark were re-encoded (JPEG), or all pixels were decoded and re-encoded, or the copy
has no mark because the recipe asks for none or there was no room for one."""

NO_MARK = "the picture has no mark: "
"""Beginning of the warning about a copy without room for the mark; the reason follows."""

MOST_WARNINGS = 100
"""A record holds at most 400 KB (Amazon DynamoDB, "Item size"); a damaged file may cause one warning per chunk."""


@dataclass(frozen=True)
class Watermarked:
    """The copy's bytes and what they contain.

    ``width`` and ``height`` are in pixels as a viewer shows them, after orientation. ``warnings`` name everything that
    the copy could not keep, each once; beyond ``MOST_WARNINGS`` only their number is given. ``source_format`` is the
    format of the original, which is also the copy's unless it cannot be written.
    """

    data: bytes
    format: str
    width: int
    height: int
    frames: int
    warnings: tuple[str, ...]
    encoding: Encoding = "pixels"
    source_format: str = ""

    @property
    def content_type(self) -> str:
        """The media type of the copy."""
        return FORMATS[self.format].media_type

    def made_from(self, source_format: str) -> Watermarked:
        """Return the same copy with the format of its original; ``replace`` would count its warnings again."""
        made = copy(self)
        object.__setattr__(made, "source_format", source_format)
        return made

    def __post_init__(self) -> None:
        warnings = list(dict.fromkeys(self.warnings))
        if len(warnings) > MOST_WARNINGS:
            warnings[MOST_WARNINGS:] = [f"{len(warnings) - MOST_WARNINGS:,} more"]
        object.__setattr__(self, "warnings", tuple(warnings))


def is_too_small(warnings: Iterable[str]) -> bool:
    """Return whether a copy has no mark for lack of room, according to its warnings."""
    return any(warning.startswith(NO_MARK) for warning in warnings)
