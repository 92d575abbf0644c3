"""Pipeline health: stack, images, queues, errors, and the actions that an operator should take."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from zenoimg.config.load import Settings
from zenoimg.operations.effective_recipe import current_of
from zenoimg.operations.health.actions import (
    ImageCounts,
    QueueStatus,
    RequiredAction,
    StackStatus,
    required_actions,
)
from zenoimg.operations.health.console import dashboard_url
from zenoimg.operations.health.oldest_message import oldest_seconds
from zenoimg.operations.health.recent_errors import recent_errors
from zenoimg.operations.inventory.audit import Audit, audit
from zenoimg.operations.inventory.selection import lacks_index
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.operations.queues import counts
from zenoimg.operations.records.api import images_url
from zenoimg.pipeline.calls.service import is_denied
from zenoimg.pipeline.catalog import ATTENTION_INDEX


@dataclass(frozen=True)
class PipelineStatus:
    """The state at one moment. Parts that do not exist without a stack, or may not be read, are ``None``."""

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
    needs: tuple[RequiredAction, ...]


class StatusReader:
    """Reads the status of one pipeline, repeatedly if needed; errors are counted at most every 30 s."""

    def __init__(
        self, pipeline: LivePipeline, settings: Settings, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._pipeline = pipeline
        self._settings = settings
        self._clock = clock
        self._errors: dict[str, int] | None = None
        self._errors_until = 0.0

    def read(self, *, check: bool = False) -> PipelineStatus:
        """Return the current status; ``check`` audits every image.

        Raises botocore's errors if the stack, the table or the queues cannot be read.
        """
        pipeline = self._pipeline
        deployment = pipeline.deployment
        has_stack = bool(deployment.processor_function)
        stack = _stack(pipeline, self._settings.stack) if has_stack else None
        current = current_of(pipeline, self._settings)
        images = _images(pipeline)
        backfill = _queue(pipeline, deployment.backfill_queue_url)
        large = _queue(pipeline, deployment.large_queue_url)
        dead = _queue(pipeline, deployment.dead_letter_queue_url)
        errors = self._recent_errors() if has_stack else None
        audited = audit(pipeline, current) if check else None
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
            needs=required_actions(stack, images, dead, errors, audited),
        )

    def _recent_errors(self) -> dict[str, int] | None:
        if self._clock() >= self._errors_until:
            self._errors = recent_errors(self._pipeline, self._settings.stack)
            self._errors_until = self._clock() + 30
        return self._errors


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
        # Of refused images, which are few: a filter reads them all again.
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


def _queue(pipeline: LivePipeline, url: str) -> QueueStatus | None:
    if not url:
        return None
    queue = counts(pipeline, url)
    return QueueStatus(queue.waiting, queue.in_flight, oldest_seconds(pipeline.aws, url) if queue.total else None)
