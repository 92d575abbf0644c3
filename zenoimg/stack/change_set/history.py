"""Read the events of a stack as they arrive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from zenoimg.pipeline.calls.service import is_missing_stack

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient


@dataclass(frozen=True)
class StackEvent:
    """One event of a stack. ``is_stack``: it is about the stack itself rather than a resource."""

    at: datetime
    logical_id: str
    resource_type: str
    status: str
    reason: str
    is_stack: bool


class History:
    """The events of one stack (name or ARN) from now on; each is returned once, oldest first."""

    def __init__(self, cloudformation: CloudFormationClient, stack: str) -> None:
        self._client = cloudformation
        self._stack = stack
        self._seen: set[str] = set()
        self._seen = {event["EventId"] for event in self._newest()}

    def new(self) -> list[StackEvent]:
        """Return the events since the last call."""
        fresh = self._newest()
        self._seen |= {event["EventId"] for event in fresh}
        return [_event(raw) for raw in reversed(fresh)]  # CloudFormation lists the newest first

    def _newest(self) -> list[dict[str, Any]]:
        """Return the unseen events, newest first; stop reading at the first page that holds a seen event.

        If none has been seen yet, one page is enough: later calls stop at its events.
        """
        fresh: list[dict[str, Any]] = []
        try:
            for page in self._client.get_paginator("describe_stack_events").paginate(StackName=self._stack):
                events = [dict(event) for event in page["StackEvents"]]
                fresh += [event for event in events if event["EventId"] not in self._seen]
                if not self._seen or any(event["EventId"] in self._seen for event in events):
                    break
            return fresh
        except ClientError as error:
            if is_missing_stack(error):  # no events yet
                return []
            raise


def _event(raw: Mapping[str, Any]) -> StackEvent:
    return StackEvent(
        at=raw["Timestamp"],
        logical_id=raw["LogicalResourceId"],
        resource_type=raw["ResourceType"],
        status=raw["ResourceStatus"],
        reason=raw.get("ResourceStatusReason", ""),
        is_stack=raw["ResourceType"] == "AWS::CloudFormation::Stack",
    )
