"""``zenoimg local env``: variables on stdout, what they do not cover on stderr."""

from __future__ import annotations

from tests.cli.conftest import Terminal


def test_the_variables_are_for_a_shell_and_the_exception_is_for_people(no_stack: Terminal) -> None:
    done = no_stack.run("local", "env")
    assert {line.partition(" ")[0] for line in done.stdout.splitlines()} == {"export", "unset"}
    assert "AWS_ENDPOINT_URL=" in done.stdout
    assert "`aws sqs` of the AWS CLI 1 ignores AWS_ENDPOINT_URL" in " ".join(done.stderr.split())
    assert '--endpoint-url "$AWS_ENDPOINT_URL"' in " ".join(done.stderr.split())


def test_quietly_and_as_json_there_are_the_variables_alone(no_stack: Terminal) -> None:
    assert no_stack.run("local", "env", "-q").stderr == ""
    assert no_stack.run("local", "env", "--json").stderr == ""
