"""Whatever the error: one clear sentence, the next step, the right exit code, no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from tests.cli.conftest import ORIGINALS, Terminal
from tests.drawn.pictures import jpeg, photo
from zenoimg.suggest import suggest_install


def run_bare(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a separate process, with an environment without AWS."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ZENOIMG_"))}
    bare = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull}
    return subprocess.run(
        [sys.executable, "-m", "zenoimg", *arguments],
        env={**plain, **bare, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("region", [{}, {"AWS_REGION": "eu-west-1"}], ids=["no region either", "with a region"])
def test_missing_credentials_are_reported_with_both_next_steps(region: dict[str, str]) -> None:
    done = run_bare("list", **region)
    assert done.returncode == 3
    assert "no AWS credentials" in done.stderr
    assert "--profile" in done.stderr
    assert "--local" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_debug_adds_the_traceback_and_keeps_the_exit_code() -> None:
    plain = run_bare("list", AWS_REGION="eu-west-1")
    debug = run_bare("--debug", "list", AWS_REGION="eu-west-1")
    assert (plain.returncode, debug.returncode) == (3, 3)
    assert "Traceback" in debug.stderr
    assert debug.stderr.endswith(plain.stderr)


def test_an_unreachable_endpoint_is_reported_with_exit_code_4() -> None:
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_MAX_ATTEMPTS": "1"}
    done = run_bare("--region", "eu-west-1", "--endpoint-url", "http://127.0.0.1:9", "list", **keys)
    assert done.returncode == 4
    assert "could not be reached" in done.stderr


@pytest.mark.parametrize("command", ["list", "show", "download", "delete", "reprocess", "tail-logs", "destroy", "api"])
def test_a_stack_that_is_not_deployed_is_reported_and_deploy_suggested(
    nothing_deployed: Terminal, command: str
) -> None:
    arguments = {"api": ["/images"], "show": ["a.jpg"], "download": ["a.jpg"], "delete": ["a.jpg"]}.get(command, [])
    done = nothing_deployed.run(command, *arguments, code=3)
    assert "'zeno' is not deployed in eu-west-1" in done.stderr
    assert ("zenoimg deploy" in done.stderr) is (command != "destroy")


def test_for_the_missing_local_extra_the_pip_command_is_suggested(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zenoimg.local.embedded.find_spec", lambda name: None)
    done = terminal.run("--local", "list", code=3)
    assert suggest_install("local") in done.stderr


def test_options_apply_before_and_after_the_command_and_the_later_takes_precedence(nothing_deployed: Terminal) -> None:
    assert "'acme'" in nothing_deployed.run("--stack", "acme", "list", code=3).stderr
    assert "'acme'" in nothing_deployed.run("list", "--stack", "acme", code=3).stderr
    assert "'acme'" in nothing_deployed.run("--stack", "other", "list", "--stack", "acme", code=3).stderr


def test_a_bad_stack_name_is_a_usage_error(terminal: Terminal) -> None:
    assert "'A_B', which is not a valid stack name" in terminal.run("--stack", "A_B", "list", code=2).stderr


@pytest.mark.parametrize(
    ("arguments", "page"),
    [
        (["upload", "a.jpg", "--key"], "zenoimg upload --help"),
        (["upload"], "zenoimg upload --help"),
        (["list", "--nope"], "zenoimg list --help"),
        (["--stack", "acme", "list", "--limit"], "zenoimg list --help"),
        (["dead-letters", "list", "--since"], "zenoimg dead-letters list --help"),
    ],
)
def test_a_usage_error_refers_to_the_help_of_its_command(terminal: Terminal, arguments: list[str], page: str) -> None:
    assert f"See `{page}" in terminal.run(*arguments, code=2).stderr


def test_a_missing_file_is_reported_and_the_others_uploaded(no_stack: Terminal, tmp_path: Path) -> None:
    (tmp_path / "good.jpg").write_bytes(jpeg(photo((64, 48))))
    results = no_stack.json("upload", "missing.jpg", "good.jpg", "--no-wait", code=1)
    assert {result["ImageId"]: result["Result"] for result in results} == {
        "missing.jpg": "failed",
        "good.jpg": "uploaded",
    }
    assert "missing.jpg  no such file\n" in no_stack.run("upload", "missing.jpg", "--no-wait", code=1).stderr


def test_a_folder_without_photos_is_a_usage_error(no_stack: Terminal, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = no_stack.run("upload", "empty", code=2)
    assert done.stderr.startswith("Error: no photos in empty\n"), "no summary of a run that never started"


def test_files_that_are_not_pictures_are_not_sent(no_stack: Terminal, tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("hello")
    (tmp_path / "empty.jpg").touch()
    results = no_stack.json("upload", "text.jpg", "empty.jpg", code=1)
    assert [result["Result"] for result in results] == ["refused", "refused"]
    assert "Contents" not in boto3.client("s3").list_objects_v2(Bucket=ORIGINALS)


def test_two_files_for_one_key_are_reported(no_stack: Terminal, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.jpg").write_bytes(jpeg(photo((64, 48))))
    done = no_stack.run("upload", "one/a.jpg", "two/a.jpg", "--no-wait", code=2)
    assert "one/a.jpg" in done.stderr
    assert "two/a.jpg" in done.stderr


def test_key_needs_exactly_one_file(no_stack: Terminal, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg(photo((64, 48))))
    assert "--key" in no_stack.run("upload", "a.jpg", "b.jpg", "--key", "k.jpg", code=2).stderr
    (result,) = no_stack.json("upload", "a.jpg", "--key", "deep/k.jpg", "--no-wait")
    assert result["ImageId"] == "deep/k.jpg"


def test_a_deleted_bucket_is_reported_in_one_sentence(no_stack: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZENOIMG_ORIGINALS_BUCKET", "no-such-bucket-here")
    done = no_stack.run("reprocess", "--here", code=4)
    assert "does not exist" in done.stderr
    assert "ListObjectsV2" in done.stderr


def test_destroy_without_a_terminal_requires_yes(nothing_deployed: Terminal) -> None:
    cloudformation = boto3.client("cloudformation")
    body = '{"Resources":{"Q":{"Type":"AWS::SQS::Queue"}}}'
    cloudformation.create_stack(StackName="zeno", TemplateBody=body)
    assert "--yes" in nothing_deployed.run("destroy", code=2).stderr
    assert cloudformation.describe_stacks(StackName="zeno")["Stacks"]
    assert nothing_deployed.json("destroy", "--yes")["result"] == "destroyed"


def test_a_reader_that_leaves_early_ends_the_command_quietly(tmp_path: Path) -> None:
    done = subprocess.run(
        # --quiet: on stderr there is otherwise a hint for those who have version 1 of the AWS CLI.
        f"{sys.executable} -m zenoimg local env --quiet | head -n 1",
        shell=True,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
    assert done.stderr == ""


@pytest.mark.parametrize(("command", "suggested"), [(("local", "reset"), False), (("delete", "a.jpg"), True)])
def test_without_a_terminal_a_dry_run_is_suggested_only_by_commands_that_have_it(
    no_stack: Terminal, command: tuple[str, ...], suggested: bool
) -> None:
    boto3.client("s3").put_object(Bucket=ORIGINALS, Key="a.jpg", Body=jpeg(photo((64, 48))))
    said = no_stack.run(*command, code=2).stderr
    assert "Add --yes to confirm" in said
    assert ("--dry-run" in said) is suggested


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], []])
def test_help_that_cannot_be_written_is_an_error_without_traceback(arguments: list[str]) -> None:
    full_device = Path("/dev/full")
    if not full_device.exists():
        pytest.skip("this system has no /dev/full")
    with full_device.open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "zenoimg", *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr == "Error: the output cannot be written: No space left on device\n"
