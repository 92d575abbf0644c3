"""``zenoimg deploy`` as it is seen: plans, failures, interruptions; the deploy itself is played."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.cli.conftest import Terminal
from tests.cli.played_deploy import STANDING, Played, play
from zenoimg.errors import RefusedByAwsError
from zenoimg.imaging import Recipe, WatermarkSpec
from zenoimg.operations.deploy.plan import recipe_changes
from zenoimg.operations.deploy.smoke import Verdict
from zenoimg.stack.outputs import StackState


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Played:
    return play(monkeypatch)


def test_the_plan_is_a_table_and_warns_of_what_goes(played: Played, terminal: Terminal) -> None:
    done = terminal.run("deploy", "--dry-run")
    rows = [line.split() for line in done.stderr.splitlines()]
    assert ["change", "function", "Processor", "Layers"] in rows
    assert ["change", "layer", "RecipeLayer", "yes", "Content"] in rows
    assert ["change", "API", "route", "ApiRoute", "perhaps", "Target"] in rows
    assert "Removes the queue Backfill (https://sqs/zeno-backfill): the messages in it are lost." in done.stderr
    assert "Replaces the layer RecipeLayer (zeno-recipe:1)" in done.stderr
    assert (
        "CloudFormation decides on the way whether to replace these (data is kept): API route ApiRoute." in done.stderr
    )
    assert "AWS account 123456789012, eu-west-1" in done.stderr
    assert played.done == ["prepare", "discard"]


def test_warnings_are_red_and_notes_are_not(
    played: Played, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    lines = terminal.run("deploy", "--dry-run").stderr.splitlines()
    for text, red in (("Removes the queue", True), ("Replaces the layer", True), ("decides on the way", False)):
        (line,) = [line for line in lines if text in line]
        assert ("\x1b[1;31m" in line) is red


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("AWS_IAM", "NONE", "This opens GET /images to everyone, unsigned."),
        ("NONE", "AWS_IAM", "This closes GET /images"),
        ("NONE", "NONE", ""),
        ("AWS_IAM", "AWS_IAM", ""),
    ],
)
def test_a_change_of_the_apis_access_is_said_in_words(
    played: Played, terminal: Terminal, before: str, after: str, words: str
) -> None:
    standing = replace(STANDING, parameters={"ApiAuthorization": before})
    played.plan = replace(played.plan, parameters={"ApiAuthorization": after}, standing=standing)
    shown = terminal.run("deploy", "--dry-run").stderr
    assert words in shown
    assert ("GET /images" in shown) is bool(words)


def test_a_first_deploy_with_an_open_api_says_so(played: Played, terminal: Terminal) -> None:
    played.plan = replace(played.plan, parameters={"ApiAuthorization": "NONE"}, standing=None)
    result = terminal.json("deploy", "--dry-run")
    assert result["result"] == "planned"
    assert "This opens GET /images to everyone, unsigned." in result["warnings"]


def test_a_change_of_the_watermark_is_said_in_words(played: Played, terminal: Terminal) -> None:
    words = recipe_changes(Recipe(), Recipe(WatermarkSpec(text="© Other", opacity=0.9), metadata="strip"))
    played.plan = replace(played.plan, recipe_changes=words)
    shown = terminal.run("deploy", "--dry-run").stderr
    for part in ('text: "© zeno" becomes "© Other"', "opacity: 0.6 becomes 0.9",
                 'policy: "keep-no-location" becomes "strip"', "zenoimg reprocess --all"):  # fmt: skip
        assert part in shown


def test_a_role_is_handed_on_and_must_be_one(played: Played, terminal: Terminal) -> None:
    role = "arn:aws:iam::123456789012:role/deployer"
    terminal.run("deploy", "--yes", "--role-arn", role)
    assert played.done[0] == f"as {role}"
    assert "arn:aws:iam::ACCOUNT:role/NAME" in terminal.run("deploy", "--yes", "--role-arn", "deployer", code=2).stderr


def test_without_a_terminal_and_without_yes_the_plan_is_discarded(played: Played, terminal: Terminal) -> None:
    assert "--yes" in terminal.run("deploy", code=2).stderr
    assert played.done == ["prepare", "discard"]


def test_another_change_is_waited_for_and_said(played: Played, terminal: Terminal) -> None:
    played.state = StackState("zeno", "UPDATE_IN_PROGRESS", "", {}, {})
    done = terminal.run("deploy", "--yes")
    assert "Another change of the stack zeno is in progress (update in progress); waiting for its end." in done.stderr
    assert "function Api" in done.stderr


def test_what_another_has_just_changed_is_tested_though_nothing_is_left_to_do(
    played: Played, terminal: Terminal
) -> None:
    played.plan = replace(played.plan, change_set=None)
    assert terminal.json("deploy")["smoke_test"] is None
    played.state = StackState("zeno", "UPDATE_IN_PROGRESS", "", {}, {})
    assert terminal.json("deploy")["smoke_test"]["passed"] is True


def test_ctrl_c_in_the_middle_says_that_cloudformation_goes_on_and_how_to_look_on(
    played: Played, terminal: Terminal
) -> None:
    played.errors["execute"] = KeyboardInterrupt()
    shown = terminal.run("deploy", "--yes", code=130).stderr
    assert "CloudFormation goes on with the change by itself" in shown
    assert "zenoimg --stack zeno deploy" in shown
    assert "aws cloudformation describe-stack-events --stack-name zeno --region eu-west-1" in shown
    assert played.done == ["prepare", "execute"], "and the change set stays"


def test_ctrl_c_in_the_smoke_test_says_what_stands(played: Played, terminal: Terminal) -> None:
    played.errors["test"] = KeyboardInterrupt()
    assert "its smoke test did not end" in terminal.run("deploy", "--yes", code=130).stderr


def test_a_version_that_fails_is_put_back(played: Played, terminal: Terminal) -> None:
    played.verdicts = [Verdict(False, "it eats photos"), Verdict(True)]
    done = terminal.run("deploy", "--yes", code=1)
    assert played.done == ["prepare", "execute", "test", "roll back"]
    assert "the new version fails its smoke test (it eats photos); the previous version is back" in done.stderr
    assert "and passes the test" in done.stderr
    assert "tail-logs" in done.stderr


def test_a_previous_version_that_fails_too_is_said_to(played: Played, terminal: Terminal) -> None:
    played.verdicts = [Verdict(False, "no"), Verdict(False, "no role")]
    assert "fails the same test, too: no role" in terminal.run("deploy", "--yes", code=1).stderr


def test_a_rollback_that_fails_says_both(played: Played, terminal: Terminal) -> None:
    played.verdicts = [Verdict(False, "it eats photos")]
    played.errors["roll back"] = RefusedByAwsError("the deploy of 'zeno' failed", next_step="Mend that.")
    shown = terminal.run("deploy", "--yes", code=1).stderr
    for part in ("it eats photos", "could not be put back: the deploy of 'zeno' failed", "Mend that."):
        assert part in shown


def test_a_first_version_that_fails_stays(played: Played, terminal: Terminal) -> None:
    played.plan = replace(played.plan, standing=None)
    played.verdicts = [Verdict(False, "it eats photos")]
    assert "the stack stands, and it fails its smoke test" in terminal.run("deploy", "--yes", code=1).stderr
    assert "roll back" not in played.done
