"""``doctor`` on the embedded AWS: a deployed pipeline is fine, and each broken part is reported."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.bench import ORIGINALS, Bench

pytestmark = [pytest.mark.local, pytest.mark.thorough]


def wrong(bench: Bench) -> list[str]:
    return [check["what"] for check in bench.json("doctor", code=None) if check["state"] == "wrong"]


def test_a_deployed_pipeline_is_fine_and_broken_parts_are_reported(bench: Bench) -> None:
    found: list[Any] = bench.json("doctor")
    assert {check["state"] for check in found} <= {"ok", "note"}, found
    states = {check["check"]: check["what"] for check in found}
    assert "3 functions are active, 2 queues are polled" in states["Parts"]
    assert "as in the settings" in states["Deployed"]
    assert states["Queues"] == "backfill 0, large 0, dead letters 0"
    lambdas, s3, sqs = bench.client("lambda"), bench.client("s3"), bench.client("sqs")
    (mapping,) = lambdas.list_event_source_mappings(FunctionName="imageProcessorLambda")["EventSourceMappings"]
    queue = sqs.get_queue_url(QueueName="zeno-dead-letters")["QueueUrl"]
    lambdas.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    s3.put_bucket_versioning(Bucket=ORIGINALS, VersioningConfiguration={"Status": "Suspended"})
    sqs.send_message(QueueUrl=queue, MessageBody="{}")
    try:
        broken = wrong(bench)
        assert "BackfillMapping is Disabled: nothing reads its queue" in broken
        assert f"{ORIGINALS}: versioning is not enabled" in broken
        assert "dead letters that cannot be sent again: 1" in broken
        assert len(broken) == 3
        assert bench.zenoimg("doctor", code=1).stderr.endswith("3 wrong.\n")
    finally:
        lambdas.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
        s3.put_bucket_versioning(Bucket=ORIGINALS, VersioningConfiguration={"Status": "Enabled"})
        sqs.purge_queue(QueueUrl=queue)
    assert wrong(bench) == []
