"""Command-line errors: our own sentences, flags that would be ignored, names that look like options."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest

from tests.cli.conftest import Terminal
from tests.cli.test_upload import stored, write
from zenoimg.config.load import GlobalOptions, load
from zenoimg.errors import ConfigurationError, UsageError


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["list", "--limit", "0"], "--limit must be at least 1"),
        (["upload", "a.jpg", "--concurrency", "65"], "--concurrency must be at most 64"),
        (["list", "--limit", "x"], "--limit must be a whole number"),
        (["preview", "a.jpg", "--scale", "x"], "--scale must be a number"),
        (["list", "--status", "foo"], "--status is 'foo'; allowed are 'processed', 'refused', 'failed'"),
        (["upload"], "missing argument 'PATH'"),
        (["list", "--nosuch"], "no such option: --nosuch"),
        (["list", "--prefix"], "option '--prefix' requires an argument"),
    ],
)
def test_parser_errors_are_reworded(terminal: Terminal, arguments: list[str], message: str) -> None:
    first, next_step = terminal.run(*arguments, code=2).stderr.splitlines()
    assert first == f"Error: {message}"
    assert next_step.startswith("See `zenoimg ")


def test_for_a_file_that_looks_like_an_option_a_working_command_is_suggested(
    no_stack: Terminal, tmp_path: Path
) -> None:
    write(tmp_path, "-dash.jpg")
    done = no_stack.run("upload", "-dash.jpg", "--no-wait", code=2)
    assert "`zenoimg upload --no-wait -- -dash.jpg`" in done.stderr
    no_stack.run("upload", "--no-wait", "--", "-dash.jpg")
    assert set(stored()) == {"-dash.jpg"}
    assert "put --" not in no_stack.run("status", "-dash.jpg", code=2).stderr, "it takes no arguments"


@pytest.mark.parametrize("flag", ["--region", "--profile", "--endpoint-url"])
def test_flags_that_the_embedded_aws_would_ignore_are_errors(terminal: Terminal, flag: str) -> None:
    done = terminal.run("--local", flag, "http://127.0.0.1:9", "list", code=2)
    assert f"--local and {flag} exclude each other" in done.stderr


def test_a_flag_that_contradicts_the_variable_for_the_embedded_aws_is_reported_with_a_next_step(tmp_path: Path) -> None:
    flag, variable = GlobalOptions(region="eu-west-1"), {"ZENOIMG_LOCAL": "1"}
    with pytest.raises(UsageError) as caught:
        load(flag, variable, tmp_path)
    assert "--no-local" in caught.value.next_step
    assert load(GlobalOptions(region="eu-west-1", local=False), variable, tmp_path).region == "eu-west-1"


def test_variables_and_the_file_may_contain_settings_that_the_embedded_aws_ignores(tmp_path: Path) -> None:
    (tmp_path / "zenoimg.toml").write_text('region = "eu-west-1"\nprofile = "work"\n')
    variables = {"AWS_REGION": "us-east-1", "AWS_PROFILE": "p", "ZENOIMG_REGION": "r", "ZENOIMG_PROFILE": "q"}
    assert load(GlobalOptions(local=True), variables, tmp_path).notices == ()


def test_a_misspelt_variable_is_reported(tmp_path: Path) -> None:
    notices = load(GlobalOptions(), {"ZENOIMG_REGON": "x", "ZENOIMG_STACK": "a", "ZENOIMG_XQ": "1"}, tmp_path).notices
    assert notices == (
        "ZENOIMG_REGON is not a variable of zenoimg; did you mean ZENOIMG_REGION?",
        "ZENOIMG_XQ is not a variable of zenoimg.",
    )


@pytest.mark.slow
def test_an_unknown_region_is_a_warning_and_not_an_error(nothing_deployed: Terminal) -> None:
    assert "did you mean" not in nothing_deployed.run("--region", "eu-central-1", "list", code=3).stderr
    done = nothing_deployed.any_code("--region", "eu-cental-1", "list")
    assert "The region eu-cental-1 is not known; did you mean eu-central-1?" in done.stderr
    assert done.stderr.count("\n") > 1, "the command continued"
    assert boto3.Session().region_name == "eu-west-1"


def test_config_check_finds_settings_that_deploy_would_reject(terminal: Terminal, tmp_path: Path) -> None:
    assert terminal.json("config", "--check")["result"] == "valid"
    for text in (
        '[watermark]\nlogo = "missing.png"\n',
        '[watermark]\ntext = "\U0001f4f7"\n',
        "[limits]\nmax_bytes = 0\n",
    ):
        (tmp_path / "zenoimg.toml").write_text(text, encoding="utf-8")
        assert terminal.run("config", "--check", code=ConfigurationError.exit_code).stderr.startswith("Error: ")


@pytest.mark.parametrize("arguments", [("config",), ("config", "--check")])
def test_a_misspelt_region_is_reported_even_by_a_command_that_does_not_call_aws(
    terminal: Terminal, arguments: tuple[str, ...]
) -> None:
    done = terminal.run("--region", "eu-cental-1", *arguments)
    assert "The region eu-cental-1 is not known; did you mean eu-central-1?" in done.stderr
