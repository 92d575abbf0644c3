"""Failures of S3 and DynamoDB: temporary ones are waited out, permanent ones kept until an operator fixes them."""

from __future__ import annotations

import json

import pytest

from tests.local.bench import ORIGINALS, PROCESSED
from tests.local.faults.conftest import Faults

pytestmark = [pytest.mark.local, pytest.mark.thorough]

DENIED = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{PROCESSED}/processed/denied/*",
        }
    ],
}


def test_throttling_and_service_errors_on_every_third_call(faults: Faults) -> None:
    keys = {f"flaky/{number}.jpg" for number in range(12)}
    faults.turn_on("flaky")
    for number, key in enumerate(sorted(keys)[:6]):
        faults.put(key, seed=number)
    faults.put_unseen(sorted(keys)[6:])
    faults.until(lambda: len(keys & faults.records().keys()) >= 6, "the live lane is done")
    results = faults.json("reprocess", "--missing", "--prefix", "flaky/")
    assert [result["Result"] for result in results] == ["processed"] * 6
    faults.turn_off("flaky")
    assert len((faults.switches / "refused").read_text()) >= 12 * 6 // 3, "a photo takes at least six calls"
    faults.all_is_well("flaky/", 12)


def test_images_stopped_by_access_denied_are_processed_after_the_fix(faults: Faults) -> None:
    s3 = faults.client("s3")
    s3.put_bucket_policy(Bucket=PROCESSED, Policy=json.dumps(DENIED))
    live = [f"denied/live-{number}.jpg" for number in range(3)]
    backfill = [f"denied/backfill-{number}.jpg" for number in range(2)]
    for number, key in enumerate(live):
        faults.put(key, seed=number)
    faults.put_unseen(backfill)
    results = faults.json("reprocess", *backfill, code=1)
    assert {result["Result"] for result in results} == {"failed"}
    assert all("AccessDenied" in result["Reason"] for result in results)
    faults.until(lambda: faults.dead_letters() == 5, "a dead letter for each, from both lanes")
    records = faults.records()
    assert {records[key]["Status"] for key in (*live, *backfill)} == {"failed"}
    assert not any(key.startswith("denied/") for key in faults.copies())
    found = faults.json("status", "--check", code=1)
    assert found["audit"]["findings"] == {"failed": 5}

    still = faults.json("reprocess", "--failed", "--limit", "1", code=1)
    assert [result["Result"] for result in still] == ["failed"], "nothing is fixed yet"
    assert faults.dead_letters() == 5

    s3.delete_bucket_policy(Bucket=PROCESSED)
    done = {result["ImageId"]: result["Result"] for result in faults.json("reprocess", "--failed")}
    assert done == dict.fromkeys((*live, *backfill), "processed")
    faults.all_is_well("denied/", 5)


def test_dead_letters_can_be_processed_here(faults: Faults) -> None:
    key = "denied/here.jpg"
    s3 = faults.client("s3")
    s3.put_bucket_policy(Bucket=PROCESSED, Policy=json.dumps(DENIED))
    faults.put(key)
    faults.until(lambda: faults.dead_letters() == 1, "a dead letter")
    s3.delete_bucket_policy(Bucket=PROCESSED)
    (result,) = faults.json("reprocess", "--failed", "--here")
    assert (result["ImageId"], result["Result"]) == (key, "processed")
    s3.delete_object(Bucket=ORIGINALS, Key=key)
    faults.until(lambda: key not in faults.records(), "and the event of its removal is heard")
    assert faults.dead_letters() == 0
