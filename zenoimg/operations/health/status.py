"""How the pipeline does: its stack, its images, its queues, its errors; and what needs an operator."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from zenoimg.config.load import Settings
from zenoimg.operations.configured import recipe_of
from zenoimg.operations.health.oldest_message import oldest_seconds
from zenoimg.operations.inventory.audit import BY_DEFAULT, Audit, audit
from zenoimg.operations.inventory.selection import lacks_index
from zenoimg.operations.logs.follow import LogReader
from zenoimg.operations.logs.lines import LogFilter, understand
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.operations.records.api import images_url
from zenoimg.operations.reprocess.backfill import counts
from zenoimg.pipeline.catalog import ATTENTION_INDEX
from zenoimg.pipeline.service import is_denied

_HOUR_MS = 3_600_000
#: Errors are counted up to here; whoever has more needs no exact number.
MOST_ERRORS = 1000
_AT_REST = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})


@dataclass(frozen=True)
class StackStatus:
    """The stack as CloudFormation describes it; ``changed_at`` is its last change."""

    name: str
    status: str
    reason: str
    changed_at: datetime | None


@dataclass(frozen=True)
class ImageCounts:
    """``total`` is DynamoDB's own count, hours old on AWS; the others are exact. ``None``: not known."""

    total: int | None
    refused: int | None
    failed: int | None


@dataclass(frozen=True)
class QueueStatus:
    """A queue: messages that wait, that are being worked on, and how long the oldest has been there."""

    waiting: int
    in_flight: int
    oldest_seconds: int | None


@dataclass(frozen=True)
class Need:
    """Something that needs an operator, and the command that helps."""

    what: str
    command: str


@dataclass(frozen=True)
class PipelineStatus:
    """One look. Parts that a pipeline without a stack lacks, or that may not be read, are ``None``."""

    where: str
    stack: StackStatus | None
    recipe: str
    images: ImageCounts
    backfill: QueueStatus | None
    dead_letters: QueueStatus | None
    errors: dict[str, int] | None
    api_url: str
    audit: Audit | None
    needs: tuple[Need, ...]


class Looker:
    """Looks at one pipeline, again and again if asked; errors are counted anew every half minute at most."""

    def __init__(
        self, pipeline: LivePipeline, settings: Settings, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._pipeline = pipeline
        self._settings = settings
        self._clock = clock
        self._errors: dict[str, int] | None = None
        self._errors_until = 0.0

    def look(self, *, check: bool = False) -> PipelineStatus:
        """How it is now; ``check`` audits every image. Raises botocore's errors where the core may not be read."""
        pipeline = self._pipeline
        deployment = pipeline.deployment
        has_stack = bool(deployment.processor_function)
        stack = _stack(pipeline, self._settings.stack) if has_stack else None
        recipe = deployment.recipe_fingerprint or recipe_of(self._settings).fingerprint
        images = _images(pipeline)
        backfill = _queue(pipeline, deployment.backfill_queue_url)
        dead = _queue(pipeline, deployment.dead_letter_queue_url)
        errors = self._recent_errors() if has_stack else None
        audited = audit(pipeline, recipe) if check else None
        return PipelineStatus(
            where=str(pipeline.aws.identity) if has_stack else pipeline.aws.where,
            stack=stack,
            recipe=recipe,
            images=images,
            backfill=backfill,
            dead_letters=dead,
            errors=errors,
            api_url=images_url(pipeline.aws, deployment) if has_stack else "",
            audit=audited,
            needs=needs(stack, images, dead, errors, audited),
        )

    def _recent_errors(self) -> dict[str, int] | None:
        if self._clock() >= self._errors_until:
            self._errors = _errors(self._pipeline)
            self._errors_until = self._clock() + 30
        return self._errors


def needs(
    stack: StackStatus | None,
    images: ImageCounts,
    dead: QueueStatus | None,
    errors: dict[str, int] | None,
    audited: Audit | None,
) -> tuple[Need, ...]:
    """What needs an operator; pure.

    An error of the processor alone does not: it was retried with success, or lies in a failed record or among
    the dead letters. A call of the API is retried by nobody.
    """
    found: list[Need] = []
    if stack is not None and stack.status not in _AT_REST and not stack.status.endswith("_IN_PROGRESS"):
        found.append(Need(f"the stack is {stack.status}", "zenoimg deploy"))
    if dead is not None and dead.waiting + dead.in_flight:
        found.append(Need(f"dead letters: {dead.waiting + dead.in_flight:,}", "zenoimg reprocess --failed"))
    if images.failed:
        found.append(Need(f"failed images: {images.failed:,}", "zenoimg reprocess"))
    if errors and errors.get("api"):
        found.append(
            Need(
                f"errors of GET /images in the last hour: {errors['api']:,}",
                "zenoimg tail-logs --since 1h --level error",
            )
        )
    for finding, count in (audited.findings if audited else {}).items():
        ids = [example.image_id for example in audited.examples if example.finding == finding] if audited else []
        if finding in BY_DEFAULT:
            command = "zenoimg reprocess"
        else:
            command = "zenoimg reprocess --stale" if finding == "stale" else f"zenoimg reprocess {_shell(ids)}"
        found.append(Need(f"{finding}: {count:,}", command))
    return tuple(found)


def _shell(ids: list[str]) -> str:
    return shlex.join(["--", *ids] if any(image_id.startswith("-") for image_id in ids) else ids)


def _stack(pipeline: LivePipeline, stack: str) -> StackStatus:
    found: Any = pipeline.aws.cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    return StackStatus(
        name=found["StackName"],
        status=found["StackStatus"],
        reason=found.get("StackStatusReason", ""),
        changed_at=found.get("LastUpdatedTime") or found.get("CreationTime"),
    )


def _images(pipeline: LivePipeline) -> ImageCounts:
    try:
        total = pipeline.catalog.facts().items
    except ClientError as error:
        if not is_denied(error):
            raise
        total = None
    return ImageCounts(total, _attention(pipeline, "refused"), _attention(pipeline, "failed"))


def _attention(pipeline: LivePipeline, status: str) -> int | None:
    pages = pipeline.aws.dynamodb.get_paginator("query").paginate(
        TableName=pipeline.settings.table,
        IndexName=ATTENTION_INDEX,
        KeyConditionExpression="Attention = :status",
        ExpressionAttributeValues={":status": {"S": status}},
        Select="COUNT",
    )
    try:
        return sum(page["Count"] for page in pages)
    except ClientError as error:
        if not lacks_index(error):
            raise
        return None


def _queue(pipeline: LivePipeline, url: str) -> QueueStatus | None:
    if not url:
        return None
    found = counts(pipeline, url)
    return QueueStatus(found.waiting, found.in_flight, oldest_seconds(pipeline.aws, url) if found.total else None)


def _errors(pipeline: LivePipeline) -> dict[str, int] | None:
    """Calls that failed in the last hour, by function, as their logs tell; a failed try of the backfill counts too."""
    functions = {"processor": pipeline.deployment.processor_function, "api": pipeline.deployment.get_images_function}
    groups = {name: f"/aws/lambda/{function}" for name, function in functions.items()}
    pattern = LogFilter(level="ERROR").server_pattern() if pipeline.aws.platform.filters_logs else ""
    calls: dict[str, set[str]] = {name: set() for name in groups}
    since = round(time.time() * 1000) - _HOUR_MS
    try:
        for event in LogReader(lambda: pipeline.aws.logs, groups).read(since, pattern=pattern):
            line = understand(event)
            if line.level in ("ERROR", "CRITICAL") and len(calls[event.source]) < MOST_ERRORS:
                calls[event.source].add(line.request_id or f"{event.stream} {event.at}")
    except ClientError as error:
        if not is_denied(error):
            raise
        return None
    return {name: len(found) for name, found in calls.items()}
