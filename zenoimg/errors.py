"""The errors that an operator sees.

    ZenoError                 anything that zenoimg can explain; exit code 1
    ├── UsageError            the command line is wrong; 2
    ├── ConfigurationError    settings, credentials or an optional part are missing or wrong; 3
    │   └── NotDeployedError  the stack is not there; 3
    └── RefusedByAwsError     AWS refused the whole command; 4

Each carries a code for machines, a sentence that names the thing and says what is wrong, and the next step.
``zenoimg.cli`` turns them into exit codes at one place; nothing else prints or exits.
"""

from __future__ import annotations


class ZenoError(Exception):
    """A failure that is explained to the operator.

    ``message`` names the thing and says what is wrong; ``next_step`` says what to do about it and may be
    empty where nothing can be done.
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
    """The command line asks for something that cannot be meant."""

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
    """AWS refused the whole command."""

    exit_code = 4
    code = "refused-by-aws"
