"""The selectors: the options by which commands select one image, some or all. They are defined only here.

A command accepts them with a parameter of type ``Given``, ``GivenFilters`` or ``GivenIds``, which ``framework.command``
replaces with the options.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zenoimg.cli.framework.completion import image_ids
from zenoimg.errors import UsageError

if TYPE_CHECKING:
    from zenoimg.operations.selectors import Selectors

PANEL = "Selectors"
STDIN = "-"

Status = StrEnum("Status", ["processed", "refused", "failed"])


def _option(*names: str, help: str, **more: Any) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=PANEL, show_default=False, **more)


#: Parameter name → annotation, for each command that selects images; list commands take no ids.
FILTERS: dict[str, Any] = {
    "prefix": Annotated[str | None, _option("--prefix", help="Only ids that start with this.", metavar="P")],
    "since": Annotated[
        str | None, _option("--since", help="Only images of the last 2h, 1d, 4w, or since an ISO time.", metavar="T")
    ],
    "until": Annotated[
        str | None, _option("--until", help="Only images older than 2h, 1d, 4w, or than an ISO time.", metavar="T")
    ],
    "status": Annotated[
        Status | None, _option("--status", help="Only processed, refused or failed images.", metavar="S")
    ],
    "format": Annotated[
        str, _option("--format", help="Only originals or copies in this format: jpeg, heic …", metavar="F")
    ],
}
_NULL, _NULL_HELP = ("--null", "-0"), "Ids on standard input are separated by NUL."
IDS: dict[str, Any] = {
    "ids": Annotated[
        list[str] | None,
        typer.Argument(help="Ids of images; - reads them from standard input, one per line.", metavar="ID",
                       show_default=False, autocompletion=image_ids),
    ],
    "null": Annotated[bool, typer.Option(*_NULL, help=_NULL_HELP)],
}  # fmt: skip
EVERYTHING: dict[str, Any] = {"everything": Annotated[bool, _option("--all", help="All images.")]}
DEFAULTS: dict[str, Any] = {"format": "", "everything": False, "null": False}


@dataclass(frozen=True)
class GivenFilters:
    """The validated options that filter images."""

    prefix: str | None = None
    since: str | None = None
    until: str | None = None
    status: Status | None = None
    format: str = ""

    def __post_init__(self) -> None:
        if self.prefix == "":  # more likely an unset shell variable than intended
            raise UsageError("--prefix is empty", next_step="Name a prefix, or leave --prefix out.")

    @property
    def options(self) -> tuple[str, ...]:
        """Return the names of the options that were given."""
        return tuple(f"--{each}" for each in FILTERS if getattr(self, each) not in ("", None))

    def selectors(self, now: datetime) -> Selectors:
        """Return the selectors. Raises ``UsageError`` for invalid times and formats."""
        from zenoimg.operations.selectors import Selectors

        since, until = _time(self.since, now, "--since"), _time(self.until, now, "--until")
        if since and until and since >= until:
            raise UsageError(f"--since {self.since} is not before --until {self.until}: no image is in between")
        return Selectors(
            prefix=self.prefix or "",
            since=since,
            until=until,
            status=self.status.value if self.status else None,  # type: ignore[arg-type]
            format=_format(self.format),
        )


@dataclass(frozen=True)
class GivenIds:
    """The validated ids, or ``-`` for those on standard input."""

    ids: tuple[str, ...] = ()
    null: bool = False

    def __post_init__(self) -> None:
        if STDIN in self.ids and len(self.ids) > 1:
            raise UsageError("- cannot be combined with other ids: standard input lists all of them")
        if self.null and STDIN not in self.ids:
            raise UsageError("-0 applies to ids on standard input: it needs - as the only ID")

    @property
    def single(self) -> str | None:
        """Return the id if exactly one was given on the command line."""
        return self.ids[0] if len(self.ids) == 1 and self.ids[0] != STDIN else None

    def read(self) -> tuple[str, ...]:
        """Return the ids; ``-`` reads standard input to its end."""
        from zenoimg.operations.selectors import read_ids

        if STDIN in self.ids:
            return tuple(read_ids(sys.stdin.buffer, b"\0" if self.null else b"\n"))
        return self.ids


@dataclass(frozen=True)
class Given(GivenIds, GivenFilters):
    """The validated selectors."""

    everything: bool = False

    def __post_init__(self) -> None:
        GivenFilters.__post_init__(self)
        others = (*self.options, *(["--all"] if self.everything else []))
        if self.ids and others:
            raise UsageError(f"ids name images, so they cannot be combined with {others[0]}")
        GivenIds.__post_init__(self)

    @property
    def is_empty(self) -> bool:
        """Return whether none were given, not even ``--all``."""
        return not (self.ids or self.options or self.everything)

    def require(self) -> None:
        """Raise ``UsageError`` if none were given, for commands that do not work on all images by default."""
        if self.is_empty:
            raise UsageError(
                "no images are selected",
                next_step="Give their ids, or select by --prefix, --since, --until, --status, --format or --all.",
            )

    def selectors(self, now: datetime | None = None) -> Selectors:
        """Return the selectors; ``-`` reads standard input to its end."""
        from zenoimg.operations.selectors import Selectors

        if self.ids:
            return Selectors(ids=self.read())
        return super().selectors(now or datetime.now(UTC))


_OPTIONS: dict[Any, dict[str, Any]] = {
    GivenIds: IDS,
    GivenFilters: FILTERS,
    Given: {**FILTERS, **EVERYTHING, **IDS, "null": Annotated[bool, _option(*_NULL, help=_NULL_HELP)]},
}


def options_of(kind: Any) -> dict[str, Any]:
    """Return the parameters, with annotations, that a parameter of this type stands for; none for other types."""
    return _OPTIONS.get(kind, {})


def taken_from(kind: Any, given: dict[str, Any]) -> Any:
    """Remove the values of these parameters from a call's; return them as an object of the type."""
    values = {each.name: given.pop(each.name) for each in fields(kind)}
    if "ids" in values:
        values["ids"] = tuple(values["ids"] or ())
    return kind(**values)


def _time(text: str | None, now: datetime, option: str) -> str:
    if text is None:
        return ""
    from zenoimg.cli.terminal.times import moment
    from zenoimg.pipeline.records import utc_text

    return utc_text(moment(text, now, option=option))


def _format(text: str) -> str:
    if not text:
        return ""
    from zenoimg.imaging.formats import FORMATS, SUPPORTED

    name = text.lower().removeprefix(".")
    found = next((each for each in FORMATS.values() if name in (each.name.lower(), *each.extensions)), None)
    if found is None:
        raise UsageError(f"--format {text!r} is not a format", next_step=f"Formats are {', '.join(SUPPORTED)}.")
    return found.name
