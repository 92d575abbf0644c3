"""``doctor`` on moto: which problems it finds, with which remedy, and that one error does not hide the next."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from tests.cli.conftest import PROCESSED, Terminal, make_resources
from tests.cli.moto_stack import NAMES, name_stack


def checks(terminal: Terminal, code: int = 0) -> dict[str, list[dict[str, Any]]]:
    """Return the checks by name."""
    found: dict[str, list[dict[str, Any]]] = {}
    for check in terminal.json("doctor", code=code):
        found.setdefault(check["check"], []).append(check)
    return found


def wrong(found: dict[str, list[dict[str, Any]]]) -> dict[str, str]:
    """Return problem and remedy by name."""
    return {
        name: f"{check['what']} | {check['remedy']}"
        for name, each in found.items()
        for check in each
        if check["state"] == "wrong"
    }


def configure(tmp_path: Path, text: str) -> None:
    (tmp_path / "zenoimg.toml").write_text(text, encoding="utf-8")


def test_no_problem_is_found_in_a_working_pipeline(no_stack: Terminal) -> None:
    found = checks(no_stack)
    assert wrong(found) == {}
    assert {"Packages", "Settings", "Embedded AWS", "Recipe", "Limits", "Region", "Names", "Health"} <= found.keys()
    assert found["Limits"][0]["what"] == "images of up to 100 megapixels, 100 MB and 2.21 GB of memory"
    done = no_stack.run("doctor")
    assert "no problems found." in done.stderr
    assert any(line.startswith("ok       Limits          images of up to") for line in done.stdout.splitlines())


def test_a_missing_bucket_is_a_problem(no_stack: Terminal) -> None:
    boto3.client("s3").delete_bucket(Bucket=PROCESSED)
    assert "Names" in wrong(checks(no_stack, code=1))


def test_before_the_first_deploy_there_is_no_problem(nothing_deployed: Terminal) -> None:
    found = checks(nothing_deployed)
    assert wrong(found) == {}
    assert found["Credentials"][0]["what"].startswith("AWS account 123456789012")
    (stack,) = found["Stack"]
    assert (stack["state"], stack["remedy"]) == ("note", "`zenoimg deploy` creates it.")
    assert not {"Parts", "Data", "Health"} & found.keys()


def test_invalid_settings_are_reported_with_their_line_and_the_machine_is_checked_anyway(
    nothing_deployed: Terminal, tmp_path: Path
) -> None:
    configure(tmp_path, "[processor]\nmemory = 1\n")
    found = checks(nothing_deployed, code=1)
    assert "zenoimg.toml:2: processor.memory is 1; allowed is a whole number" in wrong(found)["Settings"]
    assert found["AWS"][0]["state"] == "skipped"
    assert {"Packages", "Embedded AWS"} <= found.keys()


@pytest.mark.parametrize(
    ("settings", "name", "words"),
    [
        ('[watermark]\nlogo = "none.png"', "Recipe", "none.png, which cannot be read"),
        ('[watermark]\ntext = "字"', "Recipe", "字"),
        ('[watermark]\nfont = "zenoimg.toml"', "Recipe", "font"),
        ("[limits]\nmax_memory = 3000000000", "Limits", "a function of 3008 MB holds images that need up to"),
        ("[processor]\nmax_concurrency = 2", "Limits", "while reprocess runs, no new photo would be processed"),
    ],
)
def test_settings_that_deploy_would_reject_are_a_problem_and_the_rest_is_checked(
    nothing_deployed: Terminal, tmp_path: Path, settings: str, name: str, words: str
) -> None:
    configure(tmp_path, settings)
    found = checks(nothing_deployed, code=1)
    assert words in wrong(found)[name]
    assert found["Credentials"][0]["state"] == "ok"


def test_notices_about_settings_are_notes(nothing_deployed: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZENOIMG_PROCESOR_MEMORY", "2048")
    notes = [check for check in checks(nothing_deployed)["Settings"] if check["state"] == "note"]
    assert "did you mean ZENOIMG_PROCESSOR_MEMORY?" in notes[0]["what"]


def test_missing_credentials_are_a_problem(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    found = checks(terminal, code=1)
    assert "Credentials" not in found or found["Credentials"][0]["state"] == "wrong"
    assert any("no AWS credentials were found" in what for what in wrong(found).values())


def test_for_an_unknown_region_the_likely_one_is_suggested(
    nothing_deployed: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-wset-1")
    monkeypatch.setenv("AWS_REGION", "eu-wset-1")
    # moto supports only AWS's regions, so the following checks fail there.
    (region,) = checks(nothing_deployed, code=1)["Region"]
    assert (region["state"], "eu-west-1" in region["remedy"]) == ("note", True)


@pytest.mark.local
def test_a_port_of_the_embedded_aws_in_use_is_a_problem(
    nothing_deployed: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("ZENOIMG_LOCAL_PORT", str(taken.getsockname()[1]))
        monkeypatch.setenv("ZENOIMG_LOCAL_HOME", str(tmp_path / "home"))
        found = wrong(checks(nothing_deployed, code=1))
    assert "another program uses its port" in found["Embedded AWS"]
    assert "ZENOIMG_LOCAL_PORT" in found["Embedded AWS"]


@pytest.fixture
def deployed(nothing_deployed: Terminal) -> Terminal:
    """Create a stack as far as moto supports it: without functions and bucket settings."""
    make_resources(*NAMES.buckets, NAMES.table)
    queue = boto3.client("sqs").create_queue(QueueName=NAMES.dead_letter_queue)["QueueUrl"]
    name_stack({"DeadLetterQueueUrl": queue})
    boto3.client("sqs").send_message(QueueUrl=queue, MessageBody="{}")
    return nothing_deployed


def test_differences_from_the_template_and_problems_of_status_are_reported(deployed: Terminal) -> None:
    found = checks(deployed, code=1)
    assert found["Stack"][0]["what"] == "zeno: CREATE_COMPLETE"
    assert "`zenoimg deploy` corrects it." in wrong(found)["Data"]
    assert any("public access is not blocked" in check["what"] for check in found["Data"])
    assert "dead letters that cannot be sent again: 1" in [check["what"] for check in found["Health"]]
    assert found["Queues"][0]["what"] == "dead letters 1"
    assert "does not name its recipe" in wrong(found)["Deployed"]


def test_parts_that_may_not_be_read_are_skipped_rather_than_reported(
    deployed: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = vars(BaseClient)["_make_api_call"]

    def refusing(client: Any, name: str, parameters: Any) -> Any:
        if name in ("DescribeStackResources", "GetPublicAccessBlock"):
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not you"}}, name)
        return call(client, name, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", refusing)
    found = checks(deployed, code=1)
    assert [(found[name][0]["state"], len(found[name])) for name in ("Parts", "Data")] == [("skipped", 1)] * 2
    assert "AWS denied DescribeStackResources" in found["Parts"][0]["what"]
    assert "Health" in found


def test_a_stopped_pipe_is_a_problem_and_a_starting_one_is_not(
    deployed: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = vars(BaseClient)["_make_api_call"]
    states = {"zeno-events": "STOPPED", "zeno-removals": "STARTING"}

    def answering(client: Any, name: str, parameters: Any) -> Any:
        if name == "DescribeStackResources":
            kind = "AWS::Pipes::Pipe"
            return {"StackResources": [{"ResourceType": kind, "PhysicalResourceId": each} for each in states]}
        if name == "DescribePipe":
            return {"CurrentState": states[parameters["Name"]], "StateReason": "stopped by a person"}
        return call(client, name, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", answering)
    (part,) = checks(deployed, code=1)["Parts"]
    assert part["what"] == "the pipe zeno-events is STOPPED (stopped by a person): it sends no events of images"
    assert part["remedy"] == "Start it: `aws pipes start-pipe --name zeno-events --region eu-west-1`"


def test_contradictory_flags_are_a_usage_error(terminal: Terminal) -> None:
    assert "exclude each other" in terminal.run("--local", "--region", "eu-west-1", "doctor", code=2).stderr
