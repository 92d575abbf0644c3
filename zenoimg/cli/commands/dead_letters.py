"""``zenoimg dead-letters``: messages that failed permanently."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from zenoimg.cli.framework.call import Call
from zenoimg.cli.framework.command import Group, command
from zenoimg.cli.framework.session import confirm, pipeline_of
from zenoimg.cli.terminal import render
from zenoimg.cli.terminal.screen import JsonArray, printable, safe
from zenoimg.cli.terminal.times import local_time
from zenoimg.errors import UsageError
from zenoimg.suggest import suggest

if TYPE_CHECKING:
    from zenoimg.operations.dead_letters.letter import DeadLetter
    from zenoimg.operations.pipeline import LivePipeline

app = typer.Typer(
    help="Example: zenoimg dead-letters list\n\nList, show and discard messages that failed permanently.",
    short_help="List, show and discard messages that failed permanently.",
    cls=Group,
    no_args_is_help=True,
    add_completion=False,
)
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
_NAMED = 10  # letters shown before the question
_REASON = 160  # characters of a reason in the list; `show` prints all of them
_TIME = "%Y-%m-%dT%H:%M:%SZ"


def _list(
    call: Call,
    limit: Annotated[int, typer.Option("--limit", help="Maximum number of dead letters.", min=1, metavar="N")] = 100,
    as_json: AsJson = False,
) -> None:
    """List dead letters, oldest first; they stay in the queue.

    Example: zenoimg dead-letters list
    """
    _, pipeline = pipeline_of(call)
    from zenoimg.operations.dead_letters.survey import survey
    from zenoimg.operations.queues import counts

    letters = survey(pipeline, limit)
    if as_json:
        call.screen.json([_json(letter) for letter in letters])
        return
    if letters:
        call.screen.table(_table(letters))
    total = max(len(letters), counts(pipeline, pipeline.deployment.dead_letter_queue_url).total)
    shown = f"; {len(letters):,} shown" if total > len(letters) else ""
    call.screen.say(f"{render.plural(total, 'dead letter')}{shown}.")
    if any(not letter.problem for letter in letters):
        call.screen.say(f"Send them again: `{safe(suggest('reprocess', '--failed'))}`")
    if any(letter.problem for letter in letters):
        command = suggest("dead-letters", "discard", "--unreadable")
        call.screen.say(f"Delete those that cannot be sent again: `{safe(command)}`")


def _show(
    call: Call,
    ids: Annotated[list[str], typer.Argument(metavar="ID", help="Message ids, or prefixes of them.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print an array of dead letters as JSON.")] = False,
) -> None:
    """Show dead letters with their full text; they stay in the queue.

    Example: zenoimg dead-letters show 1f0e3d2c
    """
    _, pipeline = pipeline_of(call)
    from zenoimg.operations.dead_letters.survey import named, survey

    letters, unknown = named(survey(pipeline), ids)
    if as_json:
        call.screen.json([{**_json(letter), "Body": letter.body} for letter in letters])
    for number, letter in enumerate([] if as_json else letters):
        if number:
            call.screen.out.print()
        call.screen.table(render.details(_rows(letter)))
        for line in _pretty(letter.body).split("\n"):
            call.screen.out.print(Text(printable(line)), soft_wrap=True)
    _report_unknown(call, unknown)
    if unknown:
        raise typer.Exit(1)


@dataclass(frozen=True)
class _Choice:
    """Which dead letters to discard: by id, the unreadable ones, or all."""

    ids: tuple[str, ...]
    unreadable: bool
    everything: bool

    def __post_init__(self) -> None:
        if [bool(self.ids), self.unreadable, self.everything].count(True) != 1:
            raise UsageError(
                "choose the dead letters to discard: ids, --unreadable or --all",
                next_step=f"`{suggest('dead-letters', 'list')}` shows them.",
            )

    @property
    def next_step(self) -> str:
        """Return what to do if the queue holds more letters than one run reads."""
        if self.everything:
            return f"Discard them as well: `{suggest('dead-letters', 'discard', '--all')}`"
        return f"Process those before them first: `{suggest('reprocess', '--failed')}`"

    def of(self, letters: Sequence[DeadLetter]) -> tuple[list[DeadLetter], list[str]]:
        """Return the chosen letters, and the ids that matched none."""
        from zenoimg.operations.dead_letters.survey import named

        if self.ids:
            return named(letters, self.ids)
        return [letter for letter in letters if self.everything or letter.problem], []


def _discard(
    call: Call,
    ids: Annotated[list[str] | None, typer.Argument(metavar="ID", help="Message ids, or prefixes of them.")] = None,
    unreadable: Annotated[
        bool, typer.Option("--unreadable", help="Those that reprocess cannot send again (not about these buckets).")
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="All dead letters.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be deleted; delete nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete dead letters without processing them.

    Example: zenoimg dead-letters discard --unreadable

    Nothing else is deleted: zenoimg status --check still finds images that were never processed, and zenoimg reprocess
    processes them.
    """
    choice = _Choice(tuple(ids or ()), unreadable, everything)
    _, pipeline = pipeline_of(call)
    from zenoimg.operations.dead_letters.discard import discard
    from zenoimg.operations.dead_letters.survey import survey, unread

    letters = survey(pipeline)
    chosen, unknown = choice.of(letters)
    more = unread(pipeline, letters) if unknown or not choice.ids else 0
    if more:
        call.screen.say(f"Reads the first {len(letters):,} of about {len(letters) + more:,} dead letters.")
    if chosen:
        _announce(call, pipeline, chosen)
    if dry_run:
        if as_json:
            call.screen.json([_json(letter) for letter in chosen])
        call.screen.say(f"{render.plural(len(chosen), 'dead letter')}. Dry run: nothing was deleted.")
        return
    if chosen and not confirm(call, f"Delete {render.plural(len(chosen), 'dead letter')}?", yes=yes):
        call.screen.say("Nothing was deleted.")
        raise typer.Exit(1)
    results: Counter[str] = Counter({"missing": len(unknown)} if unknown else {})
    with JsonArray(wanted=as_json) as array:
        for message_id in unknown:
            array.add({"MessageId": message_id, "Result": "missing", "Reason": _UNKNOWN})
        _report_unknown(call, unknown)
        for result in discard(pipeline, chosen):
            results[result.result] += 1
            array.add({"MessageId": result.message_id, "Result": result.result, "Reason": result.reason})
            call.screen.line(render.outcome(result.result, result.message_id, reason=result.reason))
    call.screen.say(f"{render.plural(results.total(), 'dead letter')}: {render.counts(results, none='none')}.")
    if more:
        call.screen.say(f"[yellow]About {more:,} dead letters were not read.[/] {safe(choice.next_step)}")
    if more or results.total() > results["discarded"]:
        raise typer.Exit(1)


def _announce(call: Call, pipeline: LivePipeline, chosen: Sequence[DeadLetter]) -> None:
    queue = pipeline.deployment.dead_letter_queue_url.rpartition("/")[2]
    call.screen.say(f"Deletes from [bold]{safe(queue)}[/] ([bold]{safe(str(pipeline.aws.identity))}[/]):")
    for letter in chosen[:_NAMED]:
        call.screen.say(f"  {letter.message_id}  {safe(_images(letter) or letter.problem)}")
    if len(chosen) > _NAMED:
        call.screen.say(f"  and {len(chosen) - _NAMED:,} more")
    readable = sum(not letter.problem for letter in chosen)
    if readable:
        command = safe(suggest("reprocess", "--failed"))
        call.screen.say(f"[yellow]{readable:,} of them can be sent again instead:[/] `{command}`")


_UNKNOWN = "there is no such dead letter, or another command has received it"


def _report_unknown(call: Call, unknown: Sequence[str]) -> None:
    for message_id in unknown:
        call.screen.line(render.outcome("missing", message_id, reason=_UNKNOWN), always=True)


def _table(letters: Sequence[DeadLetter]) -> Any:
    from zenoimg.operations.dead_letters.survey import short_ids

    now, ids = datetime.now(UTC), short_ids(letters)
    table = render.table("Id", "Image", "Lane", "Tries", "Age", "Reason", numbers=("Id", "Lane", "Tries", "Age"))
    for letter in letters:
        sent = letter.sent_at.strftime(_TIME) if letter.sent_at else ""
        reason = Text(printable(_shortened(letter.problem or letter.reason)), style="yellow" if letter.problem else "")
        table.add_row(
            ids[letter.message_id],
            Text(printable(_images(letter) or "–")),
            letter.lane if letter.lane != "unknown" else "–",
            "–" if letter.attempts is None else f"{letter.attempts:,}",
            render.age(sent, now),
            reason,
        )
    return table


def _rows(letter: DeadLetter) -> Iterator[tuple[str, Text]]:
    yield "Message", Text(letter.message_id, style="bold")
    for key in letter.keys:
        yield "Image", Text(printable(key.key))
    if letter.problem:
        yield "Unreadable", Text(printable(letter.problem), style="yellow")
    yield "Lane", Text(letter.lane)
    if letter.attempts is not None:
        yield "Tries", Text(f"{letter.attempts:,}")
    if letter.sent_at:
        yield "Sent", Text(local_time(letter.sent_at))
    if letter.reason:
        yield "Reason", Text(printable(letter.reason))


def _images(letter: DeadLetter) -> str:
    """Return the first key in a letter and the number of the others; empty for an unreadable letter."""
    if not letter.keys:
        return ""
    more = len(letter.keys) - 1
    return letter.keys[0].key + (f" and {more:,} more" if more else "")


def _shortened(text: str) -> str:
    return text if len(text) <= _REASON else text[: _REASON - 1] + "…"


def _pretty(body: str) -> str:
    """Return JSON indented, and any other text unchanged."""
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return body


def _json(letter: DeadLetter) -> dict[str, Any]:
    return {
        "MessageId": letter.message_id,
        "ImageIds": [key.key for key in letter.keys],
        "Lane": letter.lane,
        "Attempts": letter.attempts,
        "Reason": letter.reason,
        "Problem": letter.problem,
        "SentAt": letter.sent_at.strftime(_TIME) if letter.sent_at else None,
    }


for _name, _function in (("list", _list), ("show", _show), ("discard", _discard)):
    command(app, _name)(_function)


def register(parent: typer.Typer) -> None:
    """Add the command group to the app."""
    parent.add_typer(app, name="dead-letters")
