"""Explain why CloudFormation rejected a change set, from the events of early validation and of hooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient


def failed_events(cloudformation: CloudFormationClient, change_set: str) -> tuple[str, ...]:
    """Describe each failed event of a change set (given by ARN): resource, type and reason.

    The status of a change set that early validation rejected names only the validation
    (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeEvents.html). Empty if the
    events cannot be read: a missing permission must not hide the reason of the change set itself.
    """
    try:
        pages = cloudformation.get_paginator("describe_events").paginate(
            ChangeSetName=change_set, Filters={"FailedEvents": True}
        )
        events: list[Any] = [event for page in pages for event in page.get("OperationEvents", [])]
    except (ClientError, BotoCoreError):
        return ()
    return tuple(dict.fromkeys(filter(None, map(_in_words, events))))


def _in_words(event: dict[str, Any]) -> str:
    reasons = ("ValidationStatusReason", "HookStatusReason", "ResourceStatusReason")
    reason = next((event[key] for key in reasons if event.get(key)), "")
    if not reason:
        return ""
    hook = f" by the hook {event['HookType']}" if event.get("HookType") else ""
    name = event.get("LogicalResourceId", "")
    if not name:
        return f"{reason}{hook}"
    path = f" at {event['ValidationPath']}" if event.get("ValidationPath") else ""
    return f"{name} ({event.get('ResourceType', 'unknown type')}){hook}{path}: {reason}"
