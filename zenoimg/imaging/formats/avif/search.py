"""Finds how finely a picture has to be coded to be close to its source, without costing too many bytes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

CLOSE = 36.0
"""dB from which on a copy is close to its source."""

_CLOSE_ENOUGH = 0.6
"""dB above ``CLOSE`` that are not worth another attempt to save bytes."""

_MOST_ATTEMPTS = 6
_DECIBELS_A_LEVEL, _GROWTH_A_LEVEL = 0.45, 1.06
"""What a level changes in photos, as measured; the first step goes by it."""


@dataclass(frozen=True)
class Attempt:
    """A picture coded at a level of the quantizer: its bytes, and its PSNR in dB."""

    level: int
    size: float
    psnr: float


def close_enough(start: int, budget: float, code: Callable[[int], Attempt]) -> Attempt:
    """Return the attempt at ``start``, or at the highest lower level that makes it close to the source.

    Levels are those of the quantizer, the lower the finer. Where a close one takes more than ``budget`` bytes it is
    the lowest level that does not; level 0, which is lossless, is only used as a start.
    """
    coarse = code(start)
    fine: Attempt | None = None
    lowest = 0
    previous = coarse
    for _ in range(_MOST_ATTEMPTS):
        if coarse.psnr >= CLOSE or coarse.size >= 0.95 * budget or coarse.level - lowest <= 1:
            break
        attempt = code(max(lowest + 1, coarse.level - _step(previous, coarse, budget)))
        if attempt.size > budget:
            lowest = attempt.level
        elif attempt.psnr >= CLOSE:
            fine, lowest = attempt, attempt.level
            if attempt.psnr < CLOSE + _CLOSE_ENOUGH:
                break
        else:
            previous, coarse = coarse, attempt
    return fine or coarse


def _step(previous: Attempt, coarse: Attempt, budget: float) -> int:
    """Return by how many levels a coarse attempt is probably too coarse, or too far from the budget."""
    decibels, growth = _DECIBELS_A_LEVEL, _GROWTH_A_LEVEL
    if previous.level > coarse.level:
        levels = previous.level - coarse.level
        decibels = max(0.1, (coarse.psnr - previous.psnr) / levels)
        growth = max(1.01, (coarse.size / previous.size) ** (1 / levels))
    wanted = math.ceil((CLOSE - coarse.psnr) / decibels)
    affordable = math.floor(math.log(budget / coarse.size) / math.log(growth))
    return max(1, min(wanted, affordable))
