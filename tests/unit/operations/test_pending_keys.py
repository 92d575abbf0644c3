"""Keys waiting for their result: first in, first out, in any number."""

from __future__ import annotations

import pytest

from zenoimg.operations.inventory.selection import ListedOriginal
from zenoimg.operations.reprocess import pending_keys as module
from zenoimg.operations.reprocess.backfill import PendingKey
from zenoimg.operations.reprocess.pending_keys import PendingKeys

GONE = PendingKey("gone.jpg", None, "left-over", "2025-06-12T15:25:16Z", "2025-06-12T16:00:00Z", False)
AWKWARD = 'a "b"\n\\ü 📷 \udce4.jpg'  # the last character stands for a byte that is not UTF-8


def sent(key: str) -> PendingKey:
    return PendingKey(
        key, ListedOriginal(key, "etag", 100, "2025-06-12T15:25:14Z"), "missing", "", "2025-06-12T16:00:00Z", True
    )


def test_keys_come_out_unchanged() -> None:
    with PendingKeys() as keys:
        for item in (GONE, sent(AWKWARD)):
            keys.put(item)
        assert keys.take(5) == [GONE, sent(AWKWARD)]
        assert len(keys) == 0
        assert keys.take(1) == []


def test_keys_put_back_come_last() -> None:
    with PendingKeys() as keys:
        for number in range(5):
            keys.put(sent(str(number)))
        for item in keys.take(2):
            keys.put(item)
        assert len(keys) == 5
        assert [item.key for item in keys.take(9)] == ["2", "3", "4", "0", "1"]


def test_keys_beyond_the_buffer_go_through_a_file_and_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BUFFER_BYTES", 1000)
    with PendingKeys() as keys:
        for number in range(300):
            keys.put(sent(f"{number}.jpg"))
        for _ in range(3):  # round and round
            for item in keys.take(300):
                keys.put(item)
        assert [item.key for item in keys.take(300)] == [f"{number}.jpg" for number in range(300)]
