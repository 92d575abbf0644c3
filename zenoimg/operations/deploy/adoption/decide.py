"""Decide whether to adopt existing buckets and tables, before anything is changed.

tagged as this stack's       adopted
tagged, in the stack         its settings are corrected
without our tag              stops, unless ``--adopt NAME`` names it
notifies others              stops: CloudFormation would replace the notifications
cannot be imported as it is  stops, and prints the commands that change it
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from zenoimg.aws.session import Aws
from zenoimg.errors import ConfigurationError, UsageError
from zenoimg.operations.deploy.adoption.look import Look, look_at_bucket, look_at_table
from zenoimg.operations.deploy.target import Target
from zenoimg.stack import ownership
from zenoimg.stack.names import StackNames
from zenoimg.stack.ownership import ADOPTED, CREATED, ORIGIN_PARAMETERS
from zenoimg.stack.read_back import PROTECTION, Wanted
from zenoimg.suggest import suggest

#: Template parameter: the originals bucket sends its events to EventBridge as well.
EVENTBRIDGE = "OriginalsEventBridge"


@dataclass(frozen=True)
class Existing:
    """The existing buckets and table, and the template parameters that follow from them."""

    looks: tuple[Look, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)


def wanted_of(aws: Aws, names: StackNames, parameters: Mapping[str, str]) -> Wanted:
    """Return the settings that the template gives the buckets and the table on this platform."""
    return Wanted(
        names,
        aws.identity.account,
        parameters,
        tls_only=aws.platform.requires_tls,
        complete=aws.platform.applies_bucket_settings,
        backups=aws.platform.keeps_point_in_time_recovery,
    )


def existing_of(
    target: Target, names: StackNames, before: Mapping[str, str], differing: Sequence[str] | None
) -> Existing:
    """Return the existing buckets and table of a stack; ``differing`` is ``None`` before its first deploy.

    ``before`` holds the stack's parameters. Raises what the functions below raise.
    """
    if differing is None:
        return before_first_deploy(target.aws, names, target.adopt, target.settings.parameters)
    refuse_on_deployed(names, before, target.adopt, long_names=target.long_names)
    return before_correction(target.aws, names, before, differing)


def before_first_deploy(aws: Aws, names: StackNames, adopt: frozenset[str], parameters: Mapping[str, str]) -> Existing:
    """Return the buckets and the table that a first deploy adopts.

    ``adopt`` lists the names to adopt although they do not carry our tag. Raises ``ConfigurationError`` for what must
    not or cannot be adopted, with its settings and what to do; ``UsageError`` for names in ``adopt`` that do not
    belong to this stack or do not exist.
    """
    data = (*names.buckets, names.table)
    account = aws.identity.account
    tags = {bucket: ownership.bucket_tags(aws.s3, bucket, account) for bucket in names.buckets}
    tags[names.table] = ownership.table_tags(aws.dynamodb, names.table)
    _refuse_unknown(names, adopt, {name for name in data if tags[name] is not None})
    origins = {
        key: _origin(tags[name], names.stack, is_named=name in adopt)
        for key, name in zip(ORIGIN_PARAMETERS, data, strict=True)
    }
    wanted = wanted_of(aws, names, {**parameters, **origins})
    existing = [name for name in data if tags[name] is not None]
    looks = tuple(_look(aws, name, wanted, is_in_stack=False) for name in existing)
    strangers = [look for look in looks if not ownership.is_of_stack(tags[look.name], names.stack)]
    _refuse_foreign(aws, names, [look for look in strangers if look.name not in adopt], adopt)
    _refuse_notifying(looks)
    _refuse_obstacles(looks)
    return Existing(tuple(look for look in strangers if look.name in adopt), {**origins, **_kept(names, looks)})


def before_correction(aws: Aws, names: StackNames, parameters: Mapping[str, str], differing: Sequence[str]) -> Existing:
    """Return the buckets of a deployed stack whose settings differ from the template; a deploy corrects them.

    Raises ``ConfigurationError`` when a bucket notifies others.
    """
    wanted = wanted_of(aws, names, parameters)
    touched = [name for name in names.buckets if any(line.startswith(f"{name}: ") for line in differing)]
    looks = tuple(_look(aws, name, wanted, is_in_stack=True) for name in touched)
    _refuse_notifying(looks)
    return Existing(looks, _eventbridge(names, looks))


def refuse_on_deployed(
    names: StackNames, parameters: Mapping[str, str], adopt: frozenset[str], *, long_names: bool
) -> None:
    """Raise ``UsageError`` for options that apply only to a first deploy, unless they match what it used."""
    origins = ownership.origins(names, parameters)
    for name in sorted(adopt):
        if origins.get(name) != ADOPTED:
            raise UsageError(
                f"--adopt {name}: the stack {names.stack!r} is deployed; only its first deploy adopts",
                next_step="Leave the option out.",
            )
    if long_names and not names.bucket_suffix:
        raise UsageError(
            f"--long-names: the stack {names.stack!r} is deployed and keeps its names",
            next_step="Leave the option out.",
        )


def _look(aws: Aws, name: str, wanted: Wanted, *, is_in_stack: bool) -> Look:
    if name == wanted.names.table:
        return look_at_table(aws, wanted)
    return look_at_bucket(aws, name, wanted, is_in_stack=is_in_stack)


def _origin(tags: Mapping[str, str] | None, stack: str, *, is_named: bool) -> str:
    """Return who created a bucket or table; an adopted one stays adopted, whichever stack adopts it next."""
    if ownership.is_adopted(tags):
        return ADOPTED
    is_stranger = tags is not None and not ownership.is_of_stack(tags, stack)
    return ADOPTED if is_stranger and is_named else CREATED


def _kept(names: StackNames, looks: Sequence[Look]) -> dict[str, str]:
    """Return the parameters that keep existing settings; an imported table can be protected from the start."""
    protected = {PROTECTION: "true"} if any(look.is_protected for look in looks) else {}
    return {**_eventbridge(names, looks), **protected}


def _eventbridge(names: StackNames, looks: Iterable[Look]) -> dict[str, str]:
    on = any(look.sends_to_eventbridge for look in looks if look.name == names.originals_bucket)
    return {EVENTBRIDGE: "true"} if on else {}


def _refuse_unknown(names: StackNames, adopt: frozenset[str], existing: set[str]) -> None:
    data = (*names.buckets, names.table)
    for name in sorted(adopt):
        if name not in data:
            raise UsageError(
                f"--adopt {name}: the stack {names.stack!r} has no bucket or table of that name",
                next_step=f"Its names are {', '.join(data)}.",
            )
        if name not in existing:
            raise UsageError(
                f"--adopt {name}: there is no such bucket or table to adopt", next_step="Leave the option out."
            )


def _refuse_foreign(aws: Aws, names: StackNames, foreign: Sequence[Look], adopt: frozenset[str]) -> None:
    """Raise ``ConfigurationError`` for buckets and tables that lack our tag and were not named."""
    if not foreign:
        return
    tag = f"{ownership.STACK_TAG} = {names.stack}"
    options = [word for name in sorted(adopt | {look.name for look in foreign}) for word in ("--adopt", name)]
    first = "First do what it says about what cannot be adopted. " if any(map(_is_blocked, foreign)) else ""
    raise ConfigurationError(
        f"the stack {names.stack!r} would take over what it did not make in {aws.identity}; without the tag {tag}:\n"
        + "\n".join(lines_of(foreign)),
        next_step=f"Nothing was changed. {first}To adopt (destroy then never deletes its data), run\n"
        f"`{suggest('deploy', *options)}`\nFor new ones under longer names, run\n"
        f"`{suggest('deploy', '--long-names')}`",
        code="not-ours",
    )


def _is_blocked(look: Look) -> bool:
    return bool(look.notifications or look.obstacle)


def lines_of(looks: Iterable[Look]) -> Iterator[str]:
    """Yield the settings of each and what a deploy would change, one per line."""
    for look in looks:
        yield f"{look.kind} {look.name}"
        for setting in look.settings:
            yield f"  has {setting}"
        for change in look.changes:
            yield f"  would be corrected: {change}"
        if look.notifications:
            yield "  cannot be adopted: CloudFormation would replace these notifications; send them through EventBridge"
        if look.obstacle:
            yield f"  cannot be adopted: {look.obstacle}"


def _refuse_notifying(looks: Iterable[Look]) -> None:
    """Raise ``ConfigurationError`` for the first bucket that sends notifications to others."""
    for look in looks:
        if not look.notifications:
            continue
        raise ConfigurationError(
            f"the bucket {look.name} notifies {'; '.join(look.notifications)}, and a bucket has one notification "
            "configuration, which CloudFormation would replace\n" + "\n".join(lines_of([look])),
            # Any number of rules may match a bucket's events
            # (https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html).
            next_step="Nothing was changed. Send these events through EventBridge: turn it on for the bucket (deploy "
            'keeps it on), create rules for "Object Created" with the same targets, then remove the notifications '
            "and rerun the deploy. Or use the bucket without a stack: name it in the [names] table of zenoimg.toml.",
            code="notifies-others",
        )


def _refuse_obstacles(looks: Iterable[Look]) -> None:
    """Raise ``ConfigurationError`` for settings that the stack needs changed and an import cannot change."""
    for look in looks:
        if not look.obstacle:
            continue
        commands = "\n".join(f"  {command}" for command in look.remedy)
        raise ConfigurationError(
            f"the {look.kind} {look.name} cannot be adopted as it is: {look.obstacle}",
            next_step=f"Nothing was changed. Run these commands, then rerun the deploy:\n{commands}",
            code="cannot-adopt",
        )
