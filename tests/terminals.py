"""The other side of a terminal that a command under test writes to."""

from __future__ import annotations

import os


def written(terminal: int) -> bytes:
    """All that is written to a terminal until its last user is gone; then its descriptor is closed."""
    found = b""
    try:
        while block := os.read(terminal, 65536):
            found += block
    except OSError:  # how Linux says that the other side is closed
        pass
    os.close(terminal)
    return found
