"""The effect of a change set on each resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Change:
    """The change to one resource.

    ``replacement`` is ``True``, ``Conditional`` or ``False``. ``policy_action`` says what happens to a removed
    resource: ``Delete``, ``Retain``, ``ReplaceAndDelete``, ``ReplaceAndRetain``, or empty if AWS omits it.
    """

    action: str
    logical_id: str
    physical_id: str
    resource_type: str
    replacement: str
    properties: tuple[str, ...]
    policy_action: str = ""


@dataclass(frozen=True)
class ChangeSet:
    """A change set that is ready to execute. ``made_stack``: this run created the empty stack for it."""

    stack: str
    arn: str
    kind: Literal["CREATE", "UPDATE"]
    changes: tuple[Change, ...]
    made_stack: bool = False


def parse_change(raw: Mapping[str, Any]) -> Change:
    """Parse a ``ResourceChange`` of DescribeChangeSet."""
    names = {detail["Target"].get("Name") or detail["Target"].get("Attribute") for detail in raw.get("Details", [])}
    return Change(
        action=raw["Action"],
        logical_id=raw["LogicalResourceId"],
        physical_id=raw.get("PhysicalResourceId", ""),
        resource_type=raw["ResourceType"],
        replacement=raw.get("Replacement", "False"),
        properties=tuple(sorted(name for name in names if name)),
        policy_action=raw.get("PolicyAction", ""),
    )
