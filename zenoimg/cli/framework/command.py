"""The global options, accepted before and after a command's name, and the one place where errors are handled.

``command`` adds the global options to a command's own, and the selectors if it takes them, and wraps it: an option
after the command's name overrides the same option before it. Whatever a command raises becomes a sentence, a next step
and an exit code here.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from zenoimg.cli.framework.call import Call
from zenoimg.cli.framework.completion import stack_names
from zenoimg.cli.framework.selecting import DEFAULTS, options_of, taken_from
from zenoimg.errors import ZenoError
from zenoimg.suggest import acting_with

if TYPE_CHECKING:
    from typer._click import Context, Parameter

_PANEL = "Global options (before or after the command)"


def _option(*names: str, help: str, **more: Any) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=_PANEL, show_default=False, **more)


#: Parameter name → annotation, for the app's callback and for each command.
OPTIONS: dict[str, Any] = {
    "profile": Annotated[str | None, _option("--profile", help="AWS profile.", metavar="NAME")],
    "region": Annotated[str | None, _option("--region", help="AWS region.", metavar="NAME")],
    "endpoint_url": Annotated[str | None, _option("--endpoint-url", help="Send all calls to this URL.", metavar="URL")],
    "local": Annotated[bool | None, _option("--local/--no-local", help="Use the embedded AWS; no account needed.")],
    "stack": Annotated[
        str | None,
        _option("--stack", help="Stack to work on (default: zeno).", metavar="NAME", autocompletion=stack_names),
    ],
    "config": Annotated[
        Path | None,
        _option("--config", help="Settings file (default: zenoimg.toml, here or in a folder above).", metavar="FILE"),
    ],
    "no_color": Annotated[bool | None, _option("--no-color", help="No colours; NO_COLOR works as well.")],
    "quiet": Annotated[bool | None, _option("--quiet", "-q", help="Print results and errors only.")],
    "debug": Annotated[bool | None, _option("--debug", help="Show the traceback of an error.")],
}


class _Command(TyperCommand):
    """A command whose help shows readable types: none for a flag, no ``<list[str]>`` for ids."""

    def get_params(self, ctx: Context) -> list[Parameter]:
        return _readable(super().get_params(ctx))

    def collect_usage_pieces(self, ctx: Context) -> list[str]:
        """Return the parts of the usage line, with required arguments as PATH instead of {PATH}."""
        return [piece.replace("{", "").replace("}", "") for piece in super().collect_usage_pieces(ctx)]


class Group(TyperGroup):
    """A group of commands whose help shows readable types as well."""

    def get_params(self, ctx: Context) -> list[Parameter]:
        """Return the options, none of which shows a type for a flag."""
        return _readable(super().get_params(ctx))


def _readable(parameters: list[Parameter]) -> list[Parameter]:
    for parameter in parameters:
        if isinstance(parameter, TyperOption) and parameter.is_flag and parameter.metavar is None:
            parameter.metavar = ""
        elif isinstance(parameter, TyperArgument) and not parameter.type_descriptor.is_choice:
            vars(parameter)["display_type_rich"] = lambda ctx: None  # Typer calls it for options only
    return parameters


def command(app: typer.Typer, name: str, **settings: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function as a command; its first parameter must be ``call: Call``."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        summary, *more = _paragraphs(inspect.getdoc(function) or "")
        # The example is the most useful part, so it comes first; command lists show only the summary.
        paragraphs = sorted([summary, *more], key=lambda paragraph: not paragraph.startswith("Example:"))
        decorate = app.command(name, cls=_Command, help="\n\n".join(paragraphs), short_help=summary, **settings)
        decorate(_with_globals(function))
        return function

    return register


def _paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a docstring, each on one line, so that they fit any width."""
    return [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]


def add_callback(app: typer.Typer, version: Any) -> None:
    """Accept the options before the command's name as well; ``version`` is the annotation of ``--version``."""

    def callback(context: typer.Context, **given: Any) -> None:
        context.obj = {key: given[key] for key in OPTIONS if given[key] is not None}

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    first = inspect.Parameter("context", kind, annotation=typer.Context)
    last = inspect.Parameter("version", kind, default=False, annotation=version)
    callback.__signature__ = inspect.Signature([first, *_parameters(), last])  # type: ignore[attr-defined]
    callback.__annotations__ = {"context": typer.Context, **OPTIONS, "version": version}
    app.callback()(callback)


def _with_globals(function: Callable[..., None]) -> Callable[..., None]:
    given_by = list(inspect.signature(function).parameters.values())[1:]
    hints = get_type_hints(function, include_extras=True)
    # Arguments come first; selectors come after the command's own options.
    selects = next(((each.name, hints[each.name]) for each in given_by if options_of(hints[each.name])), None)
    own = [each for each in given_by if selects is None or each.name != selects[0]]
    own = [parameter.replace(annotation=hints[parameter.name]) for parameter in own]
    if selects is not None:
        chosen_by = {name: _parameter(name, hint, DEFAULTS.get(name)) for name, hint in options_of(selects[1]).items()}
        ids = [chosen_by.pop("ids")] if "ids" in chosen_by else []
        own = [*ids, *own, *chosen_by.values()]

    @wraps(function)
    def wrapper(context: typer.Context, **given: Any) -> None:
        late = {key: given.pop(key) for key in OPTIONS}
        chosen = {**(context.obj or {}), **{key: value for key, value in late.items() if value is not None}}
        call = _call(chosen)

        def run() -> None:
            if selects is not None:
                given[selects[0]] = taken_from(selects[1], given)
            function(call, **given)

        with acting_with(call.options.words()):
            _guard(call, run)

    first = inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    wrapper.__signature__ = inspect.Signature([first, *own, *_parameters()])  # type: ignore[attr-defined]
    wrapper.__annotations__ = {"context": typer.Context, **{p.name: p.annotation for p in own}, **OPTIONS}
    return wrapper


def _parameters() -> list[inspect.Parameter]:
    return [_parameter(name, hint, None) for name, hint in OPTIONS.items()]


def _parameter(name: str, hint: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default, annotation=hint)


def _call(chosen: dict[str, Any]) -> Call:
    # Not needed for `--help`; importing Rich alone takes as long as everything else.
    from zenoimg.cli.terminal.screen import Screen
    from zenoimg.config.load import GlobalOptions

    debug = bool(chosen.pop("debug", False))
    no_color = bool(chosen.pop("no_color", False))
    screen = Screen(no_color=no_color, quiet=bool(chosen.pop("quiet", False)))
    return Call(GlobalOptions(**chosen), screen, debug)


def _guard(call: Call, run: Callable[[], None]) -> None:
    try:
        run()
        # A closed pipe is reported here instead of at the interpreter's exit.
        sys.stdout.flush()
    except typer.Exit:
        raise
    except BrokenPipeError:
        # `zenoimg … | head`: the reader has closed the pipe. Nothing more may be written.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    except KeyboardInterrupt:
        call.screen.say("Interrupted. Rerun the command to continue.")
        raise typer.Exit(130) from None
    except Exception as error:  # noqa: BLE001 - the one place where every error ends
        explained = _explain(call, error)
        if call.debug:
            call.screen.traceback(error)
        call.screen.error(explained)
        raise typer.Exit(explained.exit_code) from None


def _explain(call: Call, error: Exception) -> ZenoError:
    if isinstance(error, ZenoError):
        return error
    # Imports botocore, which whatever raised such an error has already imported.
    from zenoimg.aws.errors import explain
    from zenoimg.cli.framework.embedded import explain_lost

    return explain_lost(call, explain(error))
