"""The end of transfers that are under way."""

from __future__ import annotations

from s3transfer.manager import TransferManager


def cancel_transfers(manager: TransferManager) -> None:
    """Stop what is under way and abort multipart uploads; returns when that is done.

    By leaving the manager as a context: in s3transfer 0.19 ``shutdown(cancel=True)`` hands its message on as the
    class of the exception, and fails where anything is under way.
    """
    manager.__exit__(KeyboardInterrupt, KeyboardInterrupt("stopped"), None)
