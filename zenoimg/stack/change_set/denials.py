"""Recognize permissions that AWS denied, and find which of our policies grants them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from zenoimg.stack.template import grants
from zenoimg.suggest import suggest

#: Deployer policies, as ``template --policy`` names them: a single one would exceed the size of a managed policy.
_DEPLOYER = ("deployer", "deployer-functions")
_DENIED = (
    re.compile(r"not authorized to perform: (?P<action>[\w-]+:\w+)(?: on resource: (?P<resource>[^\s,]+))?"),
    re.compile(r"API: (?P<action>[\w-]+:\w+) (?P<resource>)(?:.*)Access ?Denied", re.IGNORECASE),
    re.compile(r"(?P<resource>)(?P<action>)HandlerErrorCode: AccessDenied"),
)


@dataclass(frozen=True)
class Denial:
    """A denied action. ``action`` and ``resource`` are empty if the service does not name them."""

    action: str
    resource: str

    def __str__(self) -> str:
        return f"{self.action or 'a call'}{f' on {self.resource}' if self.resource else ''}"


def denial_in(message: str) -> Denial | None:
    """Return what was denied according to an AWS message, or ``None`` if the message is not about permissions."""
    for pattern in _DENIED:
        if found := pattern.search(message):
            return Denial(found["action"], (found["resource"] or "").strip("\"'").rstrip("."))
    return None


def next_step_of_denial(denial: Denial) -> str:
    """Return a sentence that says which of our policies grants the denied action."""
    granting = [name for name in _DEPLOYER if not denial.action or grants(f"{name}-policy.json", denial.action)]
    if granting:
        prints = suggest("template", "--policy", granting[0])
        which = f"policies/{granting[0]}-policy.json grants it; `{prints}` prints it with your names."
    else:
        files = " and ".join(f"policies/{name}-policy.json" for name in _DEPLOYER)
        which = f"Grant it in addition to {files}, which do not include it."
    return f"{which} If it is granted, an SCP, a permissions boundary or a resource policy denies it."
