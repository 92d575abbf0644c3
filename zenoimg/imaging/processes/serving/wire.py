"""Requests to a helper process and its answers: fixed-size headers over pipes, data in shared memory.

Both processes map one file. Its first page is the control page, in which a library may leave the reason why it ended
the process. The data follow it.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

CONTROL_BYTES = 4096

HEAD = struct.Struct("=qq")
"""The number of bytes of the file to map, and the microseconds of CPU time for the request that follows."""

DONE, UNUSABLE = range(2)
"""Answer codes; those of a format come after them."""


class Answer(NamedTuple):
    """A code from ``DONE`` on, and the length of the data in bytes.

    The first answer comes without a request; its ``length`` is what the worker reports about itself.
    """

    code: int
    length: int = 0


ANSWER = struct.Struct(f"={len(Answer._fields)}q")
