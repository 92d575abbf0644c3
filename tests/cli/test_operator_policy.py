"""``operator-policy.json`` grants exactly what the everyday commands call. Every test that runs a command checks that
they call nothing else (see ``tests.granted``).Here each daily command runs at least once, so that every permission of
the policy is seen in use. A new command gets its lines in ``JOURNEY``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.api_calls import Right, recorded
from tests.cli.conftest import ACCOUNT, Terminal, make_resources
from tests.cli.moto_stack import NAMES, name_stack
from tests.conftest import REGION
from tests.drawn import pictures
from tests.granted import DEPLOYERS_COMMANDS, OPERATOR, Grant, Place, grants
from zenoimg.cli.app import COMMANDS
from zenoimg.imaging import Limits, Recipe
from zenoimg.stack.bundle.recipe import recipe_layer

pytestmark = pytest.mark.thorough


#: Command lines in order; each starts with the state that the previous one left.
JOURNEY = (
    "upload a.jpg b.jpg c.jpg --no-wait",
    "reprocess --missing --here",
    "list",
    "list --json",
    "list --status refused",
    "list --since 1d",
    "show a.jpg",
    "show a.jpg --picture",
    "download a.jpg -o marked",
    "download a.jpg -o originals --original",
    "gallery -o page",
    "reprocess a.jpg --no-wait",
    "reprocess --failed --prefix elsewhere/ --no-wait",
    "dead-letters list",
    "dead-letters show 00000000",
    "dead-letters discard --unreadable --yes",
    "reprocess --failed --no-wait",
    "status",
    "status --check",
    "tail-logs",
    "delete a.jpg --yes",
    "versions a.jpg",
    "restore a.jpg --no-wait",
    "delete a.jpg --yes",
    "delete b.jpg --purge --yes",
    "reprocess --missing --here",
)

#: Commands that call nothing on AWS, and those of deployers.
OTHERS = {"preview", "init", "config", "local", *DEPLOYERS_COMMANDS}

#: Permissions for what moto does not support, and where they are tested instead.
ELSEWHERE = {
    "CallTheApi/execute-api:Invoke": "`api` signs its call by itself: tests/local/test_pipeline.py",
    "FindVersions/s3:GetBucketVersioning": "of a bucket that no stack tells of: tests/cli/test_delete.py",
    "UploadFetchDeleteOriginals/s3:GetObjectTagging": "of buckets without versions: tests/cli/test_copy_tags.py",
    "ReadLogs/logs:StartLiveTail": "`tail-logs --live` goes on until Ctrl-C: tests/aws/test_live_tail.py",
    "UploadFetchDeleteOriginals/s3:AbortMultipartUpload": "of a transfer that failed: tests/cli/test_upload.py",
}


@pytest.fixture
def stack(terminal: Terminal, tmp_path: Path) -> Iterator[Terminal]:
    """Create a deployed stack, as far as moto supports it: everything except the functions and the API."""
    with mock_aws():
        make_resources(*NAMES.buckets, NAMES.table)
        sqs, logs = boto3.client("sqs"), boto3.client("logs")
        queues = {
            "BackfillQueueUrl": sqs.create_queue(QueueName=NAMES.backfill_queue)["QueueUrl"],
            "LargeQueueUrl": sqs.create_queue(QueueName=NAMES.large_queue)["QueueUrl"],
            "DeadLetterQueueUrl": sqs.create_queue(QueueName=NAMES.dead_letter_queue)["QueueUrl"],
        }
        recipe, bucket = recipe_layer(Recipe(), Limits()), f"zenoimg-artifacts-{ACCOUNT}-{REGION}"
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        s3.put_object(Bucket=bucket, Key=recipe.key("zeno"), Body=recipe.data)
        tagged = pictures.jpeg(pictures.photo((64, 48), seed=9))
        s3.put_object(Bucket=NAMES.originals_bucket, Key="d.jpg", Body=tagged, Tagging="client=acme")
        name_stack(queues, {"ArtifactsBucket": bucket, "RecipeKey": recipe.key("zeno"), "CopiesTags": "true"})
        for function in (NAMES.processor_function, NAMES.get_images_function):
            group = f"/aws/lambda/{function}"
            logs.create_log_group(logGroupName=group)
            logs.create_log_stream(logGroupName=group, logStreamName="one")
            line: Any = {"timestamp": int(time.time() * 1000), "message": "START RequestId: 1"}
            logs.put_log_events(logGroupName=group, logStreamName="one", logEvents=[line])
        event = {"Records": [_event("c.jpg")]}
        sqs.send_message(QueueUrl=queues["DeadLetterQueueUrl"], MessageBody=json.dumps(event))
        for number, name in enumerate(("a.jpg", "b.jpg", "c.jpg")):
            (tmp_path / name).write_bytes(pictures.jpeg(pictures.photo((64, 48), seed=number)))
        yield terminal


def _event(key: str) -> dict[str, Any]:
    s3 = {"bucket": {"name": NAMES.originals_bucket}, "object": {"key": key}}
    return {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": s3}


def used(rights: set[Right]) -> dict[str, bool]:
    """Return, for each ``Sid/action`` of the policy, whether a permission that was used needs it."""
    held: list[Grant] = grants(OPERATOR, Place(ACCOUNT, REGION, NAMES.placeholders()))
    found: dict[str, bool] = {}
    for grant in held:
        name = f"{grant.sid}/{grant.action}"
        found[name] = found.get(name, False) or any(grant.covers(right) for right in rights)
    return found


def test_every_permission_of_an_operator_is_used_by_a_daily_command(stack: Terminal) -> None:
    with recorded() as calls:
        for line in JOURNEY:
            stack.any_code(*line.split())
    spare = {name for name, needed in used(calls.rights).items() if not needed}
    assert spare == set(ELSEWHERE)


def test_every_daily_command_is_run() -> None:
    taking_part = {line.split()[0] for line in JOURNEY}
    assert set(COMMANDS) - taking_part - OTHERS == {"api"}, "listed in ELSEWHERE"
