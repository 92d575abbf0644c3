"""Commands that are imported when they are used: ``zenoimg --help`` needs only their names and summaries.

Importing all commands takes five times as long as importing one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

import typer
from typer._click.exceptions import ClickException
from typer._click.exceptions import UsageError as ParserError
from typer.core import TyperGroup

from zenoimg.cli.framework import overview

if TYPE_CHECKING:
    from typer._click import Command, Context, HelpFormatter


@dataclass(frozen=True)
class Entry:
    """A command not imported yet: its module in ``zenoimg.cli.commands`` (with ``register``) and its summary."""

    module: str
    summary: str


class OnDemand(Mapping[str, "Command"]):
    """A mapping of names to commands that imports a command at its first lookup."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = entries
        self._loaded: dict[str, Command] = {}

    def __getitem__(self, name: str) -> Command:
        if name not in self._loaded:
            self._loaded[name] = _load(name, self._entries[name].module)
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def group_of(entries: Mapping[str, Entry]) -> type[TyperGroup]:
    """Return a group class with these commands, in this order, for ``typer.Typer(cls=...)``."""

    class Group(TyperGroup):
        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            # Typer reads names and single commands from it; it never adds one.
            self.commands = cast("MutableMapping[str, Command]", OnDemand(entries))

        def list_commands(self, ctx: Context) -> list[str]:
            return list(entries)

        def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
            if not args and self.no_args_is_help and not ctx.resilient_parsing:
                typer.echo(self.get_help(ctx))
                ctx.exit(2)
            return super().parse_args(ctx, args)

        def invoke(self, ctx: Context) -> Any:
            try:
                return super().invoke(ctx)
            except ParserError as error:
                # The parser leaves the command out when an option lacks its argument.
                name = ctx.invoked_subcommand
                if error.ctx is None and name is not None and name in entries:
                    error.ctx = type(ctx)(self.commands[name], info_name=name, parent=ctx)
                raise

        def main(
            self,
            args: Sequence[str] | None = None,
            prog_name: str | None = None,
            complete_var: str | None = None,
            standalone_mode: bool = True,
            windows_expand_args: bool = True,
            **extra: Any,
        ) -> Any:
            def run() -> Any:
                return super(Group, self).main(args, prog_name, complete_var, False, windows_expand_args, **extra)

            if not standalone_mode:
                return run()
            try:
                code = run()
            except OSError as error:  # commands report their own errors; help and version texts could not be written
                _report_unwritable(error)
                sys.exit(1)
            except ClickException as error:
                _report(error, sys.argv[1:] if args is None else args)
                sys.exit(error.exit_code)
            except typer.Abort:
                sys.exit(1)
            sys.exit(code if isinstance(code, int) else 0)

        def format_help(self, ctx: Context, formatter: HelpFormatter) -> None:
            formatter.write(overview.text(self, ctx, {name: entry.summary for name, entry in entries.items()}))

    return Group


def _report(error: ClickException, arguments: Sequence[str]) -> None:
    # Both are needed only if there is an error.
    from zenoimg.cli.framework.usage import explain_usage
    from zenoimg.cli.terminal.screen import Screen

    Screen().error(explain_usage(error, arguments))


def _report_unwritable(error: OSError) -> None:
    from zenoimg.cli.terminal.screen import Screen
    from zenoimg.errors import ZenoError

    if not isinstance(error, BrokenPipeError):
        Screen().error(ZenoError(f"the output cannot be written: {error.strerror or error}"))


def _load(name: str, module: str) -> Command:
    app = typer.Typer(rich_markup_mode="rich", pretty_exceptions_enable=False, add_completion=False)
    import_module(f"zenoimg.cli.commands.{module}").register(app)
    return typer.main.get_group(app).commands[name]
