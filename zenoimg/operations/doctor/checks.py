"""The result of a check, and how an error becomes one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from zenoimg.aws.errors import explain
from zenoimg.errors import UsageError, ZenoError

#: ``note``: for information. ``skipped``: these credentials may not read it, or something it depends on is wrong.
State = Literal["ok", "note", "skipped", "wrong"]


@dataclass(frozen=True)
class Check:
    """The result of one check; ``remedy`` says what to do, and is empty if there is nothing to do."""

    name: str
    state: State
    what: str
    remedy: str = ""


def checked(name: str, look: Callable[[], Iterable[Check]]) -> Iterator[Check]:
    """Yield the checks of ``look``; an exception becomes the check ``name``, ``skipped`` if access is denied.

    A ``UsageError`` is passed on, since it concerns the command line.
    """
    try:
        yield from look()
    except UsageError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever is wrong here is a result, and the next checks go on
        explained = error if isinstance(error, ZenoError) else explain(error)
        state: State = "skipped" if explained.code == "access-denied" else "wrong"
        yield Check(name, state, explained.message, explained.next_step)
