"""Check the installed packages against what zenoimg declares, and list its extras."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version

from zenoimg.operations.doctor.checks import Check
from zenoimg.suggest import suggest_install

#: Extras for users, and what each is for; ``dev`` is for developers of zenoimg.
EXTRAS = {
    "local": "the embedded AWS (--local)",
    "heic": "HEIC photos",
    "pictures": "pictures in the terminal (show --picture)",
    "watch": "folders that are watched (upload --watch)",
}
_SHOWN = ("boto3", "pillow")
#: Requirements as build tools write them (PEP 508): ``pillow<14,>=13.0``, ``ministack==1.5.33; extra == 'local'``.
_REQUIREMENT = re.compile(r"([\w.-]+)(?:\[[^]]*\])?\s*([^;]*?)\s*(?:;\s*extra == ['\"](\w+)['\"])?")


@dataclass(frozen=True)
class Requirement:
    """A declared dependency; ``extra`` is empty for one that is always required."""

    package: str
    wanted: str
    extra: str = ""

    def problem(self) -> str:
        """Return what is wrong with the installed version, or an empty string."""
        try:
            found = version(self.package)
        except PackageNotFoundError:
            return f"{self.package} is not installed"
        return "" if satisfies(found, self.wanted) else f"{self.package} {found} is installed, {self.wanted} is needed"


def packages() -> Iterator[Check]:
    """Yield a check of the required packages, and one for each extra that this installation declares."""
    try:
        declared = [parse(each) for each in requires("zenoimg") or ()]
    except PackageNotFoundError:
        yield Check("Packages", "note", "runs from a source tree, which declares no dependencies")
        return
    needed = [each for each in declared if not each.extra]
    problems = list(filter(None, (each.problem() for each in needed)))
    names = ", ".join(f"{each} {version(each)}" for each in _SHOWN if not _is_missing(each))
    if problems:
        yield Check("Packages", "wrong", "; ".join(problems), f"Install it again: `{suggest_install()}`")
    else:
        yield Check("Packages", "ok", f"version {version('zenoimg')}, Python {platform.python_version()}, {names}")
    for extra, purpose in EXTRAS.items():
        of_extra = [each for each in declared if each.extra == extra]
        if of_extra:
            yield _extra(extra, purpose, of_extra)


def _extra(extra: str, purpose: str, of_extra: Sequence[Requirement]) -> Check:
    name, install = f"Extra {extra}", f"Install it with: `{suggest_install(extra)}`"
    missing = [each for each in of_extra if _is_missing(each.package)]
    if missing:
        names = ", ".join(each.package for each in missing)
        return Check(name, "note", f"not installed: {names}, for {purpose}", install)
    problems = list(filter(None, (each.problem() for each in of_extra)))
    if problems:
        return Check(name, "wrong", "; ".join(problems), install)
    return Check(name, "ok", ", ".join(f"{each.package} {version(each.package)}" for each in of_extra))


def parse(text: str) -> Requirement:
    """Parse a requirement from the metadata of an installed package."""
    found = _REQUIREMENT.fullmatch(text)
    return Requirement(text, "") if found is None else Requirement(found[1], found[2], found[3] or "")


def satisfies(found: str, wanted: str) -> bool:
    """Return whether a version satisfies a specifier such as ``>=13.0,<14`` or ``==1.5.33``; ignore other operators."""
    return all(_satisfies(found, each.strip()) for each in wanted.split(",") if each.strip())


def _satisfies(found: str, wanted: str) -> bool:
    parts = re.fullmatch(r"(>=|==|<)\s*([\d.]+)", wanted)
    if parts is None:
        return True
    have, limit = _numbers(found), _numbers(parts[2])
    length = max(len(have), len(limit))
    have, limit = have + [0] * (length - len(have)), limit + [0] * (length - len(limit))
    return {">=": have >= limit, "==": have == limit, "<": have < limit}[parts[1]]


def _numbers(text: str) -> list[int]:
    """Return the leading numbers of a version: 14 and 0 for 14.0rc1."""
    return [int(each) for each in re.findall(r"\d+", re.match(r"[\d.]*", text)[0])]  # type: ignore[index]


def _is_missing(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return True
    return False
