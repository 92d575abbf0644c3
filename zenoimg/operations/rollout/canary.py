"""Select the canary: the share of the images that a rollout reprocesses first, which is the same in every run.

Images are ordered by a fixed hash of their keys, so that the share is a fair sample of all folders and dates.
"""

from __future__ import annotations

import hashlib
import heapq
import re
from collections.abc import Iterable
from dataclasses import dataclass

from zenoimg.errors import UsageError

_SPACE = 2**64


@dataclass(frozen=True)
class CanarySize:
    """A ``share`` of the images (0 < share < 1), or a number of ``images``; the other field is 0."""

    share: float = 0.0
    images: int = 0

    def __str__(self) -> str:
        return f"{self.share * 100:g}%" if self.share else f"{self.images:,} images"


def parse_size(text: str) -> CanarySize:
    """Return the size that ``1%`` or ``20`` names. Raises ``UsageError`` for anything else."""
    if re.fullmatch(r"\d+(\.\d+)?%", text) and 0 < float(text[:-1]) < 100:
        return CanarySize(share=float(text[:-1]) / 100)
    if re.fullmatch(r"\d{1,9}", text) and int(text) > 0:
        return CanarySize(images=int(text))
    raise UsageError(
        f"--canary {text!r} is neither a share nor a number of images", next_step="Write it as 1% or as 20."
    )


def canary_keys(keys: Iterable[str], size: CanarySize) -> frozenset[str]:
    """Return the canary's keys out of all keys; a share selects at least one.

    Memory use grows with the size of the canary, not with the number of keys.
    """
    if size.images:
        return frozenset(heapq.nsmallest(size.images, keys, key=position))
    lowest: str | None = None
    inside: set[str] = set()
    for key in keys:
        if position(key) < size.share * _SPACE:
            inside.add(key)
        elif not inside and (lowest is None or position(key) < position(lowest)):
            lowest = key
    return frozenset(inside or ([lowest] if lowest is not None else []))


def position(key: str) -> int:
    """Return the position of a key in hash order, from 0 up to 2**64."""
    return int.from_bytes(hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
