"""The smoke test's decisions, with the pipeline's own code in place of the function (moto runs none)."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from PIL import Image

from tests.aws.conftest import ACCOUNT, NAMES
from zenoimg.aws.session import Aws
from zenoimg.imaging import Limits, Recipe, Refused, WatermarkSpec, watermark
from zenoimg.operations.deploy.smoke import photos as smoke_photos
from zenoimg.operations.deploy.smoke import run as smoke
from zenoimg.operations.deploy.smoke.cleanup import PREFIX, remove_leftovers
from zenoimg.operations.deploy.smoke.photos import (
    LARGE,
    SMALL,
    Expected,
    Photo,
    content,
    expected,
    expected_of_version,
)
from zenoimg.operations.deploy.smoke.run import Patience, Verdict
from zenoimg.operations.pipeline import LivePipeline, of_deployment
from zenoimg.pipeline.events import parse
from zenoimg.pipeline.reconcile import reconcile
from zenoimg.stack.outputs import Deployment

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

RECIPE, LIMITS = Recipe(), Limits()
WANTED = expected_of_version(RECIPE.fingerprint)
Function = Callable[[str], None]


class Clock:
    """A clock on which time passes only by sleeping; something may happen in the meantime."""

    def __init__(self) -> None:
        self.now = 0.0
        self.meanwhile: Callable[[], None] = lambda: None

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.meanwhile()


@pytest.fixture
def pipeline(s3: S3Client, dynamodb: DynamoDBClient) -> LivePipeline:
    names = Deployment(*NAMES.buckets, NAMES.table, processor_function=NAMES.processor_function)
    return of_deployment(Aws(region="eu-west-1"), names, ACCOUNT)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def run(pipeline: LivePipeline, clock: Clock) -> Callable[..., Verdict]:
    def run(wanted: tuple[Expected, ...] = WANTED) -> Verdict:
        patience = Patience(event=10.0, calls=3, pause=5.0, poll=1.0)
        return smoke.run(pipeline, wanted, patience=patience, sleep=clock.sleep, clock=clock)

    return run


def works(pipeline: LivePipeline, recipe: Recipe = RECIPE, limits: Limits = LIMITS) -> Function:
    return lambda key: void(reconcile(key, pipeline.tools(recipe, limits)))


def void(value: object) -> None:
    del value


def on_event(pipeline: LivePipeline, clock: Clock, function: Function) -> None:
    """Let S3's event invoke the function while the test waits."""

    def meanwhile() -> None:
        for key in keys_left(pipeline):
            function(key)

    clock.meanwhile = meanwhile


def on_call(pipeline: LivePipeline, monkeypatch: pytest.MonkeyPatch, function: Function) -> list[str]:
    """Let a direct call invoke the function; return the keys that it was called with."""
    called: list[str] = []

    def invoke(FunctionName: str, Payload: bytes, **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's own names
        assert FunctionName == NAMES.processor_function
        (event,) = parse(json.loads(Payload))
        called.append(event.key)
        try:
            function(event.key)
        except ClientError:
            raise
        except Exception as error:  # noqa: BLE001 - as Lambda answers it
            body = json.dumps({"errorType": type(error).__name__, "errorMessage": str(error)})
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(body.encode())}
        return {"Payload": io.BytesIO(b"null")}

    monkeypatch.setattr(pipeline.aws.functions, "invoke", invoke)
    return called


def keys_left(pipeline: LivePipeline) -> set[str]:
    found = pipeline.aws.s3.list_objects_v2(Bucket=NAMES.originals_bucket).get("Contents", [])
    return {item["Key"] for item in found}


def is_clean(pipeline: LivePipeline) -> bool:
    s3 = pipeline.aws.s3
    versions = s3.list_object_versions(Bucket=NAMES.originals_bucket)
    copies = s3.list_objects_v2(Bucket=NAMES.processed_bucket).get("Contents", [])
    items = pipeline.aws.dynamodb.scan(TableName=NAMES.table)["Items"]
    return not (versions.get("Versions") or versions.get("DeleteMarkers") or copies or items)


@pytest.fixture(autouse=True)
def _always_clean(pipeline: LivePipeline) -> Iterator[None]:
    yield
    assert is_clean(pipeline), "original with all versions, copy and record are gone, whatever the result"


def test_a_working_version_passes_with_the_s3_event_alone(
    pipeline: LivePipeline, clock: Clock, run: Callable[..., Verdict], monkeypatch: pytest.MonkeyPatch
) -> None:
    on_event(pipeline, clock, works(pipeline))
    called = on_call(pipeline, monkeypatch, works(pipeline))
    assert run() == Verdict(True, seconds=2.0), "both photos"
    assert called == []


def test_a_late_event_is_reported_but_not_a_failure(
    pipeline: LivePipeline, run: Callable[..., Verdict], monkeypatch: pytest.MonkeyPatch
) -> None:
    on_call(pipeline, monkeypatch, works(pipeline))
    verdict = run()
    assert verdict.passed
    assert "S3's event did not arrive within 10 s" in verdict.remark


def test_a_version_that_raises_fails_with_its_error_message_after_a_few_tries(
    pipeline: LivePipeline, run: Callable[..., Verdict], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(key: str) -> None:
        raise RuntimeError("this version eats photos")

    called = on_call(pipeline, monkeypatch, broken)
    verdict = run()
    assert (verdict.passed, verdict.reason) == (
        False,
        f"{LARGE}: the function fails: RuntimeError: this version eats photos",
    )
    assert len(called) == 3


@pytest.mark.thorough
def test_a_temporary_failure_is_ignored(
    pipeline: LivePipeline, clock: Clock, run: Callable[..., Verdict], monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []

    def not_at_first(key: str) -> None:
        tries.append(key)
        if len(tries) < 3:
            raise RuntimeError("the role is not known yet")
        works(pipeline)(key)

    on_call(pipeline, monkeypatch, not_at_first)
    assert run().passed


@pytest.mark.thorough
def test_a_version_that_does_nothing_fails(
    pipeline: LivePipeline, run: Callable[..., Verdict], monkeypatch: pytest.MonkeyPatch
) -> None:
    on_call(pipeline, monkeypatch, void)
    assert "there is no record of the photo" in run().reason


@pytest.mark.thorough
def test_a_version_that_uses_another_recipe_fails(
    pipeline: LivePipeline, clock: Clock, run: Callable[..., Verdict], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Recipe(WatermarkSpec(text="© other"))
    on_event(pipeline, clock, works(pipeline, other))
    on_call(pipeline, monkeypatch, works(pipeline, other))
    assert f"by the recipe {other.fingerprint} and not by {RECIPE.fingerprint}" in run().reason


def test_a_version_that_refuses_every_photo_fails_unless_the_limits_require_it(
    pipeline: LivePipeline, clock: Clock, run: Callable[..., Verdict], monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = Limits(max_pixels=10)
    on_event(pipeline, clock, works(pipeline, limits=narrow))
    on_call(pipeline, monkeypatch, works(pipeline, limits=narrow))
    assert run().reason.startswith(f"{LARGE}: the photo is refused: too-large")
    assert expected(RECIPE, LIMITS) == WANTED
    verdict = run(expected(RECIPE, narrow))
    assert verdict.passed
    assert f"the limits refuse the test's {SMALL}, as configured" in verdict.remark


@pytest.mark.parametrize("wrong", ["missing", "another version", "another recipe"])
def test_a_record_without_its_copy_fails(
    pipeline: LivePipeline, run: Callable[..., Verdict], monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    def spoils_copies(key: str) -> None:
        works(pipeline)(key)
        copy = pipeline.storage.head_copy(key)
        assert copy is not None
        put = partial(pipeline.storage.put_copy, key, b"copy", "image/png", replacing=copy.etag)
        if wrong == "missing":
            assert pipeline.storage.delete_copy(key, copy.etag)
        elif wrong == "another version":
            assert put(mark=replace(copy.mark, source_version="another"))
        else:
            assert put(mark=replace(copy.mark, recipe="another"))

    on_call(pipeline, monkeypatch, spoils_copies)
    assert "the copy is missing or has another version or recipe" in run().reason


@pytest.mark.parametrize("refused", [LARGE, SMALL])
def test_a_recipe_that_refuses_a_test_photo_fails_without_sending_one(
    pipeline: LivePipeline, run: Callable[..., Verdict], monkeypatch: pytest.MonkeyPatch, refused: Photo
) -> None:
    def refuses(data: bytes, recipe: Recipe, limits: Limits) -> object:
        if data == content(refused):
            raise Refused("too-small", "no room for the mark")
        return watermark(data, recipe, limits)

    called = on_call(pipeline, monkeypatch, works(pipeline))
    monkeypatch.setattr(smoke_photos, "watermark", refuses)
    verdict = run(expected(RECIPE, LIMITS))
    assert (verdict.passed, called) == (False, [])
    assert verdict.reason == f"the recipe refuses the test's {refused}: too-small: no room for the mark"


def test_a_logo_that_no_photo_has_room_for_fails_whatever_the_limits() -> None:
    logo = io.BytesIO()
    Image.new("RGBA", (3000, 10), (255, 255, 255, 255)).save(logo, "PNG")
    by_photo = {each.photo: each for each in expected(Recipe(WatermarkSpec(logo=logo.getvalue())), LIMITS)}
    assert by_photo[SMALL].refusal.startswith("too-small")


@pytest.mark.thorough
def test_a_photo_removed_by_another_deploy_is_sent_again(
    pipeline: LivePipeline, clock: Clock, run: Callable[..., Verdict], monkeypatch: pytest.MonkeyPatch
) -> None:
    swept: list[int] = []

    def sweep_once(key: str) -> None:
        if not swept:
            swept.append(remove_leftovers(pipeline))
        else:
            works(pipeline)(key)

    on_event(pipeline, clock, sweep_once)
    on_call(pipeline, monkeypatch, works(pipeline))
    assert run().passed
    assert swept == [1]


def test_only_test_photos_left_by_a_crash_are_removed(pipeline: LivePipeline) -> None:
    s3 = pipeline.aws.s3
    for key in (f"{PREFIX}1", f"{PREFIX}1", f"{PREFIX}2", "photo.jpg"):
        s3.put_object(Bucket=NAMES.originals_bucket, Key=key, Body=content(SMALL))
        works(pipeline)(key)
    s3.delete_object(Bucket=NAMES.originals_bucket, Key=f"{PREFIX}2")
    s3.put_object(Bucket=NAMES.processed_bucket, Key=f"processed/{PREFIX}3", Body=b"")
    assert {record.image_id for record in pipeline.catalog.all()} == {"photo.jpg"}, "hidden in the meantime"
    assert [record.image_id for record in pipeline.catalog.page().records] == ["photo.jpg"]
    assert remove_leftovers(pipeline) == 3
    assert remove_leftovers(pipeline) == 0
    assert keys_left(pipeline) == {"photo.jpg"}
    copies = s3.list_objects_v2(Bucket=NAMES.processed_bucket)["Contents"]
    assert [item["Key"] for item in copies] == ["processed/photo.jpg"]
    smoke_free = pipeline.aws.dynamodb.scan(TableName=NAMES.table)["Items"]
    assert [item["ImageId"]["S"] for item in smoke_free] == ["photo.jpg"]
    for version in s3.list_object_versions(Bucket=NAMES.originals_bucket)["Versions"]:
        s3.delete_object(Bucket=NAMES.originals_bucket, Key=version["Key"], VersionId=version["VersionId"])
    works(pipeline)("photo.jpg")


@pytest.mark.thorough
def test_a_missing_permission_is_raised_and_nothing_is_left(
    pipeline: LivePipeline, run: Callable[..., Verdict], monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(key: str) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "Invoke")

    on_call(pipeline, monkeypatch, denied)
    with pytest.raises(ClientError):
        run()
