"""Find the level at which a coded picture is close to its source without taking too many bytes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

CLOSE = 36.0
"""PSNR in dB from which a copy counts as close to its source."""

_CLOSE_ENOUGH = 0.6
"""Margin in dB above ``CLOSE`` that does not justify another attempt to save bytes."""

_SPENT, _AIM = 0.9, 0.97
"""Shares of the budget: from which there is no further attempt, and to aim for, since what exceeds it is discarded."""

_MOST_DECIBELS = 30.0
"""Replaces an infinite PSNR, that of equal pictures, where it is an excess."""

_DECIBELS_A_LEVEL, _GROWTH_A_LEVEL = 0.45, 1.06
"""Change of PSNR and size per level, measured on photos; determines the first step."""


@dataclass(frozen=True)
class Attempt:
    """A picture coded at one quantizer level: its size in bytes and its PSNR in dB."""

    level: int
    size: float
    psnr: float

    def is_close(self, budget: float) -> bool:
        """Return whether this one is close within the budget."""
        return self.psnr >= CLOSE and self.size <= budget

    def is_too_fine(self, budget: float) -> bool:
        """Return whether a coarser level may do: this one is close, or takes more than ``budget`` bytes."""
        return self.psnr >= CLOSE or self.size > budget


def best(attempts: Sequence[Attempt], budget: float) -> Attempt:
    """Return the smallest attempt that is close, else the closest within the budget, else the smallest."""
    affordable = [attempt for attempt in attempts if attempt.size <= budget]
    close = [attempt for attempt in attempts if attempt.is_close(budget)]
    if affordable and not close:
        return max(affordable, key=lambda attempt: attempt.psnr)
    return min(close or attempts, key=lambda attempt: attempt.size)


def close_enough(
    start: int, budget: float, code: Callable[[int], Attempt], *, coarsest: int | None = None, most: int = 7
) -> Attempt:
    """Return the best of at most ``most`` attempts: close to the source, or the closest within ``budget`` bytes.

    Lower quantizer levels are finer. The first attempt is made at ``start``; no level is above ``coarsest``, by default
    ``start``. Level 0, which is lossless, is used only as a start. The last attempt is not made to save bytes.
    """
    coarsest = start if coarsest is None else coarsest
    attempts = [code(start)]
    while len(attempts) < most:
        level = _next_level(attempts, budget, coarsest)
        is_last = len(attempts) == most - 1
        if level is None or (is_last and attempts[-1].is_close(budget)):
            break
        attempts.append(code(level))
    return best(attempts, budget)


def _next_level(attempts: Sequence[Attempt], budget: float, coarsest: int) -> int | None:
    """Return the level to try next; ``None`` if another attempt is not worth it."""
    latest = attempts[-1]
    if latest.is_close(budget) and latest.psnr < CLOSE + _CLOSE_ENOUGH:
        return None
    fine = [attempt for attempt in attempts if attempt.is_too_fine(budget)]
    coarse = [attempt for attempt in attempts if not attempt.is_too_fine(budget)]
    finest_coarse = min(coarse, key=lambda attempt: attempt.level, default=None)
    coarsest_fine = max(fine, key=lambda attempt: attempt.level, default=None)
    if finest_coarse is None:
        assert coarsest_fine is not None
        if coarsest_fine.level >= coarsest:
            return None
        return min(coarsest, coarsest_fine.level + _steps_up(coarsest_fine, attempts, budget))
    lowest = coarsest_fine.level if coarsest_fine else 0
    if finest_coarse.size >= _SPENT * budget or finest_coarse.level - lowest <= 1:
        return None
    return max(lowest + 1, finest_coarse.level - _steps_down(finest_coarse, attempts, budget))


def _steps_down(coarse: Attempt, attempts: Sequence[Attempt], budget: float) -> int:
    """Return an estimate of how many levels an attempt is too coarse, or can be finer within the budget."""
    decibels, growth = _change_a_level(coarse, attempts)
    wanted = math.ceil((CLOSE - coarse.psnr) / decibels)
    affordable = math.floor(math.log(_AIM * budget / coarse.size) / math.log(growth))
    return max(1, min(wanted, affordable))


def _steps_up(fine: Attempt, attempts: Sequence[Attempt], budget: float) -> int:
    """Return an estimate of how many levels an attempt is finer than needed, or over the budget."""
    decibels, growth = _change_a_level(fine, attempts)
    if fine.size <= budget:
        return max(1, math.floor(min(_MOST_DECIBELS, fine.psnr - CLOSE) / decibels))
    return math.ceil(math.log(fine.size / (_AIM * budget)) / math.log(growth))


def _change_a_level(one: Attempt, attempts: Sequence[Attempt]) -> tuple[float, float]:
    """Return the change of PSNR per level, and the factor of the size, between an attempt and the nearest other."""
    others = [attempt for attempt in attempts if attempt.level != one.level]
    if not others:
        return _DECIBELS_A_LEVEL, _GROWTH_A_LEVEL
    # Prefer a finer one, which is on the other side of the level wanted.
    other = min(others, key=lambda attempt: (attempt.level > one.level, abs(attempt.level - one.level)))
    levels = one.level - other.level
    return max(0.1, (other.psnr - one.psnr) / levels), max(1.01, (other.size / one.size) ** (1 / levels))
