"""Dead letters of both lanes are redriven, and none is lost if the process is killed between two steps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from tests.aws.conftest import NAMES
from tests.aws.invocation import s3_event
from zenoimg.errors import ZenoError
from zenoimg.operations.dead_letters import receiving
from zenoimg.operations.inventory.selection import SelectedImage
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.operations.reprocess import redrive as module
from zenoimg.operations.reprocess.backfill import PendingKey, enqueue, send
from zenoimg.operations.reprocess.here import ReprocessResult
from zenoimg.operations.reprocess.redrive import RedriveFilter, reasons, redrive
from zenoimg.operations.selectors import Selectors
from zenoimg.pipeline.catalog import Catalog
from zenoimg.pipeline.events import KeyToCheck, backfill_body, parse_body
from zenoimg.pipeline.settings import PipelineSettings
from zenoimg.pipeline.storage import ImageStorage
from zenoimg.stack.outputs import Deployment

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

ORIGINALS = NAMES.originals_bucket


@pytest.fixture
def pipeline(s3: S3Client, sqs: SQSClient, storage: ImageStorage, catalog: Catalog, settings: PipelineSettings) -> Any:
    urls = [sqs.create_queue(QueueName=name)["QueueUrl"] for name in (NAMES.backfill_queue, NAMES.dead_letter_queue)]
    deployment = Deployment(*NAMES.buckets, NAMES.table, *urls)
    aws: Any = SimpleNamespace(s3=s3, sqs=sqs, local=True)
    return LivePipeline(aws, deployment, settings, storage, catalog)


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "_POLL_SECONDS", 0)


@pytest.fixture
def short_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make letters held by a killed run reappear immediately instead of after five minutes."""
    monkeypatch.setattr(module, "_HELD_SECONDS", 0)


def bury(pipeline: LivePipeline, *bodies: str) -> None:
    for body in bodies:
        pipeline.aws.sqs.send_message(QueueUrl=pipeline.deployment.dead_letter_queue_url, MessageBody=body)


def envelope(key: str, message: str = "Access Denied") -> str:
    """Return what Lambda sends to the destination of a failed asynchronous invocation."""
    answer = {"errorType": "ClientError", "errorMessage": message}
    return json.dumps({"requestPayload": s3_event(key), "responsePayload": answer})


def dead(pipeline: LivePipeline) -> int:
    attributes: Any = pipeline.aws.sqs.get_queue_attributes(
        QueueUrl=pipeline.deployment.dead_letter_queue_url, AttributeNames=["All"]
    )["Attributes"]
    counts = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    return sum(int(attributes[name]) for name in counts)


def queued(pipeline: LivePipeline) -> Iterator[KeyToCheck]:
    """Receive and delete everything in the backfill queue."""
    url = pipeline.deployment.backfill_queue_url
    while messages := pipeline.aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            pipeline.aws.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            yield from parse_body(message["Body"])


def test_letters_of_both_lanes_are_sent_and_deleted(pipeline: LivePipeline) -> None:
    bury(pipeline, envelope("live.jpg"), backfill_body(ORIGINALS, "all of it.jpg", force=True))
    found = list(redrive(pipeline, RedriveFilter()))
    assert {(item.key, item.force) for item in found if isinstance(item, PendingKey)} == {
        ("live.jpg", False),
        ("all of it.jpg", True),
    }
    assert set(queued(pipeline)) == {
        KeyToCheck(ORIGINALS, "live.jpg"),
        KeyToCheck(ORIGINALS, "all of it.jpg", force=True),
    }
    assert dead(pipeline) == 0


def test_more_letters_than_one_call_returns_are_sent(pipeline: LivePipeline) -> None:
    bury(pipeline, *(envelope(f"{number}.jpg") for number in range(13)))
    assert len(list(redrive(pipeline, RedriveFilter()))) == 13
    assert {key.key for key in queued(pipeline)} == {f"{number}.jpg" for number in range(13)}
    assert dead(pipeline) == 0


def test_unreadable_letters_are_kept_and_reported(pipeline: LivePipeline) -> None:
    bury(pipeline, "not json", backfill_body("another-bucket", "a.jpg"), envelope("good.jpg"))
    found = list(redrive(pipeline, RedriveFilter()))
    problems = [item.reason for item in found if isinstance(item, ReprocessResult)]
    assert sorted(problems)[0].startswith("stays a dead letter: an event of another bucket: another-bucket")
    assert "not JSON" in sorted(problems)[1]
    assert [key.key for key in queued(pipeline)] == ["good.jpg"]
    assert dead(pipeline) == 2


def test_a_letter_without_keys_is_deleted(pipeline: LivePipeline) -> None:
    bury(pipeline, json.dumps({"Event": "s3:TestEvent"}))
    assert list(redrive(pipeline, RedriveFilter())) == []
    assert dead(pipeline) == 0


def test_prefix_since_and_limit_keep_the_other_letters(pipeline: LivePipeline) -> None:
    s3 = pipeline.aws.s3
    for key in ("a/1.jpg", "a/2.jpg", "b/1.jpg"):
        s3.put_object(Bucket=ORIGINALS, Key=key, Body=b"x")
        bury(pipeline, envelope(key))
    bury(pipeline, envelope("a/gone.jpg"))
    assert list(redrive(pipeline, RedriveFilter(Selectors(since="2099-01-01T00:00:00Z")))) == []
    assert dead(pipeline) == 4
    found = {
        item.key for item in redrive(pipeline, RedriveFilter(Selectors(prefix="a/", since="2020-01-01T00:00:00Z")))
    }
    assert found == {"a/1.jpg", "a/2.jpg"}
    assert dead(pipeline) == 2
    assert len(list(redrive(pipeline, RedriveFilter(limit=1)))) == 1
    assert dead(pipeline) == 1


class KilledError(BaseException):
    """Simulates the end of the process."""


@pytest.mark.slow
@pytest.mark.parametrize("step", ["send_message_batch", "delete_message_batch"])
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_a_kill_between_two_steps_loses_none(
    step: str, before: bool, pipeline: LivePipeline, short_holds: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {f"{number}.jpg" for number in range(12)}
    bury(pipeline, *map(envelope, sorted(keys)))
    call = getattr(pipeline.aws.sqs, step)

    def killed(**named: Any) -> None:
        if not before:
            call(**named)
        raise KilledError

    monkeypatch.setattr(pipeline.aws.sqs, step, killed)
    with pytest.raises(KilledError):
        list(redrive(pipeline, RedriveFilter()))
    monkeypatch.undo()
    list(redrive(pipeline, RedriveFilter()))
    assert {key.key for key in queued(pipeline)} == keys
    assert dead(pipeline) == 0


def test_reading_the_reasons_keeps_the_letters(pipeline: LivePipeline) -> None:
    bury(pipeline, envelope("a.jpg", "no disk"), backfill_body(ORIGINALS, "b.jpg"), envelope("c.jpg"))
    assert reasons(pipeline, {"a.jpg", "b.jpg", "d.jpg"}) == {"a.jpg": "ClientError: no disk", "b.jpg": ""}
    assert len(list(redrive(pipeline, RedriveFilter()))) == 3, "and they are visible again immediately"


def test_keys_are_sent_once_and_yielded_in_order(pipeline: LivePipeline) -> None:
    chosen = [SelectedImage(f"{number}.jpg", None, None, "left-over") for number in range(33)]
    assert [sent.key for sent in enqueue(pipeline, chosen, force=False)] == [item.key for item in chosen]
    assert sorted(key.key for key in queued(pipeline)) == sorted(item.key for item in chosen)


@pytest.mark.parametrize(
    ("refusals", "code", "ours"),
    [(1, "InternalError", False), (4, "InternalError", False), (4, "KmsThrottled", True)],
)
def test_messages_that_fail_because_of_sqs_or_throttling_are_sent_again(
    refusals: int, code: str, ours: bool, pipeline: LivePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, left = pipeline.aws.sqs.send_message_batch, [refusals]

    def refusing(QueueUrl: str, Entries: list[Any]) -> Any:  # noqa: N803 - botocore's names
        if not left[0]:
            return call(QueueUrl=QueueUrl, Entries=Entries)
        left[0] -= 1
        answer: Any = call(QueueUrl=QueueUrl, Entries=Entries[:-1]) if Entries[:-1] else {}
        return {**answer, "Failed": [{"Id": Entries[-1]["Id"], "SenderFault": ours, "Code": code}]}

    monkeypatch.setattr(pipeline.aws.sqs, "send_message_batch", refusing)
    send(pipeline, [KeyToCheck(ORIGINALS, f"{n}.jpg") for n in range(10)], sleep=lambda _: None)
    assert sorted(key.key for key in queued(pipeline)) == [f"{n}.jpg" for n in range(10)]


def test_a_message_rejected_as_invalid_is_reported(pipeline: LivePipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    refusal: Any = {"Failed": [{"Id": "0", "SenderFault": True, "Code": "X", "Message": "too long"}]}
    monkeypatch.setattr(pipeline.aws.sqs, "send_message_batch", lambda **_: refusal)
    with pytest.raises(ZenoError, match=r"'a\.jpg': too long"):
        send(pipeline, [KeyToCheck(ORIGINALS, "a.jpg")])
