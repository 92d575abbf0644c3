"""When waiting for the backfill lane ends, and how much it keeps in memory in the meantime."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.operations.test_selection import ORIGINAL, RECORD
from zenoimg.operations.inventory.current import Current
from zenoimg.operations.inventory.selection import ImageState, ListedOriginal, SelectedImage
from zenoimg.operations.queues import QueueCounts
from zenoimg.operations.reprocess.backfill import PendingKey
from zenoimg.operations.reprocess.here import ReprocessResult
from zenoimg.operations.reprocess.pending_keys import PendingKeys
from zenoimg.operations.reprocess.waiting import Pace, poll_queue, wait_for_results
from zenoimg.pipeline.records import ImageRecord, utc_text

SENT_AT = "2025-06-12T16:00:00Z"
NEW = replace(RECORD, updated_at="2025-06-12T16:00:05Z")


class Lane:
    """A table, a bucket and a queue that change over time; time passes only in ``sleep``."""

    def __init__(
        self,
        record_at: dict[float, ImageRecord | None],
        in_queue_until: float = 0.0,
        *,
        original: ListedOriginal | None = ORIGINAL,
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
        self.deployment = SimpleNamespace(
            backfill_queue_url="q", large_queue_url="", dead_letter_queue_url="d", queue_urls=("q",)
        )

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

    def change_message_visibility_batch(self, **_: Any) -> dict[str, Any]:
        return {}

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    @property
    def pace(self) -> Pace:
        return Pace(sleep=self.sleep, clock=lambda: self.now)


def waited(
    lane: Lane,
    record: ImageRecord | None,
    *,
    state: ImageState = "missing",
    force: bool = True,
    original: ListedOriginal | None = ORIGINAL,
) -> ReprocessResult:
    with PendingKeys() as pending:
        pending.put(PendingKey.of(SelectedImage("a.jpg", original, record, state), SENT_AT, force=force))
        (result,) = wait_for_results(lane, pending, Current("new"), on_poll=lambda _: None, pace=lane.pace)  # type: ignore[arg-type]
    return result


def test_an_empty_queue_counts_only_after_the_counts_have_settled() -> None:
    lane = Lane({40.0: NEW})  # a cold start, while the queue's counts are not up to date
    assert waited(lane, None).result == "processed"
    assert lane.now == pytest.approx(40)


def test_a_photo_in_the_large_queue_is_awaited() -> None:
    lane = Lane({200.0: NEW}, 0.0)
    lane.deployment.queue_urls = ("q", "large")
    lane.get_queue_attributes = lambda QueueUrl, **_: {  # type: ignore[method-assign]  # noqa: N803 - AWS's own name
        "Attributes": {"ApproximateNumberOfMessages": str(int(QueueUrl == "large" and lane.now < 201))}
    }
    assert waited(lane, None).result == "processed"
    assert lane.now == pytest.approx(200)


def test_an_old_record_is_not_the_result_of_a_forced_run() -> None:
    lane = Lane({0.0: RECORD})
    assert waited(lane, RECORD, state="current").result == "unfinished"
    assert lane.now >= 90


def test_a_record_of_the_same_second_is_a_result() -> None:
    fast = replace(RECORD, updated_at=SENT_AT)
    assert waited(Lane({0.0: fast}), fast).result == "processed"


def test_the_queue_is_watched_while_it_has_messages() -> None:
    lane = Lane({500.0: NEW}, in_queue_until=499)
    assert waited(lane, RECORD).result == "processed"


def test_a_permanently_failed_image_has_a_reason() -> None:
    result = waited(Lane({0.0: replace(NEW, status="failed", error="AccessDenied")}), None)
    assert (result.result, result.reason) == ("failed", "AccessDenied")


def test_a_dead_letter_explains_a_key_without_a_record() -> None:
    body = '{"requestPayload":{"Records":[{"s3":{"bucket":{"name":"originals"},"object":{"key":"a.jpg"}}}]},'
    body += '"responsePayload":{"errorType":"Runtime.ExitError","errorMessage":"signal: killed"}}'
    result = waited(Lane({}, dead=body), None)
    assert (result.result, result.reason) == ("failed", "Runtime.ExitError: signal: killed")


def test_a_removed_original_is_done_once_its_record_is_gone() -> None:
    lane = Lane({0.0: RECORD, 3.0: None}, original=None)
    assert waited(lane, RECORD, state="left-over", original=None).result == "removed"


def test_an_original_deleted_while_queued_is_removed() -> None:
    assert waited(Lane({0.0: RECORD, 3.0: None}, original=None), RECORD).result == "removed"


def test_a_record_of_another_version_is_not_the_result() -> None:
    assert waited(Lane({0.0: replace(NEW, etag="other")}), None).result == "unfinished"


def test_an_original_overwritten_while_queued_is_judged_by_its_new_version() -> None:
    newer = replace(ORIGINAL, etag="etag2")
    lane = Lane({5.0: replace(NEW, etag="etag2")}, original=newer)
    assert waited(lane, None, force=False).result == "processed"


def test_a_record_of_the_previous_recipe_is_not_the_result() -> None:
    lane = Lane({0.0: replace(NEW, recipe="old"), 20.0: NEW})
    assert waited(lane, RECORD, state="stale", force=False).result == "processed"
    assert lane.now == pytest.approx(20)


def test_a_refusal_by_the_previous_recipe_is_not_the_result() -> None:
    refused = replace(NEW, status="refused", error="too-small: x")
    lane = Lane({0.0: replace(refused, recipe="old"), 20.0: refused})
    assert waited(lane, RECORD, state="stale", force=False).result == "refused"
    assert lane.now == pytest.approx(20)


def test_a_dead_letter_of_an_up_to_date_image_needs_no_new_record() -> None:
    lane = Lane({0.0: RECORD})
    assert waited(lane, RECORD, state="current", force=False).result == "unchanged"
    assert lane.now == 0


def test_three_empty_polls_in_a_row_make_a_queue_empty_and_a_failed_poll_does_not_count() -> None:
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
    assert list(poll_queue(lane, seen.append, pace)) == ["busy"] * 7 + ["empty"]  # type: ignore[arg-type]
    assert len(seen) == 7


class Worker(Lane):
    """A table of many images whose queue is processed at ``a_second`` images per second, in the order sent."""

    def __init__(self, images: int, a_second: int, stuck: frozenset[str] = frozenset()) -> None:
        super().__init__({}, in_queue_until=images / a_second)
        self._a_second = a_second
        self._stuck = stuck
        self.largest_lookup = 0

    def get_many(self, keys: Any) -> dict[str, ImageRecord]:
        self.largest_lookup = max(self.largest_lookup, len(keys))
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
def test_any_number_of_keys_is_awaited_with_few_in_memory(stuck: int) -> None:
    """Even if more keys are waiting for a retry than are looked up at a time."""
    images = 5000
    lane = Worker(images, a_second=50, stuck=frozenset(map(str, range(stuck))))
    with PendingKeys() as pending:
        for number in range(images):
            pending.put(PendingKey.of(SelectedImage(str(number), ORIGINAL, None, "missing"), SENT_AT, force=False))
        results = list(wait_for_results(lane, pending, Current("new"), on_poll=lambda _: None, pace=lane.pace))  # type: ignore[arg-type]
    assert lane.largest_lookup <= 200
    assert sorted(int(result.key) for result in results) == list(range(images))
    assert sum(result.result == "unfinished" for result in results) == stuck
