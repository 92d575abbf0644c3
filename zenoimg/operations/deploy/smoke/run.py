"""The smoke test of a version: send a large and a small photo through the deployed function.

The photos have reserved keys that no list shows. Copy, record and every version of the original are removed after
the test, whatever its result.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import ClientError

from zenoimg.operations.deploy.smoke.cleanup import PREFIX, remove
from zenoimg.operations.deploy.smoke.photos import Expected, content
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.pipeline.calls.service import expected_owner, is_throttled
from zenoimg.pipeline.events import backfill_body
from zenoimg.pipeline.records import ImageRecord
from zenoimg.pipeline.storage import identity_of
from zenoimg.pipeline.verdict import expected_copy


@dataclass(frozen=True)
class Verdict:
    """The result of a test. ``reason`` says why it failed; ``remark`` is a note about a version that passed."""

    passed: bool
    reason: str = ""
    remark: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Patience:
    """Seconds to wait for S3's event, number of direct calls and the pause between them, polling interval."""

    event: float
    calls: int
    pause: float
    poll: float


#: A cold start takes 2 to 3 s; S3 delivers events "typically in seconds but can sometimes take a minute or longer"
#: (https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html). A new role takes time to
#: propagate through a region.
ON_AWS = Patience(event=20.0, calls=4, pause=5.0, poll=0.5)
LOCAL = Patience(event=30.0, calls=5, pause=2.0, poll=0.1)


def run(
    pipeline: LivePipeline,
    wanted: Sequence[Expected],
    *,
    patience: Patience | None = None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Verdict:
    """Test the deployed version with each expected photo; the first failure ends the test.

    A recipe that refuses a photo regardless of limits fails without a photo being sent. Raises botocore's
    ``ClientError`` when S3 or DynamoDB rejects a call.
    """
    started = clock()
    for each in wanted:
        if each.refusal:
            return Verdict(False, f"the recipe refuses the test's {each.photo}: {each.refusal}")
    remarks: dict[str, None] = {}
    for each in wanted:
        test = _Test(pipeline, each, patience or (LOCAL if pipeline.aws.local else ON_AWS), sleep, clock)
        # Another deploy may remove the photo during the test, which then proves nothing.
        verdict = test.run() or test.run() or Verdict(False, "another process removed the test photo twice")
        if not verdict.passed:
            return replace(verdict, reason=f"{each.photo}: {verdict.reason}", seconds=clock() - started)
        if verdict.remark:
            remarks[verdict.remark] = None
    return Verdict(True, remark="; ".join(remarks), seconds=clock() - started)


@dataclass(frozen=True)
class _Test:
    """The test with one photo."""

    pipeline: LivePipeline
    wanted: Expected
    patience: Patience
    sleep: Callable[[float], None]
    clock: Callable[[], float]

    def run(self) -> Verdict | None:
        """Send the photo once and judge the result; return ``None`` when another process removed the photo."""
        key = f"{PREFIX}{uuid.uuid4().hex[:16]}"
        try:
            answer = self.pipeline.aws.s3.put_object(
                Bucket=self.pipeline.settings.originals_bucket,
                Key=key,
                Body=content(self.wanted.photo),
                ContentType="image/png",
                **expected_owner(self.pipeline.settings.account_id),
            )
            verdict = self._by_event(key, identity_of(answer)) or self._by_call(key, identity_of(answer))
            if not verdict.passed and self.pipeline.storage.head_original(key) is None:
                return None
            return verdict
        finally:
            remove(self.pipeline, key)

    def _by_event(self, key: str, version: str) -> Verdict | None:
        """Wait for the result of S3's event; return ``None`` when it is wrong or does not arrive in time."""
        deadline = self.clock() + self.patience.event
        while self.clock() < deadline:
            record = self._record(key, version)
            if record is not None:
                verdict = self._judge(key, record)
                # A wrong result may be temporary: new roles and new code take a while to propagate.
                return verdict if verdict.passed else None
            self.sleep(self.patience.poll)
        return None

    def _by_call(self, key: str, version: str) -> Verdict:
        """Invoke the function with the event that S3 would send; its response tells what is wrong."""
        is_late = self._record(key, version) is None
        verdict = Verdict(False)
        for number in range(self.patience.calls):
            if number:
                self.sleep(self.patience.pause)
            error = self._invoke(key)
            record = self._record(key, version)
            if error:
                verdict = Verdict(False, f"the function fails: {error}")
            elif record is None:
                verdict = Verdict(False, "the function ends without an error, but there is no record of the photo")
            else:
                verdict = self._judge(key, record)
            if verdict.passed:
                break
        late = f"S3's event did not arrive within {self.patience.event:.0f} s; invoked directly, the function works"
        return replace(verdict, remark=late) if verdict.passed and is_late else verdict

    def _invoke(self, key: str) -> str:
        """Invoke the function with the photo's key; return its error, or an empty string."""
        try:
            answer = self.pipeline.aws.functions.invoke(
                FunctionName=self.pipeline.deployment.processor_function,
                InvocationType="RequestResponse",
                Payload=backfill_body(self.pipeline.settings.originals_bucket, key).encode(),
            )
        except ClientError as error:
            if is_throttled(error):
                return str(error)
            raise
        with answer["Payload"] as body:
            payload = body.read()
        return _error_in(payload) if "FunctionError" in answer else ""

    def _record(self, key: str, version: str) -> ImageRecord | None:
        record = self.pipeline.catalog.get(key)
        return record if record is not None and record.version_id == version else None

    def _judge(self, key: str, record: ImageRecord) -> Verdict:
        if record.status != self.wanted.status:
            return Verdict(False, f"the photo is {record.status}: {record.error or 'no reason given'}")
        if self.wanted.fingerprint not in ("", record.recipe):
            return Verdict(False, f"it is marked by the recipe {record.recipe} and not by {self.wanted.fingerprint}")
        if record.status == "refused":
            return Verdict(True, remark=f"the limits refuse the test's {self.wanted.photo}, as configured")
        mark = self.pipeline.storage.get_copy_mark(key)
        if mark != expected_copy(record):
            return Verdict(False, "the record says processed, but the copy is missing or has another version or recipe")
        return Verdict(True)


def _error_in(payload: bytes) -> str:
    try:
        answer: Any = json.loads(payload)
    except ValueError:
        return payload.decode("utf-8", "replace")[:500]
    if not isinstance(answer, dict):
        return str(answer)[:500]
    parts = [str(answer[name]) for name in ("errorType", "errorMessage") if answer.get(name)]
    return ": ".join(parts)[:500] or "without a message"
