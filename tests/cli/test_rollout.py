"""``zenoimg rollout`` in process, on a doubled AWS: canary, review, rest, and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.cli.conftest import Terminal
from tests.cli.doubled_aws import ACCOUNT, NAMES, REGION, DoubledAws, double
from tests.drawn.pictures import jpeg, photo
from zenoimg.aws.session import Aws
from zenoimg.imaging import Limits, Recipe, WatermarkSpec
from zenoimg.operations.pipeline import LivePipeline, of_deployment
from zenoimg.pipeline.reconcile import reconcile
from zenoimg.stack.outputs import Deployment

pytestmark = pytest.mark.slow

KEYS = {f"{number}.jpg" for number in range(6)}
OLD, NEW = Recipe().fingerprint, Recipe(WatermarkSpec(text="© Other")).fingerprint


@pytest.fixture
def aws(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[DoubledAws]:
    """Return a deployed stack with six images; zenoimg.toml has another recipe."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with mock_aws():
        made = double(monkeypatch)
        terminal.run("deploy", "--yes")
        for number, key in enumerate(sorted(KEYS)):
            put(made, key, (120, 90), number)
        made.done.clear()
        write('text = "© Other"')
        yield made


def put(aws: DoubledAws, key: str, size: tuple[int, int], seed: int = 0) -> None:
    data = jpeg(photo(size, "RGB", seed=seed))
    boto3.client("s3").put_object(Bucket=NAMES.originals_bucket, Key=key, Body=data)
    aws.functions.process(key)


def write(watermark: str) -> None:
    Path("zenoimg.toml").write_text(f"[watermark]\n{watermark}\n", encoding="utf-8")


def pipeline() -> LivePipeline:
    return of_deployment(Aws(region=REGION), Deployment(*NAMES.buckets, NAMES.table), ACCOUNT)


def recipes() -> dict[str, str | None]:
    """Return the recipe of each copy by key, as stated in the copy."""
    marks = {record.image_id: pipeline().storage.get_copy_mark(record.image_id) for record in pipeline().catalog.all()}
    return {key: mark.recipe if mark else None for key, mark in marks.items()}


def answer(monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
    left = iter(answers)
    monkeypatch.setattr("zenoimg.cli.terminal.screen.Screen.is_interactive", True)
    monkeypatch.setattr("builtins.input", lambda: next(left))


def parameters(aws: DoubledAws) -> dict[str, str]:
    return dict(aws.cloudformation.stack.parameters)


def test_the_canary_gets_the_new_mark_and_the_rest_waits_for_confirmation(
    aws: DoubledAws, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, "y", "n")
    shown = terminal.run("rollout", "--canary", "2", code=1).stderr
    assert "the canary limits only which stored images are reprocessed first" in shown
    assert "Canary (2 images): 2 images, 2 of them with another mark." in shown
    assert "The canary is clean: 2 processed." in shown
    canary = {key for key, recipe in recipes().items() if recipe == NEW}
    assert len(canary) == 2
    assert "The canary keeps the new mark. `zenoimg rollout` continues" in shown
    page = Path("canary/index.html").read_text(encoding="utf-8")
    assert all(key in page for key in canary)
    assert not any(key in page for key in KEYS - canary)

    answer(monkeypatch, "y")
    shown = terminal.run("rollout", "--canary", "2").stderr
    assert "Canary (2 images): 2 images, 0 of them with another mark." in shown
    assert set(recipes().values()) == {NEW}
    assert f"Recipe {NEW}: 6 of 6 copies." in shown
    assert len(aws.sqs.sent) == 6, "no image twice"


def test_with_yes_everything_gets_the_new_mark_and_a_second_run_does_nothing(
    aws: DoubledAws, terminal: Terminal
) -> None:
    result = terminal.json("rollout", "--canary", "2", "--yes")
    assert (result["result"], result["recipe"]) == ("deployed", NEW)
    assert (result["copies"], result["copies_by_recipe"]) == (6, 6)
    assert result["canary"] == {
        "images": 2, "results": {"processed": 2}, "statuses": {"processed": 2}, "problems": [],
        "page": "canary/index.html",
    }  # fmt: skip
    assert result["rest"] == {"results": {"processed": 4}}
    again = terminal.json("rollout", "--canary", "2", "--yes")
    assert (again["result"], again["canary"]["results"], again["rest"]["results"]) == ("unchanged", {}, {})
    assert len(aws.sqs.sent) == 6


def test_with_yes_a_refused_canary_stops_the_rollout_and_all_copies_are_kept(
    aws: DoubledAws, terminal: Terminal
) -> None:
    put(aws, "huge.jpg", (400, 300))
    write('text = "© Other"\n[limits]\nmax_pixels = 20000')
    arguments = ("rollout", "--canary", "2", "--yes", "--sample", "0")
    shown = terminal.run(*arguments, code=1).stderr
    assert "  huge.jpg: too-large: " in shown, "its hash is the lowest"
    assert "1 image of the canary did not get the new mark" in shown
    assert "`zenoimg rollout --back` rolls the new version back" in shown
    assert recipes()["huge.jpg"] == OLD
    assert sorted(recipes().values(), key=str) == sorted([OLD] * 6 + [NEW], key=str), "the rest is left alone"
    result = terminal.json(*arguments, "--accept-refusals")
    assert [each["ImageId"] for each in result["canary"]["problems"]] == ["huge.jpg"]
    assert (result["copies"], result["copies_by_recipe"]) == (7, 6)


def test_going_back_restores_all_zips_and_reprocesses_copies_of_the_new_recipe(
    aws: DoubledAws, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = parameters(aws)
    third = Recipe(WatermarkSpec(text="© Third"))
    put(aws, "wide.jpg", (160, 90))
    reconcile("wide.jpg", pipeline().tools(third, Limits()))  # from a rollout that was never finished
    answer(monkeypatch, "y", "n")
    terminal.run("rollout", "--canary", "2", code=1)
    canary = set(aws.sqs.sent)
    deployed = parameters(aws)
    done = terminal.run("rollout", "--back", "--yes", "--json")
    result: dict[str, Any] = json.loads(done.stdout)
    assert (result["recipe"], result["taken_back"], result["results"]) == (OLD, NEW, {"processed": 2})
    assert recipes() == {**dict.fromkeys(KEYS, OLD), "wide.jpg": third.fingerprint}
    assert set(aws.sqs.sent[2:]) == canary, "and nothing else"
    after = parameters(aws)
    for name in ("FunctionsKey", "PackagesKey", "RecipeKey", "RecipeFingerprint", "Limits"):
        assert after[name] == before[name]
    assert after["PreviousRecipeKey"] == deployed["RecipeKey"]
    assert "zenoimg.toml still has the recipe that was rolled back" in done.stderr


@pytest.mark.thorough
def test_going_back_twice_changes_nothing_more_and_a_rollout_goes_forward_again(
    aws: DoubledAws, terminal: Terminal
) -> None:
    terminal.run("rollout", "--yes")
    terminal.run("rollout", "--back", "--yes")
    again = terminal.json("rollout", "--back", "--yes")
    assert (again["result"], again["recipe"], again["results"]) == ("unchanged", OLD, {})
    assert terminal.json("rollout", "--yes")["copies_by_recipe"] == 6
    assert set(recipes().values()) == {NEW}
    assert terminal.json("rollout", "--back", "--yes")["recipe"] == OLD
    assert set(recipes().values()) == {OLD}


def test_going_back_sends_no_parameter_that_the_deployed_template_lacks(aws: DoubledAws, terminal: Terminal) -> None:
    terminal.run("rollout", "--yes")
    stack = aws.cloudformation.stack  # as deployed by an older version
    template = json.loads(stack.template)
    for name in ("PreviousRecipeRules", "PreviousLimitsFingerprint"):
        del template["Parameters"][name], stack.parameters[name]
    stack.template = json.dumps(template, separators=(",", ":"), ensure_ascii=False)
    assert terminal.json("rollout", "--back", "--yes")["recipe"] == OLD
    assert stack.parameters.keys() <= template["Parameters"].keys()


def test_going_back_needs_confirmation_and_a_no_changes_nothing(
    aws: DoubledAws, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal.run("rollout", "--yes")
    aws.done.clear()
    answer(monkeypatch, "n")
    terminal.run("rollout", "--back", code=1)
    assert aws.done == ["create", "discard"]
    assert set(recipes().values()) == {NEW}


@pytest.mark.thorough
def test_a_previous_version_that_fails_its_test_is_replaced_by_the_new_one_again(
    aws: DoubledAws, terminal: Terminal
) -> None:
    terminal.run("rollout", "--yes")
    aws.functions.broken[OLD] = "it eats photos"
    shown = terminal.run("rollout", "--back", "--yes", code=1).stderr
    assert "it eats photos" in shown
    assert parameters(aws)["RecipeFingerprint"] == NEW
    assert set(recipes().values()) == {NEW}


def test_a_stack_without_a_previous_version_is_reported(aws: DoubledAws, terminal: Terminal) -> None:
    assert "has no previous version to go back to" in terminal.run("rollout", "--back", "--yes", code=1).stderr
    assert aws.done == []


@pytest.mark.thorough
def test_a_missing_zip_stops_going_back_before_anything_is_changed(aws: DoubledAws, terminal: Terminal) -> None:
    terminal.run("rollout", "--yes")
    aws.done.clear()
    key = parameters(aws)["PreviousRecipeKey"]
    boto3.client("s3").delete_object(Bucket=parameters(aws)["ArtifactsBucket"], Key=key)
    assert f"{key} is missing" in terminal.run("rollout", "--back", "--yes", code=1).stderr
    assert aws.done == []


@pytest.mark.thorough
@pytest.mark.parametrize("back", [False, True])
def test_ctrl_c_during_reprocessing_loses_nothing_and_the_same_command_continues(
    aws: DoubledAws, terminal: Terminal, back: bool
) -> None:
    for number in range(6, 30):
        put(aws, f"{number}.jpg", (120, 90), number)
    if back:
        terminal.run("rollout", "--yes")
    command = ("rollout", "--back", "--yes") if back else ("rollout", "--canary", "10", "--yes")
    aws.sqs.interrupt_after = 1
    terminal.run(*command, code=130)
    after = recipes()
    assert set(after.values()) == {OLD, NEW}
    aws.sqs.interrupt_after = None
    terminal.run(*command)
    assert set(recipes().values()) == {OLD if back else NEW}
    assert len(recipes()) == 30


def test_back_and_a_canary_exclude_each_other(aws: DoubledAws, terminal: Terminal) -> None:
    assert "--back" in terminal.run("rollout", "--back", "--canary", "1%", code=2).stderr
    assert "neither a share nor a number" in terminal.run("rollout", "--canary", "some", code=2).stderr
