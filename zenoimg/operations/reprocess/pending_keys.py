"""Keys that were sent and have no result yet: a queue of any length in constant memory.

What does not fit in a small buffer lies in temporary files, as JSON lines. Keys are taken from one file while
the other takes what is put back; when the first is used up they change places, so that nothing grows.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from types import TracebackType
from typing import Any

from zenoimg.operations.inventory.selection import Listed
from zenoimg.operations.reprocess.backfill import Sent

_BUFFER_BYTES = 256 * 1024


class SentKeys:
    """First in, first out. A context manager: the files go when it ends."""

    def __init__(self) -> None:
        self._front = self._file()
        self._back = self._file()
        self._left_in_front = 0
        self._in_back = 0

    def __len__(self) -> int:
        return self._left_in_front + self._in_back

    def __enter__(self) -> SentKeys:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._front.close()
        self._back.close()

    def put(self, sent: Sent) -> None:
        """One more, at the end."""
        self._back.write(json.dumps(asdict(sent)).encode() + b"\n")
        self._in_back += 1

    def take(self, count: int) -> list[Sent]:
        """The next ``count``, or as many as there are."""
        taken: list[Sent] = []
        while len(taken) < count and len(self):
            if not self._left_in_front:
                self._turn_over()
            taken.append(_read(json.loads(self._front.readline())))
            self._left_in_front -= 1
        return taken

    def _turn_over(self) -> None:
        self._front.close()
        self._front, self._left_in_front = self._back, self._in_back
        self._front.seek(0)
        self._back, self._in_back = self._file(), 0

    @staticmethod
    def _file() -> tempfile.SpooledTemporaryFile[bytes]:
        return tempfile.SpooledTemporaryFile(max_size=_BUFFER_BYTES)


def _read(told: dict[str, Any]) -> Sent:
    original = told.pop("original")
    return Sent(original=None if original is None else Listed(**original), **told)
