"""A queue that takes longer to read than the visibility timeout of a letter."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from zenoimg.operations.dead_letters.survey import peek

SECONDS_A_CALL = 0.06


class SlowQueue:
    """SQS with its own clock: each call takes time, and letters reappear when their timeout ends."""

    def __init__(self, letters: int) -> None:
        self.now = 0.0
        self.visible_at = dict.fromkeys(map(str, range(letters)), 0.0)

    def receive_message(self, **given: Any) -> dict[str, Any]:
        self.now += SECONDS_A_CALL
        # SQS guarantees no order; here, letters that reappeared last come first, which is the worst case.
        ready = sorted((at for at in self.visible_at.items() if at[1] <= self.now), key=lambda each: -each[1])
        found = [each for each, _ in ready[: given["MaxNumberOfMessages"]]]
        self.visible_at |= dict.fromkeys(found, self.now + given["VisibilityTimeout"])
        messages = [{"MessageId": each, "ReceiptHandle": each, "Body": "{}", "Attributes": {}} for each in found]
        return {"Messages": messages} if found else {}

    def change_message_visibility_batch(self, **given: Any) -> dict[str, Any]:
        self.visible_at |= {each["ReceiptHandle"]: self.now for each in given["Entries"]}
        return {}


@pytest.mark.slow
@pytest.mark.parametrize("count", [5, 9_000])
def test_all_letters_of_a_long_queue_are_read_and_visible_again(count: int) -> None:
    queue = SlowQueue(9_000)
    deployment = SimpleNamespace(dead_letter_queue_url="https://queue/dead", backfill_queue_url="", large_queue_url="")
    pipeline: Any = SimpleNamespace(
        aws=SimpleNamespace(sqs=queue), deployment=deployment, settings=SimpleNamespace(originals_bucket="originals")
    )
    assert len({letter.message_id for letter in peek(pipeline, count)}) == count
    assert max(queue.visible_at.values()) <= queue.now
