"""Show the plan of a deploy as a table of changes, with notes and warnings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rich.text import Text

from zenoimg.cli.terminal import render
from zenoimg.cli.terminal.screen import Screen, printable, safe
from zenoimg.suggest import suggest

if TYPE_CHECKING:
    from rich.table import Table

    from zenoimg.operations.deploy.plan import Plan
    from zenoimg.operations.deploy.trial.run import Trial
    from zenoimg.stack.change_set.change import Change

#: 1 MB out of AWS (0.09 a GB), 128 read units of DynamoDB (0.125 a million), 0.1 GB-seconds of Lambda and an HTTP API's
#: three units of 512 KB: the list prices of us-east-1, as assumed in 2026 (docs/limits.md).
_DOLLARS_OF_AN_OPEN_ANSWER = 0.00011
_SAMPLE_LINES = 5  # maximum number of refused images listed in a plan
_REPLACED = {"True": "yes", "Conditional": "maybe"}

#: What is lost when a resource is removed or replaced.
_LOST: Mapping[str, str] = {
    "AWS::SQS::Queue": "the messages in it are lost",
    "AWS::Logs::LogGroup": "its log lines are lost",
    "AWS::Lambda::Function": "invocations fail in the meantime",
    "AWS::ApiGatewayV2::Api": "its URL stops working",
    "AWS::SNS::Topic": "its subscriptions are lost",
    "AWS::Pipes::Pipe": "events that it has not sent yet are lost",
    "AWS::S3::Bucket": "the photos in it are lost",
    "AWS::DynamoDB::Table": "the records in it are lost",
}
_RETAINED: Mapping[str, str] = {
    "AWS::S3::Bucket": "the old bucket is kept with its contents, outside of the stack",
    "AWS::DynamoDB::Table": "the old table is kept with its contents, outside of the stack",
    "AWS::Logs::LogGroup": "the old log lines are kept, outside of the stack",
}
_RENEWED: Mapping[str, str] = {
    "AWS::Lambda::LayerVersion": "layers are immutable, so a new version replaces it; nothing is lost",
}


def show(screen: Screen, plan: Plan, where: str) -> None:
    """Show the plan on stderr, headed by where it acts."""
    if screen.quiet:
        return
    screen.err.print(f"\nPlan for the stack [bold]{safe(plan.names.stack)}[/] in [bold]{safe(where)}[/]")
    screen.err.print(_table(plan))
    for line in notes(plan):
        screen.err.print(Text(line))
    for line in warnings(plan):
        screen.err.print(Text(line, style="bold red"))
    if open_end := _undecided(plan):
        screen.err.print(Text(open_end, style="yellow"))


def notes(plan: Plan) -> list[str]:
    """Return the notes for the operator."""
    return [*_notes(plan)]


def warnings(plan: Plan) -> list[str]:
    """Return the warnings about resources that are replaced or removed, and about opening the API."""
    return [*_warnings(plan)]


def as_json(plan: Plan) -> dict[str, Any]:
    """Return notes and warnings for the JSON result."""
    return {"notes": [*notes(plan), *filter(None, [_undecided(plan)])], "warnings": warnings(plan)}


def _table(plan: Plan) -> Table:
    made = render.table("Action", "Resource", "Logical id", "Replaced", "Properties")
    for column in made.columns[:4]:
        column.no_wrap = True
    for change in plan.changes:
        word, style = render.action(change.action)
        made.add_row(
            Text(word, style),
            render.kind(change.resource_type),
            change.logical_id,
            Text(_REPLACED.get(change.replacement, ""), "bold red" if change.replacement == "True" else "yellow"),
            ", ".join(change.properties),
        )
    return made


def _notes(plan: Plan) -> Iterator[str]:
    if plan.names.bucket_suffix:
        buckets = f"{plan.names.originals_bucket} and {plan.names.processed_bucket}"
        suffix = plan.names.role_suffix
        cause = "You asked for long names" if plan.names.table_suffix else "A default name is taken"
        yield f"{cause}, so the buckets are {buckets}, and the role names end in {suffix}."
    for look in plan.looks:
        yield f"The {look.kind} {look.name} has {'; '.join(map(printable, look.settings))}."
    for what in plan.differing:
        yield f"Corrects a setting: {printable(what)}."
    if plan.adopted:
        yield f"Adopts existing resources: {', '.join(plan.adopted)}."
    for look in plan.looks:
        if look.name in plan.adopted:
            yield from (f"Will correct after the adoption: {look.name}: {printable(what)}." for what in look.changes)
            yield f"The {look.kind} {look.name} existed before the stack: destroy --delete-data never deletes it."
    for what in plan.left_out:
        yield f"Left out: {what}."
    if plan.previous_fingerprint and plan.previous_fingerprint != plan.fingerprint:
        words = "; ".join(plan.recipe_changes) or f"{plan.previous_fingerprint} becomes {plan.fingerprint}"
        yield (
            f"The watermark changes: {printable(words)}. Existing copies keep the old mark until "
            f"`{suggest('reprocess', '--stale')}`."
        )
    if plan.adds_heic:
        yield (
            "HEIC is accepted: the layer gets pillow-heif 1.8.1, which bundles libheif and libde265 (LGPL-3.0) and "
            "x265 (GPL-2.0); HEVC is covered by patents. heic = false in [formats] leaves it out."
        )
    if plan.trial is not None:
        yield from _sample_notes(plan.trial)
    if plan.closes_api:
        yield "This closes GET /images: from then on only signed requests are answered."


def _warnings(plan: Plan) -> Iterator[str]:
    if plan.trial is not None and plan.trial.newly_refused:
        yield from _sample_warnings(plan.trial)
    if plan.opens_api:
        yield "This opens GET /images to everyone, unsigned." + _open_cost(plan)
    for change in plan.changes:
        name = f"the {render.kind(change.resource_type)} {change.logical_id}"
        if change.physical_id:
            name += f" ({printable(change.physical_id)})"
        if change.action == "Remove":
            yield f"Removes {name}: {_consequence(change)}."
        elif change.replacement == "True":
            yield f"Replaces {name}: {_consequence(change)}."


def _open_cost(plan: Plan) -> str:
    """Return a sentence on how much strangers can make an open API cost per day."""
    requests = plan.open_api_requests_a_day
    if not requests:
        return ""
    dollars = requests * _DOLLARS_OF_AN_OPEN_ANSWER
    gigabytes = requests / 1000
    return (
        f" Strangers can make up to {requests:,} requests a day, each of up to 1 MB: {gigabytes:,.0f} GB, about "
        f"${dollars:,.0f} a day at list prices ([api] rate_limit lowers it)."
    )


def _sample_notes(trial: Trial) -> Iterator[str]:
    if trial.problem:
        yield f"The sample is incomplete: {trial.problem}."
    if trial.tried:
        refused = f"{len(trial.refused)} would be refused" if trial.refused else "none would be refused"
        yield f"Tried on {render.plural(len(trial.tried), 'stored image')}: {refused}."
    if trial.directory:
        yield f"Pictures before and after: {trial.directory}"


def _sample_warnings(trial: Trial) -> Iterator[str]:
    """Yield the refused images that currently have a copy, by reason."""
    yield (
        f"{len(trial.newly_refused)} of them have a copy today, which would keep the old mark; new versions of such "
        "images would get no copy:"
    )
    for each in trial.newly_refused[:_SAMPLE_LINES]:
        yield f"  {printable(each.image_id)}: {printable(each.refusal)}"
    if (more := len(trial.newly_refused) - _SAMPLE_LINES) > 0:
        yield f"  and {more} more"


def _undecided(plan: Plan) -> str:
    """Return which resources are replaced only if a value changes during the deploy, which is rare."""
    listed = [
        f"{render.kind(change.resource_type)} {change.logical_id}"
        for change in plan.changes
        if change.replacement == "Conditional"
    ]
    if not listed:
        return ""
    return f"CloudFormation decides during the deploy whether to replace these (data is kept): {', '.join(listed)}."


def _consequence(change: Change) -> str:
    kind = change.resource_type
    # If CloudFormation names no policy action, the template retains buckets and table.
    is_data = kind in ("AWS::S3::Bucket", "AWS::DynamoDB::Table") and not change.policy_action
    if is_data or "Retain" in change.policy_action:
        return _RETAINED.get(kind, "the old one is kept, outside of the stack")
    if change.action != "Remove" and kind in _RENEWED:
        return _RENEWED[kind]
    return _LOST.get(kind, "nothing is lost" if change.action != "Remove" else "its function ends")
