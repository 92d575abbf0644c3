"""``zenoimg deploy`` in process, on a doubled AWS: what is confirmed, changed, tested, restored and shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from moto import mock_aws

from tests.cli.conftest import Terminal
from tests.cli.doubled_aws import DoubledAws, change, double
from zenoimg.aws.platform import AWS, EMBEDDED, Platform
from zenoimg.aws.session import Aws
from zenoimg.cli.terminal import plan as plan_text
from zenoimg.errors import RefusedByAwsError
from zenoimg.imaging import Limits, Recipe, WatermarkSpec
from zenoimg.operations.deploy.plan import DeployedVersion, Plan
from zenoimg.stack.names import StackNames

OTHER = Recipe(WatermarkSpec(text="© Other"))


@pytest.fixture
def aws(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Iterator[DoubledAws]:
    with mock_aws():
        yield double(monkeypatch)


@pytest.fixture
def deployed(aws: DoubledAws, terminal: Terminal) -> DoubledAws:
    """Return the stack, deployed with the default recipe; zenoimg.toml has another recipe."""
    terminal.run("deploy", "--yes")
    aws.done.clear()
    Path("zenoimg.toml").write_text('[watermark]\ntext = "© Other"\n')
    return aws


def running(aws: DoubledAws) -> str:
    return aws.cloudformation.stack.parameters["RecipeFingerprint"]


# The plan


def test_the_plan_is_a_table_with_warnings_about_losses(aws: DoubledAws, terminal: Terminal) -> None:
    aws.cloudformation.changes = [
        change("Modify", "Processor", "AWS::Lambda::Function", ("Layers",)),
        change("Modify", "RecipeLayer", "AWS::Lambda::LayerVersion", ("Content",), Replacement="True",
               PhysicalResourceId="zeno-recipe:1"),
        change("Modify", "ApiRoute", "AWS::ApiGatewayV2::Route", ("Target",), Replacement="Conditional"),
        change("Remove", "Backfill", "AWS::SQS::Queue", PolicyAction="Delete",
               PhysicalResourceId="https://sqs/zeno-backfill"),
    ]  # fmt: skip
    done = terminal.run("deploy", "--dry-run")
    rows = [line.split() for line in done.stderr.splitlines()]
    assert ["change", "function", "Processor", "Layers"] in rows
    assert ["change", "layer", "RecipeLayer", "yes", "Content"] in rows
    assert ["change", "API", "route", "ApiRoute", "maybe", "Target"] in rows
    assert "Removes the queue Backfill (https://sqs/zeno-backfill): the messages in it are lost." in done.stderr
    assert "Replaces the layer RecipeLayer (zeno-recipe:1)" in done.stderr
    assert "CloudFormation decides during the deploy whether to replace these (data is kept): API route" in done.stderr
    assert "AWS account 123456789012, eu-west-1" in done.stderr
    assert aws.done == ["create", "discard", "delete stack"]


def test_warnings_are_red_and_notes_are_not(
    aws: DoubledAws, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    aws.cloudformation.changes = [
        change("Remove", "Backfill", "AWS::SQS::Queue"),
        change("Modify", "ApiRoute", "AWS::ApiGatewayV2::Route", Replacement="Conditional"),
    ]
    lines = terminal.run("deploy", "--dry-run").stderr.splitlines()
    for text, red in (("Removes the queue", True), ("decides during the deploy", False)):
        (line,) = [line for line in lines if text in line]
        assert ("\x1b[1;31m" in line) is red


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("AWS_IAM", "NONE", "This opens GET /images to everyone, unsigned."),
        ("NONE", "AWS_IAM", "This closes GET /images"),
        ("NONE", "NONE", ""),
        ("AWS_IAM", "AWS_IAM", ""),
        (None, "NONE", "This opens GET /images to everyone, unsigned."),
        (None, "AWS_IAM", ""),
    ],
)
def test_a_change_of_the_apis_access_is_described(before: str | None, after: str, words: str) -> None:
    version = None if before is None else DeployedVersion("{}", {"ApiAuthorization": before}, {})
    plan = Plan(StackNames("zeno"), None, (), Recipe(), Limits(), {"ApiAuthorization": after}, deployed=version)
    said = " ".join([*plan_text.notes(plan), *plan_text.warnings(plan)])
    assert words in said
    assert ("GET /images" in said) is bool(words)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [(None, True, True), ("{}", True, True), ('{"heic": true}', True, False), (None, False, False)],
)
def test_a_plan_that_adds_heic_names_the_licences(before: str | None, after: bool, said: bool) -> None:
    version = None if before is None else DeployedVersion("{}", {"Limits": before}, {})
    plan = Plan(StackNames("zeno"), None, (), Recipe(), Limits(heic=after), deployed=version)
    words = " ".join(plan_text.notes(plan))
    assert ("x265 (GPL-2.0); HEVC is covered by patents" in words) is said


@pytest.mark.slow
@pytest.mark.parametrize(("place", "told"), [(AWS, False), (EMBEDDED, True)])
def test_the_plan_reports_that_events_are_left_out_where_no_pipe_can_send_them(
    aws: DoubledAws, terminal: Terminal, monkeypatch: pytest.MonkeyPatch, place: Platform, told: bool
) -> None:
    limited = replace(AWS, pipes_reach_event_buses=place.pipes_reach_event_buses)
    monkeypatch.setattr(Aws, "platform", limited)
    Path("zenoimg.toml").write_text("[events]\nenabled = true\n", encoding="utf-8")
    done = terminal.run("deploy", "--yes")
    assert ("Left out: events.enabled" in done.stderr) is told
    assert (aws.cloudformation.stack.parameters.get("EventsEnabled") == "true") is not told


@pytest.mark.slow
def test_the_plan_states_what_an_open_api_can_cost_per_day(aws: DoubledAws, terminal: Terminal) -> None:
    Path("zenoimg.toml").write_text('[api]\nauth = "none"\n', encoding="utf-8")
    shown = " ".join(terminal.run("deploy", "--dry-run").stderr.split())
    assert "up to 172,800 requests a day, each of up to 1 MB: 173 GB, about $19 a day at list prices" in shown
    Path("zenoimg.toml").write_text('[api]\nauth = "none"\nrate_limit = 20\n', encoding="utf-8")
    assert "1,728,000 requests a day" in " ".join(terminal.run("deploy", "--dry-run").stderr.split())


@pytest.mark.slow
def test_a_change_of_the_watermark_is_described(deployed: DoubledAws, terminal: Terminal) -> None:
    Path("zenoimg.toml").write_text(
        '[watermark]\ntext = "© Other"\nopacity = 0.9\n[metadata]\npolicy = "strip"\n', encoding="utf-8"
    )
    shown = terminal.run("deploy", "--dry-run").stderr
    for part in ('text: "© zeno" becomes "© Other"', "opacity: 0.6 becomes 0.9",
                 'policy: "keep-no-location" becomes "strip"', "`zenoimg reprocess --stale`"):  # fmt: skip
        assert part in shown


# Asking


def test_without_a_terminal_and_without_yes_the_plan_is_discarded(deployed: DoubledAws, terminal: Terminal) -> None:
    assert "--yes" in terminal.run("deploy", code=2).stderr
    assert deployed.done == ["create", "discard"]


@pytest.mark.parametrize(
    ("answer", "code", "done"),
    [("n", 1, ["create", "discard"]), ("", 1, ["create", "discard"]), ("y", 0, ["create", "execute"])],
)
def test_a_plan_is_executed_after_a_yes_and_discarded_after_anything_else(
    deployed: DoubledAws, terminal: Terminal, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, done: list[str]
) -> None:
    monkeypatch.setattr("zenoimg.cli.terminal.screen.Screen.is_interactive", True)
    monkeypatch.setattr("builtins.input", lambda: answer)
    before = running(deployed)
    shown = terminal.run("deploy", code=code).stderr
    assert "Deploy zeno to AWS account 123456789012, eu-west-1? [y/N]" in shown
    assert ("Nothing was changed." in shown) is (code == 1)
    assert deployed.done == done
    assert running(deployed) == (before if code else OTHER.fingerprint)


@pytest.mark.slow
def test_ctrl_c_at_the_question_discards_the_plan(
    deployed: DoubledAws, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt() -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("zenoimg.cli.terminal.screen.Screen.is_interactive", True)
    monkeypatch.setattr("builtins.input", interrupt)
    shown = terminal.run("deploy", code=130).stderr
    assert deployed.done == ["create", "discard"]
    assert "CloudFormation continues" not in shown


# Carrying out


def test_a_deploy_is_executed_tested_and_shown_with_its_outputs(deployed: DoubledAws, terminal: Terminal) -> None:
    result = terminal.json("deploy", "--yes")
    assert deployed.done == ["create", "execute"]
    assert (result["result"], result["smoke_test"]["passed"]) == ("deployed", True)
    assert result["outputs"]["recipe_fingerprint"] == result["recipe"] == OTHER.fingerprint
    assert result["outputs"]["api_url"] == "https://a/images"


@pytest.mark.slow
def test_a_role_is_passed_to_cloudformation_and_must_be_an_arn(deployed: DoubledAws, terminal: Terminal) -> None:
    role = "arn:aws:iam::123456789012:role/deployer"
    terminal.run("deploy", "--yes", "--role-arn", role)
    assert deployed.cloudformation.stack.waiting is not None
    assert deployed.cloudformation.stack.waiting["role"] == role
    assert "arn:aws:iam::ACCOUNT:role/NAME" in terminal.run("deploy", "--yes", "--role-arn", "deployer", code=2).stderr


@pytest.mark.slow
def test_nothing_to_change_is_success_and_leaves_no_change_set(deployed: DoubledAws, terminal: Terminal) -> None:
    Path("zenoimg.toml").unlink()
    result = terminal.json("deploy")
    assert (result["result"], result["smoke_test"]) == ("unchanged", None)
    assert deployed.done == ["create", "discard"]


@pytest.mark.slow
def test_resources_deleted_by_other_means_are_planned_and_must_exist_afterwards(
    deployed: DoubledAws, terminal: Terminal
) -> None:
    Path("zenoimg.toml").unlink()
    deployed.functions.gone.add("imageProcessorLambda")
    done = terminal.run("deploy", "--yes", code=1)
    assert deployed.done == ["create", "execute"]
    assert "imageProcessorLambda: the function does not exist" in done.stderr
    assert "did not create these again" in done.stderr
    assert "`zenoimg destroy && zenoimg deploy && zenoimg reprocess`" in done.stderr


@pytest.mark.slow
def test_a_change_in_progress_is_awaited_and_its_result_tested(
    deployed: DoubledAws, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("zenoimg.toml").unlink()
    monkeypatch.setattr("zenoimg.stack.change_set.lifecycle.time.sleep", lambda _: None)
    deployed.cloudformation.others = ["UPDATE_IN_PROGRESS"]
    done = terminal.run("deploy", "--json")
    assert "Another change of the stack zeno is in progress (update in progress); waiting until it is" in done.stderr
    assert "Smoke test passed" in done.stderr


@pytest.mark.slow
def test_ctrl_c_during_the_change_reports_that_cloudformation_continues_and_how_to_follow(
    deployed: DoubledAws, terminal: Terminal
) -> None:
    deployed.cloudformation.instead["execute"] = KeyboardInterrupt()
    shown = terminal.run("deploy", "--yes", code=130).stderr
    assert "CloudFormation continues with the change" in shown
    assert "`zenoimg deploy`" in shown
    assert "aws cloudformation describe-stack-events --stack-name zeno --region eu-west-1" in shown
    assert deployed.done == ["create", "execute"], "the change set is not discarded"


@pytest.mark.slow
def test_ctrl_c_in_the_smoke_test_reports_what_is_deployed(deployed: DoubledAws, terminal: Terminal) -> None:
    deployed.functions.interrupt = KeyboardInterrupt()
    assert "its smoke test did not finish" in terminal.run("deploy", "--yes", code=130).stderr


@pytest.mark.slow
def test_if_the_smoke_test_cannot_run_the_deployed_version_is_reported(
    deployed: DoubledAws, terminal: Terminal
) -> None:
    deployed.functions.interrupt = RefusedByAwsError("denied")
    shown = terminal.run("deploy", "--yes", code=4).stderr
    assert "The new version is deployed, but its smoke test could not be run." in shown


# A version that fails its test


@pytest.mark.slow
def test_a_version_that_fails_is_replaced_by_the_previous_one(deployed: DoubledAws, terminal: Terminal) -> None:
    before = dict(deployed.cloudformation.stack.parameters)
    deployed.functions.broken[OTHER.fingerprint] = "it eats photos"
    done = terminal.run("deploy", "--yes", code=1)
    assert deployed.done == ["create", "execute", "create", "execute"]
    assert deployed.cloudformation.stack.parameters == before
    reason = "large photo (2400x1600): the function fails: RuntimeError: it eats photos"
    assert f"the new version fails its smoke test ({reason})" in done.stderr
    assert "the previous version is back and passes the test" in done.stderr
    assert "tail-logs" in done.stderr


@pytest.mark.slow
def test_a_rolled_back_deploy_is_json_with_the_outputs_of_the_previous_version(
    deployed: DoubledAws, terminal: Terminal
) -> None:
    before = running(deployed)
    deployed.functions.broken[OTHER.fingerprint] = "it eats photos"
    result = terminal.json("deploy", "--yes", code=1)
    assert (result["result"], result["smoke_test"]["passed"]) == ("rolled-back", False)
    assert result["outputs"]["recipe_fingerprint"] == before != result["recipe"]


@pytest.mark.slow
def test_a_previous_version_that_fails_as_well_is_reported(deployed: DoubledAws, terminal: Terminal) -> None:
    deployed.functions.broken = {OTHER.fingerprint: "no", running(deployed): "no role"}
    shown = terminal.run("deploy", "--yes", code=1).stderr
    assert "also fails the test: large photo (2400x1600): the function fails: RuntimeError: no role" in shown


@pytest.mark.slow
def test_a_failed_rollback_reports_both_errors(
    deployed: DoubledAws, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed.functions.broken[OTHER.fingerprint] = "it eats photos"

    def no(**_: object) -> None:
        raise RefusedByAwsError("the deploy of 'zeno' failed", next_step="Fix the cause.")

    monkeypatch.setattr(deployed.cloudformation, "get_template", lambda **_: {"TemplateBody": {"Resources": {}}})
    create = deployed.cloudformation.create_change_set
    monkeypatch.setattr(
        deployed.cloudformation,
        "create_change_set",
        lambda **given: no() if given["TemplateBody"] == '{"Resources":{}}' else create(**given),
    )
    shown = terminal.run("deploy", "--yes", code=1).stderr
    for part in ("it eats photos", "could not be put back: the deploy of 'zeno' failed", "Fix the cause."):
        assert part in shown


def test_a_first_version_that_fails_is_kept(aws: DoubledAws, terminal: Terminal) -> None:
    aws.functions.broken[Recipe().fingerprint] = "it eats photos"
    assert "the stack is deployed but fails its smoke test" in terminal.run("deploy", "--yes", code=1).stderr
    assert aws.done == ["create", "execute"]


@pytest.mark.slow
def test_a_folder_without_settings_does_not_reset_a_stack_to_the_default_recipe(
    deployed: DoubledAws, terminal: Terminal
) -> None:
    terminal.run("deploy", "--yes")
    Path("zenoimg.toml").unlink()
    stderr = terminal.run("deploy", "--yes", code=3).stderr
    assert "the default recipe is not that of the stack" in stderr
    assert "--config FILE" in stderr
    assert running(deployed) == OTHER.fingerprint
    terminal.run("init")  # states that the defaults are intended
    terminal.run("deploy", "--yes")
    assert running(deployed) != OTHER.fingerprint
