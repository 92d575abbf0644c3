"""Format values: sizes, ages, statuses, tables. No meaning depends on colour alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from rich import box
from rich.table import Table
from rich.text import Text

from zenoimg.cli.terminal.screen import Line, printable
from zenoimg.cli.terminal.times import local_date, local_time

if TYPE_CHECKING:
    from zenoimg.pipeline.records import ImageRecord
    from zenoimg.stack.change_set.history import StackEvent

Word = TypeVar("Word", bound=str)

_RECENT = timedelta(days=30)
_NARROW_STATUS = 13  # columns; leaves room for names in a narrow table

#: The words for results, in the order in which counts are listed.
STYLES: Mapping[str, str] = {
    "processed": "green",
    "uploaded": "green",
    "would-upload": "",
    "restored": "green",
    "would-restore": "",
    "marked": "green",
    "downloaded": "green",
    "deleted": "green",
    "purged": "green",
    "discarded": "green",
    "unchanged": "dim",
    "removed": "dim",
    "queued": "dim",
    "refused": "yellow",
    "conflict": "yellow",
    "missing": "yellow",
    "unsafe": "yellow",
    "failed": "bold red",
    "unprocessed": "bold red",
    "unfinished": "bold red",
}

_KINDS: Mapping[str, str] = {
    "AWS::S3::Bucket": "bucket",
    "AWS::S3::BucketPolicy": "bucket policy",
    "AWS::DynamoDB::Table": "table",
    "AWS::SQS::Queue": "queue",
    "AWS::Lambda::Function": "function",
    "AWS::Lambda::LayerVersion": "layer",
    "AWS::Lambda::Permission": "invoke permission",
    "AWS::Lambda::EventInvokeConfig": "retries and destination",
    "AWS::Lambda::EventSourceMapping": "event source mapping",
    "AWS::Logs::LogGroup": "log group",
    "AWS::IAM::Role": "role",
    "AWS::ApiGatewayV2::Api": "HTTP API",
    "AWS::ApiGatewayV2::Integration": "API integration",
    "AWS::ApiGatewayV2::Route": "API route",
    "AWS::ApiGatewayV2::Stage": "API stage",
    "AWS::CloudWatch::Alarm": "alarm",
    "AWS::CloudWatch::Dashboard": "dashboard",
    "AWS::Pipes::Pipe": "pipe",
    "AWS::SNS::Topic": "alarm topic",
    "AWS::SNS::TopicPolicy": "topic policy",
    "AWS::SNS::Subscription": "alarm e-mail",
    "AWS::CloudFormation::Stack": "stack",
}
_ACTIONS: Mapping[str, tuple[str, str]] = {
    "Add": ("create", "green"),
    "Modify": ("change", "yellow"),
    "Remove": ("remove", "bold red"),
    "Import": ("adopt", "cyan"),
    "Dynamic": ("decide during the deploy", "yellow"),
}


def unmarked(warnings: Iterable[str]) -> str:
    """Return why a copy has no mark: there was no room for one, according to its warnings, or a rule asks for none."""
    from zenoimg.imaging.result import is_too_small  # avoids importing the imaging modules at start-up

    return "unmarked, too small for the mark" if is_too_small(warnings) else "unmarked by rule"


def table(*columns: str, numbers: Sequence[str] = ()) -> Table:
    """Return an empty table in the common style; the columns in ``numbers`` are right-aligned."""
    made = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for column in columns:
        made.add_column(
            column,
            justify="right" if column in numbers else "left",
            no_wrap=column in numbers,
            overflow="fold",
        )
    return made


def details(rows: Iterable[tuple[str, Text]]) -> Table:
    """Return a grid of names and values; a long value wraps in its column."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in rows:
        grid.add_row(name, value)
    return grid


def status(word: str) -> Text:
    """Return a status in its colour."""
    return Text(word, style=STYLES.get(word, ""))


def outcome(word: str, name: str, *facts: str, reason: str = "", notes: Iterable[str] = (), width: int = 11) -> Line:
    """Return the line for a result: its word, coloured and padded to ``width`` columns, name, facts, reason, notes."""
    line = [(f"{word:<{width}} ", STYLES.get(word, "")), (printable(name), "")]
    line += [(f"  {printable(fact)}", "dim") for fact in facts]
    if reason:
        line.append((f"  {printable(reason)}", ""))
    line += [(f"\n{'':{width}} note: {printable(note)}", "yellow") for note in notes]
    return line


def counts(found: Mapping[Word, int], *, none: str = "nothing yet") -> str:
    """Return ``7 processed, 2 refused``, always in the same order; ``none`` if there are no results."""
    places: dict[str, int] = {word: place for place, word in enumerate(STYLES)}
    words = sorted((word for word in found if found[word]), key=lambda word: places.get(word, len(places)))
    return ", ".join(f"{found[word]:,} {word}" for word in words) or none


def size(count: int | None) -> str:
    """Return bytes in decimal units and three figures: ``3.42 MB``; a dash for ``None``."""
    if count is None:
        return "–"
    value = float(count)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 999.5 or unit == "TB":
            digits = 0 if unit == "B" or value >= 99.95 else 1 if value >= 9.995 else 2
            return f"{value:.{digits}f} {unit}"
        value /= 1000
    raise AssertionError("the last unit ends the loop")


def change(before: int | None, after: int | None) -> str:
    """Return the change of a size in percent: ``+1.2%``; a dash if it is unknown."""
    if not before or after is None:
        return "–"
    return f"{(after - before) / before:+.1%}"


def age(created_at: str, now: datetime) -> str:
    """Return the age of a record's time: ``14 s``, ``3 min``, ``5 h``, ``12 d``; a dash if it is unknown."""
    created = moment_of(created_at)
    if created is None:
        return "–"
    seconds = max(0, int((now - created).total_seconds()))
    for limit, divisor, unit in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{seconds // divisor} {unit}"
    return f"{seconds // 86_400} d"


def age_or_date(created_at: str, now: datetime) -> str:
    """Return the age if less than 30 days, otherwise the local date; a dash if it is unknown."""
    created = moment_of(created_at)
    return age(created_at, now) if created is None or now - created < _RECENT else local_date(created)


def moment_of(text: str) -> datetime | None:
    """Parse a record's time; return ``None`` if it has none."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def images(
    records: Iterable[ImageRecord],
    now: datetime,
    *,
    with_times: bool = False,
    whole_reasons: bool = True,
    is_narrow: bool = False,
) -> Table:
    """Return a table of records; ``with_times`` adds the time of creation in the local time zone.

    Without ``whole_reasons``, an error is shown by its code alone, since a sentence would be wrapped word by word in a
    narrow column; ``is_narrow`` gives names more room.
    """
    numbers = ("Original", "Copy", "Change", "Pixels", "Age", "Created")
    made = table("Image", *numbers[:5], *(["Created"] if with_times else []), "Status", numbers=numbers)
    if is_narrow:
        made.columns[-1].max_width = _NARROW_STATUS
    for record in records:
        pixels = f"{record.width}×{record.height}" if record.width else "–"
        shown = status(record.status)
        if record.encoding == "copied" and not record.error:
            shown.append(f", {unmarked(record.warnings)}", style="")
        if record.error:
            reason = record.error if whole_reasons else record.error.partition(":")[0]
            shown.append(f": {printable(reason)}", style="")
        created = moment_of(record.created_at)
        times = [age(record.created_at, now), "–" if created is None else local_time(created)]
        made.add_row(
            Text(printable(record.image_id)),
            size(record.original_size),
            size(record.processed_size),
            change(record.original_size, record.processed_size),
            pixels,
            *(times if with_times else [age_or_date(record.created_at, now)]),
            shown,
        )
    return made


def action(name: str) -> tuple[str, str]:
    """Return the verb for a change set's action, and its colour."""
    return _ACTIONS.get(name, (name, ""))


def kind(resource_type: str) -> str:
    """Return the plain name of a resource type."""
    return _KINDS.get(resource_type, resource_type)


def is_telling(event: StackEvent) -> bool:
    """Return whether an event reports more than that work on a resource has begun."""
    return event.is_stack or not event.status.endswith("_IN_PROGRESS")


def stack_event(event: StackEvent) -> Text:
    """Return the line for one stack event."""
    failed = "FAILED" in event.status or "ROLLBACK" in event.status
    style = "bold red" if failed else "green" if event.status.endswith("_COMPLETE") else "dim"
    line = Text.assemble(
        (f"{event.status.replace('_', ' ').lower():<28}", style),
        f"{kind(event.resource_type)} {event.logical_id}",
    )
    if event.reason and failed:
        line.append(f"\n    {printable(event.reason)}", style="red")
    return line


def plural(count: int, noun: str) -> str:
    """Return ``1 photo``, ``2 photos`` or ``1,204 photos``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
