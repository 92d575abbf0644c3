"""Suppress libjpeg's note about coarse quantization tables, which it prints to the process's standard error.

Tables with entries above 255 make a sequential JPEG an extended one (SOF1). libjpeg's encoder traces that at a level
that is always printed (``jcmarker.c``, ``JTRC_16BIT_TABLES``), bypassing Python's ``sys.stderr``.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_STANDARD_ERROR = 2
_NOTE = b"quantization tables are too coarse for baseline JPEG"
_REDIRECTION = threading.Lock()


@contextmanager
def without_coarse_table_notes(expected: bool) -> Iterator[None]:
    """Drop the note from standard error. Anything else printed in the meantime is printed at the end.

    Does nothing unless the note is ``expected``, since the redirection affects the entire process.
    """
    if not expected:
        yield
        return
    with _REDIRECTION, tempfile.TemporaryFile() as printed:
        try:
            standard_error = os.dup(_STANDARD_ERROR)
        except OSError:  # the process has no standard error
            yield
            return
        os.dup2(printed.fileno(), _STANDARD_ERROR)
        try:
            yield
        finally:
            os.dup2(standard_error, _STANDARD_ERROR)
            os.close(standard_error)
            printed.seek(0)
            for line in printed:
                if _NOTE not in line:
                    os.write(_STANDARD_ERROR, line)
