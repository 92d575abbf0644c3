"""Find the level at which a coded picture is close to its source without taking too many bytes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

CLOSE = 36.0
"""PSNR in dB from which a copy counts as close to its source."""

_CLOSE_ENOUGH = 0.6
"""Margin in dB above ``CLOSE`` that does not justify another attempt to save bytes."""

_MOST_ATTEMPTS = 6
_DECIBELS_A_LEVEL, _GROWTH_A_LEVEL = 0.45, 1.06
"""Change of PSNR per level, measured on photos; determines the first step."""


@dataclass(frozen=True)
class Attempt:
    """A picture coded at one quantizer level: its size in bytes and its PSNR in dB."""

    level: int
    size: float
    psnr: float


def close_enough(start: int, budget: float, code: Callable[[int], Attempt]) -> Attempt:
    """Return the attempt at ``start``, or at the highest level below it that is close to the source.

    Lower quantizer levels are finer. Where a close attempt would take more than ``budget`` bytes, return the lowest
    level that fits. Level 0, which is lossless, is used only as a start.
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
    """Return an estimate of how many levels an attempt is too coarse or over budget."""
    decibels, growth = _DECIBELS_A_LEVEL, _GROWTH_A_LEVEL
    if previous.level > coarse.level:
        levels = previous.level - coarse.level
        decibels = max(0.1, (coarse.psnr - previous.psnr) / levels)
        growth = max(1.01, (coarse.size / previous.size) ** (1 / levels))
    wanted = math.ceil((CLOSE - coarse.psnr) / decibels)
    affordable = math.floor(math.log(budget / coarse.size) / math.log(growth))
    return max(1, min(wanted, affordable))
