"""The parent's side of the helper process that drives libjpeg."""

from __future__ import annotations

import struct
from functools import partial
from pathlib import Path

from zenoimg.imaging.formats.jpeg.coefficients.worker.messages import ERROR_CODE_AT, LIBJPEG_EXIT
from zenoimg.imaging.processes.child_process import Helper, OutOfMemoryError, RejectedError
from zenoimg.imaging.processes.pool import Pool, pool_of

_FOLDER = str(Path(__file__).parent)


class JpegHelper(Helper):
    """A helper whose greeting is libjpeg's error code for lack of memory."""

    def __init__(self, library: str) -> None:
        super().__init__("JPEG", _FOLDER, [library])

    def judge_exit(self, status: int, control: bytes) -> None:
        """Tell lack of memory from a picture that libjpeg gave up on."""
        if status == LIBJPEG_EXIT:
            (code,) = struct.unpack_from("=i", control, ERROR_CODE_AT)
            raise OutOfMemoryError if code == self.greeting else RejectedError


def helpers_of(library: str) -> Pool[JpegHelper]:
    """Return the process's helpers for a library."""
    return pool_of(partial(JpegHelper, library), ("JPEG", library))
