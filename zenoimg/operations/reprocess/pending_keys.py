"""Keys that were sent and have no result yet: a queue of any length in constant memory.

Beyond a small buffer they are kept as JSON lines in temporary files. Keys are read from one file while new ones are
written to the other; when the first is exhausted the files swap, so that neither grows without bound.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from types import TracebackType
from typing import Any

from zenoimg.operations.inventory.selection import ListedOriginal
from zenoimg.operations.reprocess.backfill import PendingKey

_BUFFER_BYTES = 256 * 1024


class PendingKeys:
    """A first-in, first-out queue. As a context manager, it removes its files on exit."""

    def __init__(self) -> None:
        self._front = self._file()
        self._back = self._file()
        self._left_in_front = 0
        self._in_back = 0

    def __len__(self) -> int:
        return self._left_in_front + self._in_back

    def __enter__(self) -> PendingKeys:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._front.close()
        self._back.close()

    def put(self, key: PendingKey) -> None:
        """Append a key."""
        self._back.write(json.dumps(asdict(key)).encode() + b"\n")
        self._in_back += 1

    def take(self, count: int) -> list[PendingKey]:
        """Remove and return the next ``count`` keys, or all if there are fewer."""
        taken: list[PendingKey] = []
        while len(taken) < count and len(self):
            if not self._left_in_front:
                self._swap()
            taken.append(_read(json.loads(self._front.readline())))
            self._left_in_front -= 1
        return taken

    def _swap(self) -> None:
        self._front.close()
        self._front, self._left_in_front = self._back, self._in_back
        self._front.seek(0)
        self._back, self._in_back = self._file(), 0

    @staticmethod
    def _file() -> tempfile.SpooledTemporaryFile[bytes]:
        return tempfile.SpooledTemporaryFile(max_size=_BUFFER_BYTES)


def _read(fields: dict[str, Any]) -> PendingKey:
    original = fields.pop("original")
    return PendingKey(original=None if original is None else ListedOriginal(**original), **fields)
