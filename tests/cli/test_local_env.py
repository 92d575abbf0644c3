"""``zenoimg local env``: variables on stdout, their limitations on stderr."""

from __future__ import annotations

from tests.cli.conftest import Terminal


def test_variables_are_printed_for_a_shell_and_limitations_for_people(no_stack: Terminal) -> None:
    done = no_stack.run("local", "env")
    assert {line.partition(" ")[0] for line in done.stdout.splitlines()} == {"export", "unset"}
    assert "AWS_ENDPOINT_URL=" in done.stdout
    assert "`aws sqs` of the AWS CLI 1 ignores AWS_ENDPOINT_URL" in " ".join(done.stderr.split())
    assert '--endpoint-url "$AWS_ENDPOINT_URL"' in " ".join(done.stderr.split())


def test_quiet_and_json_output_contain_only_the_variables(no_stack: Terminal) -> None:
    assert no_stack.run("local", "env", "-q").stderr == ""
    assert no_stack.run("local", "env", "--json").stderr == ""
