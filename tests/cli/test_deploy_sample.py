"""A new recipe is tried on stored images before it is deployed, on a doubled AWS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.client import BaseClient
from moto import mock_aws
from PIL import Image

from tests.cli.conftest import Terminal
from tests.cli.doubled_aws import ACCOUNT, NAMES, REGION, DoubledAws, double, refusal
from tests.drawn.pictures import jpeg, photo
from zenoimg.aws.session import Aws
from zenoimg.imaging import Limits, Recipe
from zenoimg.operations.deploy.trial import run as trial
from zenoimg.operations.deploy.trial.sample import Bounds
from zenoimg.operations.pipeline import LivePipeline, of_deployment
from zenoimg.pipeline.reconcile import reconcile
from zenoimg.stack.outputs import Deployment

pytestmark = pytest.mark.slow

LARGE, SMALL = "folder/large photo.jpg", "small.jpg"
#: Refuses the large picture, and of the smoke test's photos the large one, as configured.
NARROW = "[limits]\nmax_pixels = 20000\n"
OTHER = '[watermark]\ntext = "© Other"\n'


@pytest.fixture
def aws(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[DoubledAws]:
    """Return a deployed stack with a large and a small image, both processed."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with mock_aws():
        made = double(monkeypatch)
        terminal.run("deploy", "--yes")
        for number, (key, size) in enumerate(((LARGE, (400, 300)), (SMALL, (120, 90)))):
            boto3.client("s3").put_object(
                Bucket=NAMES.originals_bucket, Key=key, Body=jpeg(photo(size, "RGB", seed=number))
            )
            reconcile(key, pipeline().tools(Recipe(), Limits()))
        made.done.clear()
        yield made


def pipeline() -> LivePipeline:
    return of_deployment(Aws(region=REGION), Deployment(*NAMES.buckets, NAMES.table), ACCOUNT)


def write(text: str) -> None:
    Path("zenoimg.toml").write_text(text, encoding="utf-8")


def test_with_yes_a_recipe_that_refuses_an_image_with_a_copy_is_not_deployed(
    aws: DoubledAws, terminal: Terminal
) -> None:
    write(NARROW)
    shown = terminal.run("deploy", "--yes", code=1).stderr
    assert "the new recipe refuses 1 of 2 sampled images" in shown
    assert f"  {LARGE}: too-large: " in shown
    assert "--accept-refusals" in shown
    assert aws.done == ["create", "discard"]


def test_accepted_refusals_are_deployed(aws: DoubledAws, terminal: Terminal) -> None:
    write(NARROW)
    result = terminal.json("deploy", "--yes", "--accept-refusals")
    assert result["result"] == "deployed"
    assert result["sample"]["tried"] == 2
    (refused,) = result["sample"]["refused"]
    assert (refused["ImageId"], refused["HasCopy"]) == (LARGE, True)
    assert any("1 of them have a copy today" in line for line in result["warnings"])


@pytest.mark.parametrize(("answer", "code", "done"), [("y", 0, ["create", "execute"]), ("n", 1, ["create", "discard"])])
def test_on_a_terminal_the_refusals_are_shown_and_need_confirmation(
    aws: DoubledAws, terminal: Terminal, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, done: list[str]
) -> None:
    monkeypatch.setattr("zenoimg.cli.terminal.screen.Screen.is_interactive", True)
    monkeypatch.setattr("builtins.input", lambda: answer)
    write(NARROW)
    shown = terminal.run("deploy", code=code).stderr
    assert "Tried on 2 stored images: 1 would be refused." in shown
    assert aws.done == done


def test_an_image_without_a_copy_does_not_stop_a_deploy(aws: DoubledAws, terminal: Terminal) -> None:
    boto3.client("s3").put_object(Bucket=NAMES.originals_bucket, Key="no picture.jpg", Body=b"text")
    reconcile("no picture.jpg", pipeline().tools(Recipe(), Limits()))
    write(OTHER)
    result = terminal.json("deploy", "--yes")
    assert result["result"] == "deployed"
    (refused,) = result["sample"]["refused"]
    assert (refused["ImageId"], refused["HasCopy"]) == ("no picture.jpg", False)


def test_pictures_before_and_after_are_in_a_directory_that_only_the_operator_can_read(
    aws: DoubledAws, terminal: Terminal
) -> None:
    write(OTHER)
    result = terminal.json("deploy", "--dry-run")
    directory = Path(result["sample"]["pictures"])
    assert directory.stat().st_mode & 0o077 == 0
    names = sorted(path.name.partition("-")[2] for path in directory.iterdir())
    assert names == ["large_photo-after.jpg", "large_photo-before.jpg", "small-after.jpg", "small-before.jpg"]
    (before,) = directory.glob("*large_photo-before.jpg")
    (after,) = directory.glob("*large_photo-after.jpg")
    s3 = boto3.client("s3")
    copy = s3.get_object(Bucket=NAMES.processed_bucket, Key=f"processed/{LARGE}")["Body"].read()
    assert before.read_bytes() == copy != after.read_bytes()
    with Image.open(after) as picture:
        assert picture.size == (400, 300)
    assert f"Pictures before and after: {directory}" in result["notes"]


def test_there_is_no_trial_without_a_change_of_recipe_or_limits_or_with_an_empty_sample(
    aws: DoubledAws, terminal: Terminal
) -> None:
    write("[processor]\nmemory = 2048\n")
    assert terminal.json("deploy", "--yes")["sample"] is None
    write(NARROW)
    assert terminal.json("deploy", "--yes", "--sample", "0")["sample"] is None


def test_unreadable_originals_are_reported_in_one_line_and_are_not_a_failure(
    aws: DoubledAws, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def denied(self: object, operation: str, parameters: dict[str, str]) -> object:
        if operation == "GetObject" and parameters["Bucket"] == NAMES.originals_bucket:
            raise refusal("AccessDenied", "no", operation)
        return call(self, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", denied)
    write(OTHER)
    result = terminal.json("deploy", "--dry-run")
    assert result["sample"]["tried"] == 0
    assert "The sample is incomplete: these credentials cannot read records, originals or copies." in result["notes"]


def test_a_trial_has_a_time_limit(aws: DoubledAws) -> None:
    times = iter([0.0, 1.0, 61.0])
    found = trial.try_recipe(pipeline(), Recipe(), Limits(), Bounds(), clock=lambda: next(times))
    assert len(found.tried) == 1
    assert found.problem == "stopped after 60 s, 1 of 2 images tried"
