"""What a reprocess takes up, and when it believes that the work is done."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zenoimg.operations.reprocess import Sent, watch
from zenoimg.operations.selection import Candidate, Listed, Selected, Selection, side_by_side, wanted
from zenoimg.pipeline.records import ImageRecord

ORIGINAL = Listed("a.jpg", "etag1", 100, "2025-06-12T15:25:14Z")
RECORD = ImageRecord(
    image_id="a.jpg",
    original_size=100,
    processed_size=101,
    processed_url="https://x",
    created_at="2025-06-12T15:25:14Z",
    status="processed",
    updated_at="2025-06-12T15:25:16Z",
    etag="etag1",
    version_id="v1",
)
REFUSED = replace(RECORD, status="refused", processed_size=None)


@pytest.mark.parametrize(
    ("selection", "original", "has_copy", "record", "taken"),
    [
        ("missing", ORIGINAL, True, RECORD, False),
        ("missing", ORIGINAL, False, REFUSED, False),
        ("missing", ORIGINAL, False, None, True),
        ("missing", ORIGINAL, True, None, True),
        ("missing", ORIGINAL, False, RECORD, True),
        ("missing", ORIGINAL, True, REFUSED, True),
        ("missing", ORIGINAL, True, replace(RECORD, status="failed"), True),
        ("missing", ORIGINAL, True, replace(RECORD, etag="etag0"), True),
        ("missing", ORIGINAL, True, replace(RECORD, created_at="2025-06-12T15:25:13Z"), True),
        ("missing", None, True, RECORD, True),
        ("missing", None, True, None, True),
        ("missing", None, False, RECORD, True),
        ("all", ORIGINAL, True, RECORD, True),
        ("all", ORIGINAL, False, REFUSED, True),
        ("all", None, True, None, True),
    ],
)
def test_the_selection(
    selection: Selection, original: Listed | None, has_copy: bool, record: ImageRecord | None, taken: bool
) -> None:
    assert wanted(Candidate("a.jpg", original, has_copy), record, selection) is taken


KEYS = st.sets(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4), max_size=12)


@given(KEYS, KEYS)
def test_two_sorted_listings_give_each_key_once_with_what_it_has(originals: set[str], copies: set[str]) -> None:
    def in_order(keys: set[str]) -> list[str]:
        return sorted(keys, key=lambda key: key.encode())  # as S3 lists

    listed = [replace(ORIGINAL, key=key) for key in in_order(originals)]
    found = list(side_by_side(iter(listed), iter(in_order(copies))))
    assert [candidate.key for candidate in found] == in_order(originals | copies)
    for candidate in found:
        assert (candidate.original is not None) == (candidate.key in originals)
        assert candidate.has_copy == (candidate.key in copies)


class Lane:
    """A table and a queue that change as time goes by; time goes by only in ``sleep``."""

    def __init__(self, record_at: dict[float, ImageRecord | None], in_queue_until: float = 0.0) -> None:
        self.now = 0.0
        self._record_at = record_at
        self._in_queue_until = in_queue_until
        self.catalog = self
        self.aws = SimpleNamespace(sqs=self)
        self.deployment = SimpleNamespace(backfill_queue_url="q")

    def get_many(self, keys: Any) -> dict[str, ImageRecord]:
        past = [at for at in self._record_at if at <= self.now]
        record = self._record_at[max(past)] if past else None
        return {} if record is None or not keys else {"a.jpg": record}

    def get_queue_attributes(self, **_: Any) -> dict[str, Any]:
        return {"Attributes": {"ApproximateNumberOfMessages": str(int(self.now < self._in_queue_until))}}

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def watched(lane: Lane, record: ImageRecord | None, *, original: Listed | None = ORIGINAL, settle: float = 90) -> str:
    sent = [Sent(Selected("a.jpg", original, record), "2025-06-12T16:00:00Z")]
    (result,) = watch(lane, sent, settle=settle, sleep=lane.sleep, clock=lambda: lane.now)  # type: ignore[arg-type]
    return result.result


NEW = replace(RECORD, updated_at="2025-06-12T16:00:05Z")


def test_an_empty_queue_is_not_believed_before_it_can_be_known() -> None:
    lane = Lane({40.0: NEW})  # a cold start, while the queue's counts still say nothing
    assert watched(lane, None) == "processed"
    assert lane.now == pytest.approx(40)


def test_an_old_record_is_never_taken_for_the_forced_work() -> None:
    lane = Lane({0.0: RECORD})
    assert watched(lane, RECORD) == "unfinished"
    assert lane.now >= 90


def test_a_record_of_the_same_second_is_the_one_that_is_wanted() -> None:
    fast = replace(RECORD, updated_at="2025-06-12T16:00:00Z")
    assert watched(Lane({0.0: fast}), fast) == "processed"


def test_the_queue_is_watched_while_it_holds_messages() -> None:
    lane = Lane({500.0: NEW}, in_queue_until=499)
    assert watched(lane, RECORD) == "processed"


def test_what_failed_for_good_says_so() -> None:
    assert watched(Lane({0.0: replace(NEW, status="failed", error="AccessDenied")}), None) == "failed"


def test_a_removed_original_is_done_when_its_record_is_gone() -> None:
    lane = Lane({0.0: RECORD, 3.0: None})
    assert watched(lane, RECORD, original=None) == "removed"


def test_a_record_of_another_version_is_not_the_end() -> None:
    assert watched(Lane({0.0: replace(NEW, etag="other")}), None) == "unfinished"
