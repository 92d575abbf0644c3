"""The errors shown to the operator.

    ZenoError                 any failure that zenoimg can explain; exit code 1
    ├── UsageError            the command line is wrong; 2
    ├── ConfigurationError    settings, credentials or an optional part are missing or wrong; 3
    │   └── NotDeployedError  the stack does not exist; 3
    └── RefusedByAwsError     AWS rejected the entire command; 4

Each has a code for programs, a sentence that names the thing and what is wrong with it, and a next step.
``zenoimg.cli`` maps them to exit codes in one place; no other code prints or exits.
"""

from __future__ import annotations


class ZenoError(Exception):
    """A failure that is explained to the operator.

    ``message`` names the thing and what is wrong with it; ``next_step`` says what to do about it, and is empty if
    nothing can be done.
    """

    exit_code = 1
    code = "failed"

    def __init__(self, message: str, *, next_step: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step
        if code is not None:
            self.code = code


class UsageError(ZenoError):
    """The command line is invalid or contradictory."""

    exit_code = 2
    code = "usage"


class ConfigurationError(ZenoError):
    """A setting, a credential or an optional part is missing or wrong."""

    exit_code = 3
    code = "configuration"


class NotDeployedError(ConfigurationError):
    """The stack that the command needs does not exist."""

    code = "not-deployed"


class RefusedByAwsError(ZenoError):
    """AWS rejected the entire command."""

    exit_code = 4
    code = "refused-by-aws"
