"""The smoke test of a new version: a synthetic photo goes through the deployed function and comes out marked.

The photo lies under a reserved key that no list shows. Whatever comes of it, copy, record and every version of
the original are removed, the original last: while anything is left, it can be found and swept.
"""

from __future__ import annotations

import json
import struct
import time
import uuid
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import ClientError

from zenoimg.imaging import Limits, Recipe, Refused, watermark
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.pipeline.events import backfill_body
from zenoimg.pipeline.records import RESERVED_PREFIX, ImageRecord
from zenoimg.pipeline.service import expected_owner, is_throttled
from zenoimg.pipeline.storage import CopyMark, identity_of

PREFIX = f"{RESERVED_PREFIX}smoke-"

_WIDTH, _HEIGHT = 64, 48


@dataclass(frozen=True)
class Verdict:
    """How the test ended. ``reason`` says why it failed; ``remark`` what an operator should know all the same."""

    passed: bool
    reason: str = ""
    remark: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Patience:
    """How long S3's event may take, in seconds, and how often and at what distance the function is then called."""

    event: float
    calls: int
    pause: float
    poll: float


#: A cold start takes 2 to 3 s; S3 delivers events within seconds, "sometimes a minute or longer". A new role may
#: not be known everywhere yet.
ON_AWS = Patience(event=20.0, calls=4, pause=5.0, poll=0.5)
LOCAL = Patience(event=30.0, calls=5, pause=2.0, poll=0.1)


@dataclass(frozen=True)
class Expected:
    """What the function should make of the photo: by the recipe of this fingerprint, and with this status."""

    fingerprint: str
    status: str = "processed"


def expected(recipe: Recipe, limits: Limits) -> Expected:
    """What this recipe and these limits make of the photo, found out in this process."""
    try:
        watermark(photo(), recipe, limits)
    except Refused:
        return Expected(recipe.fingerprint, "refused")
    return Expected(recipe.fingerprint)


def run(
    pipeline: LivePipeline,
    wanted: Expected,
    *,
    patience: Patience | None = None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Verdict:
    """Test the deployed version. Raises botocore's ``ClientError`` when S3 or DynamoDB do not let it."""
    test = _Test(pipeline, wanted, patience or (LOCAL if pipeline.aws.local else ON_AWS), sleep, clock)
    # Another deploy may sweep the photo away under our hands: then nothing is known yet.
    return test.run() or test.run() or Verdict(False, "its photo was removed by somebody else, twice")


def remove_leftovers(pipeline: LivePipeline) -> int:
    """Remove what interrupted tests left behind; returns how many photos that were."""
    keys = {*_left_originals(pipeline), *_left_copies(pipeline)}
    for key in keys:
        remove(pipeline, key)
    return len(keys)


def remove(pipeline: LivePipeline, key: str) -> None:
    """Remove copy, record and every version of one test's original."""
    assert key.startswith(PREFIX), "nobody else's photo"
    pipeline.storage.delete_copy(key)
    pipeline.catalog.delete(key)
    bucket, owner = pipeline.settings.originals_bucket, expected_owner(pipeline.settings.account_id)
    for version_key, version in _versions(pipeline, key):
        pipeline.aws.s3.delete_object(Bucket=bucket, Key=version_key, VersionId=version, **owner)


def photo() -> bytes:
    """The photo: a small PNG with a gradient, written by hand so that nothing but the function is tested."""
    rows = b"".join(
        b"\0" + bytes(value for x in range(_WIDTH) for value in (4 * x, 5 * y, 128)) for y in range(_HEIGHT)
    )
    header = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@dataclass(frozen=True)
class _Test:
    pipeline: LivePipeline
    wanted: Expected
    patience: Patience
    sleep: Callable[[float], None]
    clock: Callable[[], float]

    def run(self) -> Verdict | None:
        """One photo; ``None`` when somebody else removed it."""
        started = self.clock()
        key = f"{PREFIX}{uuid.uuid4().hex[:16]}"
        try:
            answer = self.pipeline.aws.s3.put_object(
                Bucket=self.pipeline.settings.originals_bucket,
                Key=key,
                Body=photo(),
                ContentType="image/png",
                **expected_owner(self.pipeline.settings.account_id),
            )
            verdict = self._by_event(key, identity_of(answer)) or self._by_call(key, identity_of(answer))
            if not verdict.passed and self.pipeline.storage.head_original(key) is None:
                return None
            return Verdict(verdict.passed, verdict.reason, verdict.remark, self.clock() - started)
        finally:
            remove(self.pipeline, key)

    def _by_event(self, key: str, version: str) -> Verdict | None:
        """What S3's event brings about; ``None`` when that was nothing good, or nothing in time."""
        deadline = self.clock() + self.patience.event
        while self.clock() < deadline:
            record = self._record(key, version)
            if record is not None:
                verdict = self._judged(key, record)
                # What is wrong may pass, since neither a new role nor new code is everywhere at once.
                return verdict if verdict.passed else None
            self.sleep(self.patience.poll)
        return None

    def _by_call(self, key: str, version: str) -> Verdict:
        """Call the function with the event that S3 would send: its answer says what is wrong with it."""
        is_late = self._record(key, version) is None
        verdict = Verdict(False)
        for number in range(self.patience.calls):
            if number:
                self.sleep(self.patience.pause)
            error = self._call(key)
            record = self._record(key, version)
            if error:
                verdict = Verdict(False, f"the function fails: {error}")
            elif record is None:
                verdict = Verdict(False, "the function ends without an error, and there is no record of the photo")
            else:
                verdict = self._judged(key, record)
            if verdict.passed:
                break
        late = f"S3's event did not come within {self.patience.event:.0f} s; called directly, the function works"
        return replace(verdict, remark=late) if verdict.passed and is_late else verdict

    def _call(self, key: str) -> str:
        """Call the function with the photo's key; returns why it failed, or nothing."""
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

    def _judged(self, key: str, record: ImageRecord) -> Verdict:
        if record.status != self.wanted.status:
            return Verdict(False, f"the photo is {record.status}: {record.error or 'no reason given'}")
        if self.wanted.fingerprint not in ("", record.recipe):
            return Verdict(False, f"it marks by the recipe {record.recipe} and not by {self.wanted.fingerprint}")
        if record.status == "refused":
            return Verdict(True, remark="the limits refuse the test's small photo, as they say")
        mark = self.pipeline.storage.get_copy_mark(key)
        if mark != CopyMark(record.version_id or "", record.recipe or ""):
            return Verdict(False, "the record says processed, and the copy is missing or another's")
        return Verdict(True)


def _error_in(payload: bytes) -> str:
    try:
        answer: Any = json.loads(payload)
    except ValueError:
        return payload.decode("utf-8", "replace")[:500]
    if not isinstance(answer, dict):
        return str(answer)[:500]
    parts = [str(answer[name]) for name in ("errorType", "errorMessage") if answer.get(name)]
    return ": ".join(parts)[:500] or "without saying why"


def _versions(pipeline: LivePipeline, prefix: str) -> Iterator[tuple[str, str]]:
    """Key and version id of every version and delete marker below a prefix."""
    pages = pipeline.aws.s3.get_paginator("list_object_versions").paginate(
        Bucket=pipeline.settings.originals_bucket, Prefix=prefix, **expected_owner(pipeline.settings.account_id)
    )
    for page in pages:
        for found in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
            yield found["Key"], found["VersionId"]


def _left_originals(pipeline: LivePipeline) -> set[str]:
    return {key for key, _ in _versions(pipeline, PREFIX)}


def _left_copies(pipeline: LivePipeline) -> set[str]:
    start = pipeline.settings.copy_key("")
    pages = pipeline.aws.s3.get_paginator("list_objects_v2").paginate(
        Bucket=pipeline.settings.processed_bucket, Prefix=start + PREFIX, **expected_owner(pipeline.settings.account_id)
    )
    return {item["Key"].removeprefix(start) for page in pages for item in page.get("Contents", [])}
