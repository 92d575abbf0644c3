"""The number of requests in each case; docs/limits.md has the same table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.aws.conftest import NAMES
from tests.drawn import pictures
from zenoimg.imaging import Limits, Recipe, WatermarkSpec
from zenoimg.imaging.errors import NeedsMemoryError
from zenoimg.pipeline.catalog import Catalog
from zenoimg.pipeline.reconcile import reconcile
from zenoimg.pipeline.settings import PipelineSettings
from zenoimg.pipeline.storage import ImageStorage
from zenoimg.pipeline.tools import Tools

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

KEY = "cat.jpg"
PHOTO = pictures.jpeg(pictures.photo((160, 120)))
OPERATIONS = ("GetObject", "HeadObject", "PutObject", "CopyObject", "DeleteObject", "GetItem", "PutItem", "DeleteItem")


@dataclass
class World:
    """The stores, and the requests to them."""

    s3: S3Client
    tools: Tools
    requests: Counter[str]

    def put(self, data: bytes = PHOTO) -> None:
        self.s3.put_object(Bucket=NAMES.originals_bucket, Key=KEY, Body=data)

    def settle(self, data: bytes = PHOTO) -> None:
        self.put(data)
        reconcile(KEY, self.tools)

    def with_other(self, **changes: Any) -> Tools:
        return replace(self.tools, **changes)


@pytest.fixture
def world(s3: S3Client, dynamodb: DynamoDBClient, settings: PipelineSettings) -> World:
    requests: Counter[str] = Counter()
    for client in (s3, dynamodb):
        client.meta.events.register(
            "before-send.*", lambda event_name, **_: requests.update([event_name.split(".")[-1]])
        )
    tools = Tools(ImageStorage(s3, settings), Catalog(dynamodb, NAMES.table), settings, Recipe(), Limits())
    return World(s3, tools, requests)


def _needs_more(*_: object, key: str) -> Any:
    raise NeedsMemoryError(2, 1)


def _new(world: World) -> str:
    world.put()
    return "processed"


def _duplicate(world: World) -> str:
    world.settle()
    return "unchanged"


def _overwritten(world: World) -> str:
    world.settle()
    world.put(PHOTO + b" ")
    return "processed"


def _stale(world: World) -> str:
    world.tools, now = world.with_other(recipe=Recipe(watermark=WatermarkSpec(text="old"))), world.tools
    world.settle()
    world.tools = now
    return "processed"


def _other_headers(world: World) -> str:
    world.settle()
    world.tools = world.with_other(settings=replace(world.tools.settings, cache_control="no-store"))
    return "processed"


def _refused(world: World) -> str:
    world.put(b"no picture")
    return "refused"


def _refused_again(world: World) -> str:
    world.settle(b"no picture")
    return "unchanged"


def _deleted(world: World) -> str:
    world.settle()
    world.s3.delete_object(Bucket=NAMES.originals_bucket, Key=KEY)
    return "removed"


def _handed_over(world: World) -> str:
    world.put()
    world.tools = world.with_other(watermark=_needs_more)
    return "handed-over"


@dataclass(frozen=True)
class Case:
    """The setup of a case, the handling of its event, and its requests in the order of ``OPERATIONS``."""

    prepare: Callable[[World], str]
    requests: tuple[int, ...]
    force: bool = False
    removed: bool = False


CASES = {
    "a new photo": Case(_new, (1, 2, 1, 0, 0, 2, 1, 0)),
    "a photo that is overwritten, or has an old mark": Case(_overwritten, (1, 4, 1, 0, 0, 2, 1, 0)),
    "the same, by `reprocess --stale`": Case(_stale, (1, 4, 1, 0, 0, 2, 1, 0)),
    "`reprocess --all`": Case(_duplicate, (1, 4, 1, 0, 0, 1, 1, 0), force=True),
    "another Cache-Control": Case(_other_headers, (1, 4, 0, 1, 0, 2, 1, 0)),
    "a duplicate event": Case(_duplicate, (1, 1, 0, 0, 0, 1, 0, 0)),
    "a photo that is refused": Case(_refused, (1, 3, 0, 0, 0, 2, 1, 0)),
    "a duplicate event of it": Case(_refused_again, (1, 1, 0, 0, 0, 1, 0, 0)),
    "a photo that is deleted": Case(_deleted, (0, 5, 0, 0, 1, 1, 0, 1), removed=True),
    "an older version that expires": Case(_duplicate, (0, 2, 0, 0, 0, 1, 0, 0), removed=True),
    "the same of a refused photo": Case(_refused_again, (0, 2, 0, 0, 0, 1, 0, 0), removed=True),
    "a photo that is handed over": Case(_handed_over, (1, 0, 0, 0, 0, 1, 0, 0)),
}


@pytest.mark.parametrize("name", CASES)
def test_a_case_makes_the_requests_in_the_table(world: World, name: str) -> None:
    case = CASES[name]
    expected = case.prepare(world)
    world.requests.clear()
    outcome = reconcile(KEY, world.tools, force=case.force, removed=case.removed, hand_over=lambda key, force: None)
    made = tuple(world.requests.pop(operation, 0) for operation in OPERATIONS)
    forced = "processed" if case.force else expected
    assert (outcome.result, made, world.requests) == (forced, case.requests, Counter())


def test_the_documentation_of_limits_has_the_table() -> None:
    page = (Path(__file__).parents[2] / "docs" / "limits.md").read_text(encoding="utf-8")
    shown = {name: case.requests for name, case in CASES.items()}
    for name, requests in shown.items():
        assert f"| {name} | {' | '.join(str(count) if count else '' for count in requests)} |" in page
