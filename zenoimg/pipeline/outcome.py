"""The result of ``reconcile`` for a key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from zenoimg.pipeline.records import ImageRecord

Result = Literal["processed", "unchanged", "removed", "refused", "failed", "ignored", "handed-over"]

HandOver = Callable[[str, bool], None]
"""Sends a key, with its ``force``, to a function with more memory."""


@dataclass(frozen=True)
class Outcome:
    """What one run did to a key. ``record`` is the record now in the table, or ``None``."""

    result: Result
    record: ImageRecord | None = None
    rounds: int = 1


@dataclass(frozen=True)
class Refusal:
    """Why an image gets no new copy: a code of ``imaging.Refused``, or ``archived`` or ``key-too-long``."""

    code: str
    message: str
