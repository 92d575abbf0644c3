"""What a command receives in addition to its own parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zenoimg.cli.terminal.screen import Screen
    from zenoimg.config.load import GlobalOptions


@dataclass(frozen=True)
class Call:
    """One invocation: the global options, where to write, and whether to show tracebacks."""

    options: GlobalOptions
    screen: Screen
    debug: bool = False
