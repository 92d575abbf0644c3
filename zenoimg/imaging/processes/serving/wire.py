"""Requests to a helper process and its answers: fixed-size headers over pipes, data in shared memory.

Both processes map one file. Its first page is the control page, in which a library may leave word of why it ended the
process. The data begin after it.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

CONTROL_BYTES = 4096

HEAD = struct.Struct("=qq")
"""How many bytes of the file are to be mapped, and the microseconds of processor time for a request, which follows."""

DONE, UNUSABLE = range(2)
"""Codes of answers; a format's own ones come after them."""


class Answer(NamedTuple):
    """A code from ``DONE`` on, and how many bytes of data there are.

    The first answer comes unasked; ``length`` is then what the worker has to tell of itself.
    """

    code: int
    length: int = 0


ANSWER = struct.Struct(f"={len(Answer._fields)}q")
