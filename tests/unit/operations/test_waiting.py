"""When a wait for the backfill lane believes that the work is done, and how much it keeps in mind meanwhile."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.operations.test_selection import ORIGINAL, RECORD
from zenoimg.operations.inventory.selection import Listed, Selected, State
from zenoimg.operations.reprocess.backfill import QueueCounts, Sent
from zenoimg.operations.reprocess.here import ReprocessResult
from zenoimg.operations.reprocess.pending_keys import SentKeys
from zenoimg.operations.reprocess.waiting import Pace, looks, watch
from zenoimg.pipeline.records import ImageRecord, utc_text

SENT_AT = "2025-06-12T16:00:00Z"
NEW = replace(RECORD, updated_at="2025-06-12T16:00:05Z")


class Lane:
    """A table, a bucket and a queue that change as time goes by; time goes by only in ``sleep``."""

    def __init__(
        self,
        record_at: dict[float, ImageRecord | None],
        in_queue_until: float = 0.0,
        *,
        original: Listed | None = ORIGINAL,
        dead: str = "",
    ) -> None:
        self.now = 0.0
        self._record_at = record_at
        self._in_queue_until = in_queue_until
        self._dead = dead
        self.original = original
        self.catalog = self.storage = self
        self.aws = SimpleNamespace(sqs=self)
        self.settings = SimpleNamespace(originals_bucket="originals")
        self.deployment = SimpleNamespace(backfill_queue_url="q", dead_letter_queue_url="d")

    def get(self, _: str) -> ImageRecord | None:
        past = [at for at in self._record_at if at <= self.now]
        return self._record_at[max(past)] if past else None

    def get_many(self, keys: Any) -> dict[str, ImageRecord]:
        record = self.get("a.jpg")
        return {} if record is None or "a.jpg" not in keys else {"a.jpg": record}

    def head_original(self, _: str) -> Any:
        if self.original is None:
            return None
        from datetime import datetime

        created = datetime.fromisoformat(self.original.created_at)
        return SimpleNamespace(etag=self.original.etag, size=self.original.size, last_modified=created)

    def get_copy_mark(self, _: str) -> Any:
        record = self.get("a.jpg")
        return object() if record is not None and record.status == "processed" else None

    def get_queue_attributes(self, **_: Any) -> dict[str, Any]:
        return {"Attributes": {"ApproximateNumberOfMessages": str(int(self.now < self._in_queue_until))}}

    def receive_message(self, **_: Any) -> dict[str, Any]:
        body, self._dead = self._dead, ""
        return {"Messages": [{"MessageId": "1", "ReceiptHandle": "r", "Body": body}]} if body else {}

    def change_message_visibility_batch(self, **_: Any) -> None:
        pass

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    @property
    def pace(self) -> Pace:
        return Pace(sleep=self.sleep, clock=lambda: self.now)


def watched(
    lane: Lane,
    record: ImageRecord | None,
    *,
    state: State = "missing",
    force: bool = True,
    original: Listed | None = ORIGINAL,
) -> ReprocessResult:
    with SentKeys() as sent:
        sent.put(Sent.of(Selected("a.jpg", original, record, state), SENT_AT, force=force))
        (result,) = watch(lane, sent, "new", on_look=lambda _: None, pace=lane.pace)  # type: ignore[arg-type]
    return result


def test_an_empty_queue_is_not_believed_before_it_can_be_known() -> None:
    lane = Lane({40.0: NEW})  # a cold start, while the queue's counts still say nothing
    assert watched(lane, None).result == "processed"
    assert lane.now == pytest.approx(40)


def test_an_old_record_is_never_taken_for_the_forced_work() -> None:
    lane = Lane({0.0: RECORD})
    assert watched(lane, RECORD, state="current").result == "unfinished"
    assert lane.now >= 90


def test_a_record_of_the_same_second_is_the_one_that_is_wanted() -> None:
    fast = replace(RECORD, updated_at=SENT_AT)
    assert watched(Lane({0.0: fast}), fast).result == "processed"


def test_the_queue_is_watched_while_it_holds_messages() -> None:
    lane = Lane({500.0: NEW}, in_queue_until=499)
    assert watched(lane, RECORD).result == "processed"


def test_what_failed_for_good_says_why() -> None:
    result = watched(Lane({0.0: replace(NEW, status="failed", error="AccessDenied")}), None)
    assert (result.result, result.reason) == ("failed", "AccessDenied")


def test_a_dead_letter_is_found_for_what_left_no_record() -> None:
    body = '{"requestPayload":{"Records":[{"s3":{"bucket":{"name":"originals"},"object":{"key":"a.jpg"}}}]},'
    body += '"responsePayload":{"errorType":"Runtime.ExitError","errorMessage":"signal: killed"}}'
    result = watched(Lane({}, dead=body), None)
    assert (result.result, result.reason) == ("failed", "Runtime.ExitError: signal: killed")


def test_a_removed_original_is_done_when_its_record_is_gone() -> None:
    lane = Lane({0.0: RECORD, 3.0: None}, original=None)
    assert watched(lane, RECORD, state="left-over", original=None).result == "removed"


def test_an_original_that_goes_while_it_waits_is_removed() -> None:
    assert watched(Lane({0.0: RECORD, 3.0: None}, original=None), RECORD).result == "removed"


def test_a_record_of_another_version_is_not_the_end() -> None:
    assert watched(Lane({0.0: replace(NEW, etag="other")}), None).result == "unfinished"


def test_an_original_that_was_overwritten_meanwhile_is_judged_by_its_new_version() -> None:
    newer = replace(ORIGINAL, etag="etag2")
    lane = Lane({5.0: replace(NEW, etag="etag2")}, original=newer)
    assert watched(lane, None, force=False).result == "processed"


def test_a_record_of_the_recipe_before_is_not_the_end_of_a_rollout() -> None:
    lane = Lane({0.0: replace(NEW, recipe="old"), 20.0: NEW})
    assert watched(lane, RECORD, state="stale", force=False).result == "processed"
    assert lane.now == pytest.approx(20)


def test_a_dead_letter_of_an_image_that_is_right_already_needs_no_new_record() -> None:
    lane = Lane({0.0: RECORD})
    assert watched(lane, RECORD, state="current", force=False).result == "unchanged"
    assert lane.now == 0


def test_three_looks_in_a_row_make_a_queue_empty_and_a_refused_look_makes_none() -> None:
    counts = iter([0, 0, None, 0, 1, 0, 0, 0])
    seen: list[QueueCounts] = []

    def attributes(**_: Any) -> dict[str, Any]:
        count = next(counts)
        if count is None:
            raise ClientError({"Error": {"Code": "ServiceUnavailable"}}, "GetQueueAttributes")
        return {"Attributes": {"ApproximateNumberOfMessages": str(count)}}

    lane = Lane({})
    lane.get_queue_attributes = attributes  # type: ignore[method-assign]
    pace = replace(lane.pace, settle=0)
    assert list(looks(lane, seen.append, pace)) == ["busy"] * 7 + ["empty"]  # type: ignore[arg-type]
    assert len(seen) == 7


class Worker(Lane):
    """A table of many images whose queue is worked off ``a_second`` images a second, in the order sent."""

    def __init__(self, images: int, a_second: int, stuck: frozenset[str] = frozenset()) -> None:
        super().__init__({}, in_queue_until=images / a_second)
        self._a_second = a_second
        self._stuck = stuck
        self.most_asked = 0

    def get_many(self, keys: Any) -> dict[str, ImageRecord]:
        self.most_asked = max(self.most_asked, len(keys))
        done = self.now * self._a_second
        return {
            key: replace(NEW, image_id=key, updated_at=utc_text_after(self.now))
            for key in keys
            if int(key) < done and key not in self._stuck
        }

    def get(self, _: str) -> ImageRecord | None:
        return None


def utc_text_after(seconds: float) -> str:
    from datetime import UTC, datetime, timedelta

    return utc_text(datetime(2025, 6, 12, 16, 0, 1, tzinfo=UTC) + timedelta(seconds=seconds))


@pytest.mark.parametrize("stuck", [0, 450])
def test_any_number_of_keys_is_awaited_with_few_in_mind(stuck: int) -> None:
    """Even where more wait for their retry than are asked about at a time."""
    images = 5000
    lane = Worker(images, a_second=50, stuck=frozenset(map(str, range(stuck))))
    with SentKeys() as sent:
        for number in range(images):
            sent.put(Sent.of(Selected(str(number), ORIGINAL, None, "missing"), SENT_AT, force=False))
        results = list(watch(lane, sent, "new", on_look=lambda _: None, pace=lane.pace))  # type: ignore[arg-type]
    assert lane.most_asked <= 200
    assert sorted(int(result.key) for result in results) == list(range(images))
    assert sum(result.result == "unfinished" for result in results) == stuck
