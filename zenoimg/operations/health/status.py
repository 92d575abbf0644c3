"""Pipeline health: stack, images, queues, errors, and the actions that an operator should take."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from zenoimg.config.load import Settings
from zenoimg.operations.dead_letters.survey import peek
from zenoimg.operations.effective_recipe import current_of
from zenoimg.operations.health.actions import (
    ImageCounts,
    QueueStatus,
    RequiredAction,
    StackStatus,
    Unreadable,
    actions_for,
    required_actions,
)
from zenoimg.operations.health.console import dashboard_url
from zenoimg.operations.health.oldest_message import oldest_seconds
from zenoimg.operations.health.parts import BrokenPart, Part, PartReader, check_buckets, missing_functions
from zenoimg.operations.health.recent_errors import recent_errors
from zenoimg.operations.inventory.audit import Audit, audit
from zenoimg.operations.inventory.selection import has_originals, lacks_index
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.operations.queues import counts
from zenoimg.operations.records.api import images_url
from zenoimg.pipeline.calls.service import is_denied
from zenoimg.pipeline.catalog import ATTENTION_INDEX

_PEEKED = 10  # dead letters that are inspected


@dataclass(frozen=True)
class PipelineStatus:
    """The state at one moment. Parts that need a stack, or cannot be read, are ``None``."""

    where: str
    stack: StackStatus | None
    recipe: str
    images: ImageCounts
    backfill: QueueStatus | None
    large: QueueStatus | None
    dead_letters: QueueStatus | None
    errors: dict[str, int] | None
    api_url: str
    dashboard_url: str
    audit: Audit | None
    broken: tuple[BrokenPart, ...]
    needs: tuple[RequiredAction, ...]


class StatusReader:
    """Reads the status of one pipeline, repeatedly if needed.

    Errors are counted, and dead letters inspected, at most every 30 s.
    """

    def __init__(
        self, pipeline: LivePipeline, settings: Settings, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._pipeline = pipeline
        self._settings = settings
        self._clock = clock
        self._errors: dict[str, int] | None = None
        self._errors_until = 0.0
        self._letters = Unreadable.NONE
        self._letters_until = 0.0

    def read(self, *, check: bool = False) -> PipelineStatus:
        """Return the current status; ``check`` audits every image.

        Parts that cannot be used are listed in ``broken``. Raises botocore's errors that are not about a part: those of
        the connection, the credentials and the stack.
        """
        pipeline = self._pipeline
        deployment = pipeline.deployment
        has_stack = bool(deployment.processor_function)
        stack = _stack(pipeline, self._settings.stack) if has_stack else None
        current = current_of(pipeline, self._settings)
        parts = PartReader()
        images = parts.read("records", pipeline.settings.table, lambda: _images(pipeline))
        check_buckets(pipeline, parts)
        has_data = not parts.broken
        backfill = _queue(pipeline, parts, "backfill", deployment.backfill_queue_url)
        large = _queue(pipeline, parts, "large", deployment.large_queue_url)
        dead = _queue(pipeline, parts, "dead letters", deployment.dead_letter_queue_url)
        broken = (*parts.broken, *missing_functions(pipeline))
        errors = self._recent_errors() if has_stack else None
        audited = audit(pipeline, current) if check and has_data else None
        images = images or ImageCounts(None, None, None)
        unreadable = self._unreadable() if dead is not None and dead.waiting else Unreadable.NONE
        return PipelineStatus(
            where=str(pipeline.aws.identity) if has_stack else pipeline.aws.where,
            stack=stack,
            recipe=current.recipe,
            images=images,
            backfill=backfill,
            large=large,
            dead_letters=dead,
            errors=errors,
            api_url=images_url(pipeline.aws, deployment) if has_stack else "",
            dashboard_url=dashboard_url(pipeline.aws, deployment) if has_stack else "",
            audit=audited,
            broken=broken,
            needs=(
                *actions_for(broken, has_stack=has_stack, recreates_queues=pipeline.aws.platform.recreates_queues),
                *required_actions(
                    stack, images, dead, errors, audited, unreadable, lacks_originals=_lacks_originals(pipeline, broken)
                ),
            ),
        )

    def _recent_errors(self) -> dict[str, int] | None:
        if self._clock() >= self._errors_until:
            self._errors = recent_errors(self._pipeline, self._settings.stack)
            self._errors_until = self._clock() + 30
        return self._errors

    def _unreadable(self) -> Unreadable:
        """Return whether dead letters can be redriven, judging by the first ten."""
        if self._clock() >= self._letters_until:
            with suppress(ClientError):
                problems = [bool(letter.problem) for letter in peek(self._pipeline, _PEEKED)]
                self._letters = Unreadable.of(problems)
            self._letters_until = self._clock() + 30
        return self._letters


def _lacks_originals(pipeline: LivePipeline, broken: tuple[BrokenPart, ...]) -> bool:
    """Return whether the originals bucket is gone or holds no original; ``False`` if it cannot be read."""
    if any(part.part == "originals" for part in broken):
        return True
    with suppress(ClientError):
        return not has_originals(pipeline)
    return False


def _stack(pipeline: LivePipeline, name: str) -> StackStatus:
    stack: Any = pipeline.aws.cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    return StackStatus(
        name=stack["StackName"],
        status=stack["StackStatus"],
        reason=stack.get("StackStatusReason", ""),
        changed_at=stack.get("LastUpdatedTime") or stack.get("CreationTime"),
    )


def _images(pipeline: LivePipeline) -> ImageCounts:
    try:
        total = pipeline.catalog.facts().items
    except ClientError as error:
        if not is_denied(error):
            raise
        total = None
    return ImageCounts(
        total,
        _attention(pipeline, "refused"),
        _attention(pipeline, "failed"),
        # Only for refused images, which are few: a filter reads them all again.
        _attention(pipeline, "refused", FilterExpression="attribute_exists(CopyRecipe)"),
    )


def _attention(pipeline: LivePipeline, status: str, **more: Any) -> int | None:
    pages = pipeline.aws.dynamodb.get_paginator("query").paginate(
        TableName=pipeline.settings.table,
        IndexName=ATTENTION_INDEX,
        KeyConditionExpression="Attention = :status",
        ExpressionAttributeValues={":status": {"S": status}},
        Select="COUNT",
        **more,
    )
    try:
        return sum(page["Count"] for page in pages)
    except ClientError as error:
        if not lacks_index(error):
            raise
        return None


def _queue(pipeline: LivePipeline, parts: PartReader, part: Part, url: str) -> QueueStatus | None:
    if not url:
        return None
    queue = parts.read(part, url.rpartition("/")[2], lambda: counts(pipeline, url))
    if queue is None:
        return None
    return QueueStatus(queue.waiting, queue.in_flight, oldest_seconds(pipeline.aws, url) if queue.total else None)
