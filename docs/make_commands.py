"""Writes ``docs/commands``: a page for each command, from its own help, and an index of them.

Run it from the checkout after a change of a command: ``python -m docs.make_commands``. With ``--check`` it writes
nothing and exits 1 when a page does not match the help, which a test checks.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import typer

from zenoimg.cli.app import app
from zenoimg.cli.framework.command import OPTIONS
from zenoimg.cli.framework.selecting import PANEL as SELECTORS

FOLDER = Path(__file__).with_name("commands")
INDEX = "README.md"
#: A command's pictures in docs/ other than its terminal capture: file, what it shows.
PICTURES = {
    "gallery": (
        ("gallery.jpg", "The page: a grid of watermarked photos, a search field, filters by status"),
        ("gallery-viewer.jpg", "One image in the viewer: before and after, with a divider to drag, and its record"),
    ),
}
AGAIN = "python -m docs.make_commands"
_EXAMPLE = "Example: "


def main(arguments: list[str]) -> int:
    """Write the pages, or check them; return the exit code."""
    wanted = pages()
    found = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    if "--check" in arguments:
        wrong = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
        for name in wrong:
            sys.stderr.write(f"docs/commands/{name} does not match the help; regenerate it with {AGAIN}\n")
        return 1 if wrong else 0
    FOLDER.mkdir(exist_ok=True)
    for name in found.keys() - wanted.keys():
        (FOLDER / name).unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


def pages() -> dict[str, str]:
    """File name → text, the index first."""
    root = typer.main.get_command(app)
    context = root.make_context("zenoimg", [], resilient_parsing=True)
    made = {f"{name}.md": _page(name, command, context) for name, command in _commands(root, context)}
    return {INDEX: _index(root, context), **made}


def _commands(group: Any, context: Any) -> Iterator[tuple[str, Any]]:
    for name in group.list_commands(context):
        yield name, group.get_command(context, name)


def _index(root: Any, context: Any) -> str:
    rows = [
        f"| [`zenoimg {name}`]({name}.md) | {_cell(_parts(command.help)[1])} |"
        for name, command in _commands(root, context)
    ]
    shared = [parameter for parameter in root.params if parameter.name in OPTIONS]
    return "\n".join(
        [
            "# Commands",
            "",
            f"Made by `{AGAIN}` from the commands' own help.",
            "",
            "| Command | What it does |",
            "|---|---|",
            *rows,
            "",
            "## Selectors",
            "",
            *_selectors(root, context),
            "## Options of every command",
            "",
            "They may stand before or after the command's name.",
            "",
            *_table(shared, context),
            "",
            "Exit codes: 0 done or nothing to do, 1 failed or partly failed, 2 usage, 3 configuration, credentials or"
            " not deployed, 4 refused by AWS, 130 interrupted.",
            "",
        ]
    )


def _selectors(root: Any, context: Any) -> list[str]:
    """Return what the selectors are, once for all commands: those that take ids as well have all of them."""
    taking = [
        (name, [parameter for parameter in command.params if getattr(parameter, "rich_help_panel", "") == SELECTORS])
        for name, command in _commands(root, context)
    ]
    names = [f"[`{name}`]({name}.md)" for name, parameters in taking if parameters]
    most = max((parameters for _, parameters in taking), key=len)
    return [
        f"{', '.join(names[:-1])} and {names[-1]} share these options, all of which must match. Apart from `list`, they"
        " also take ids: as arguments, or on standard input with `-`, one per line, or separated by NUL with `-0`; so"
        " does `restore`. Ids cannot be combined with other selectors.",
        "",
        *_table(most, context),
        "",
        "`--since` includes its moment and `--until` excludes it, so ranges that follow each other share no image."
        " `--status` and `--format` are those of the records; `delete`, `download --original` and `reprocess` without"
        " them also see originals that have no record. `--dry-run` shows how many images a command would work on.",
        "",
        "```",
        "zenoimg download --prefix 2025/ --format jpeg -o copies",
        "zenoimg list --jsonl --status refused | jq -r .ImageId | zenoimg show -",
        "zenoimg delete --until 52w --prefix proofs/ --dry-run",
        "```",
        "",
    ]


def _page(name: str, command: Any, parent: Any) -> str:
    lines = [f"# zenoimg {name}", "", *_body(f"zenoimg {name}", command, parent)]
    if hasattr(command, "list_commands"):
        context = command.make_context(name, [], parent=parent, resilient_parsing=True)
        for below, inner in _commands(command, context):
            lines += [f"## zenoimg {name} {below}", "", *_body(f"zenoimg {name} {below}", inner, context)]
    else:
        lines += ["The [options of every command](README.md#options-of-every-command) work here too.", ""]
    return "\n".join([*lines, *_pictures(name)])


def _pictures(name: str) -> list[str]:
    capture = Path(f"captures/{name}.svg")
    terminal = [(capture, f"What zenoimg {name} shows in a terminal")] if (FOLDER.parent / capture).exists() else []
    shown = [*terminal, *PICTURES.get(name, ())]
    return [line for path, what in shown for line in (f"![{what}](../{path})", "")]


def _body(path: str, command: Any, parent: Any) -> list[str]:
    example, summary, rest = _parts(command.help)
    context = command.make_context(path.rpartition(" ")[2], [], parent=parent, resilient_parsing=True)
    pieces = [path, *command.collect_usage_pieces(context)]
    lines = [_escaped(summary), "", "```"]
    lines += [example, "```", ""] if example else [" ".join(pieces), "```", ""]
    for paragraph in rest:
        lines += [_escaped(paragraph), ""]
    own = [p for p in command.params if p.name not in OPTIONS and p.name != "help" and not p.hidden]
    if own or example:
        lines += [f"Usage: `{' '.join(pieces)}`", ""]
    arguments = [parameter for parameter in own if parameter.param_type_name == "argument"]
    options = [parameter for parameter in own if parameter.param_type_name == "option"]
    if arguments:
        lines += [*_table(arguments, context), ""]
    for panel, group in groupby(options, key=lambda parameter: parameter.rich_help_panel):
        if panel == SELECTORS:
            names = ", ".join(f"`{max(parameter.opts, key=len)}`" for parameter in group)
            lines += [f"[Selectors](README.md#selectors) choose the images: {names}.", ""]
            continue
        lines += [*([f"{panel}:", ""] if panel else []), *_table(list(group), context), ""]
    return lines


def _parts(help_text: str) -> tuple[str, str, list[str]]:
    """Take a help apart: its example, its first sentence or paragraph, and the other paragraphs."""
    paragraphs = [paragraph.strip() for paragraph in help_text.split("\n\n")]
    example = next((found for found in paragraphs if found.startswith(_EXAMPLE)), "")
    others = [paragraph for paragraph in paragraphs if paragraph != example]
    return example.removeprefix(_EXAMPLE), others[0], others[1:]


def _table(parameters: list[Any], context: Any) -> list[str]:
    records = [parameter.get_help_record(context) for parameter in parameters]
    rows = [f"| `{_cell(names)}` | {_cell(_escaped(text))} |" for names, text in filter(None, records)]
    return ["| Name | Meaning |", "|---|---|", *rows]


def _cell(text: str) -> str:
    """A text that stays in its cell and on its line."""
    return re.sub(r"\s+", " ", text).replace("|", "\\|")


def _escaped(text: str) -> str:
    """A text whose angle brackets, stars and underscores are shown; what is between backticks stays."""
    pieces = text.split("`")
    return "`".join(piece if at % 2 else re.sub(r"([<>*_])", r"\\\1", piece) for at, piece in enumerate(pieces))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
