"""The end of a run that was interrupted: what can still be put right within a second is, and no more is waited for.

A thread that hangs in a dead connection may outlive this; the process does not wait for it (see ``cli.app``).
"""

from __future__ import annotations

import threading
from collections.abc import Callable

SECONDS = 0.7


def end_within(seconds: float, *steps: Callable[[], None]) -> None:
    """Take steps one after the other, and return when they are done or so many seconds have passed."""

    def take() -> None:
        for step in steps:
            step()

    ending = threading.Thread(target=take, name="last-moments", daemon=True)
    ending.start()
    ending.join(seconds)
