"""The end of a run that was interrupted: what can still be put right within a second is, and no more is waited for.

A thread that hangs in a dead connection may outlive this; the process does not wait for it (see ``cli.app``).
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from s3transfer.manager import TransferManager

SECONDS = 0.7


def end_within(seconds: float, *steps: Callable[[], None]) -> None:
    """Take steps one after the other, and return when they are done or so many seconds have passed."""

    def take() -> None:
        for step in steps:
            step()

    ending = threading.Thread(target=take, name="last-moments", daemon=True)
    ending.start()
    ending.join(seconds)


def cancel_transfers(manager: TransferManager) -> None:
    """Stop what is under way and abort multipart uploads; returns when that is done.

    By leaving the manager as a context: in s3transfer 0.19 ``shutdown(cancel=True)`` hands its message on as the
    class of the exception, and fails where anything is under way.
    """
    manager.__exit__(KeyboardInterrupt, KeyboardInterrupt("stopped"), None)
