"""Delete the stack; its data is either retained for the next deploy to adopt, or deleted as well.

survey ──► (shown, confirmed) ──► stack ──► data: versions, buckets, table, the stack's own zips

Data is deleted after the stack, when events of deleted photos no longer invoke any function. When rerun after an
interruption, it finds the data of a deleted stack by its tags.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from zenoimg.aws.session import Aws
from zenoimg.errors import NotDeployedError, RefusedByAwsError
from zenoimg.operations.deploy.target import change_sets_of
from zenoimg.operations.removal import purge
from zenoimg.operations.removal.destroy_data import Data, adopted, buckets_left, table_left
from zenoimg.operations.removal.queued import Queued, look
from zenoimg.pipeline.calls.service import expected_owner, is_missing_bucket
from zenoimg.stack.change_set.history import StackEvent
from zenoimg.stack.outputs import StackState, read_stack

_RETAINED = frozenset({"Retain", "RetainExceptOnCreate"})


@dataclass(frozen=True)
class Resource:
    """One resource of a stack."""

    logical_id: str
    resource_type: str
    physical_id: str


@dataclass(frozen=True)
class Removal:
    """What destroy would do.

    ``removed`` lists the resources that are deleted with the stack, ``retained`` the names of those that are kept.
    ``data`` is set if data is deleted as well; ``retained`` is then what existed before the stack, which is never
    deleted. ``queued`` describes the messages in the queues that are deleted. ``stack_exists`` is ``False`` when only
    data is left.
    """

    stack: str
    stack_exists: bool
    removed: tuple[Resource, ...]
    retained: tuple[str, ...]
    data: Data | None = None
    queued: Queued = field(default_factory=Queued)


class Destroy:
    """The removal of one stack."""

    def __init__(self, aws: Aws, stack: str) -> None:
        self._aws = aws
        self._stack = stack
        self._change_sets = change_sets_of(aws)

    def busy(self) -> StackState | None:
        """Return the stack if another change to it is in progress."""
        state = read_stack(self._aws.cloudformation, self._stack)
        return state if state is not None and state.is_changing else None

    def settle(self, state: StackState) -> Iterator[StackEvent]:
        """Wait for that change and yield its events."""
        return self._change_sets.settle(state)

    def survey(self, *, delete_data: bool, on_count: Callable[[int], None] = lambda count: None) -> Removal:
        """Return what destroy would do; with ``delete_data``, count all versions and report each page to ``on_count``.

        Raises ``NotDeployedError`` when there is nothing to remove, and ``RefusedByAwsError`` when, without
        ``delete_data``, the stack's template would delete a bucket that is not empty.
        """
        state = read_stack(self._aws.cloudformation, self._stack)
        if state is None and not delete_data:
            raise self._nothing("")
        resources = self._resources() if state is not None else ()
        buckets, table = self._data_of(state, resources)
        if state is None and not buckets and not table:
            raise self._nothing(", and it has left no data")
        if not delete_data:
            self._refuse_full(resources)
            retained = (*buckets, *([table] if table else []))
            removed = self._without(resources, retained)
            return Removal(self._stack, True, removed, retained, queued=look(self._aws, state))
        kept = adopted(self._aws, buckets, table, state)
        ours = tuple(name for name in buckets if name not in kept)
        if state is None and not ours and table in ("", *kept):
            raise self._nothing(f", and what it adopted is never deleted ({', '.join(kept)})")
        data = Data.counted(self._aws, self._stack, ours, "" if table in kept else table, on_count)
        removed = self._without(resources, kept)
        return Removal(self._stack, state is not None, removed, kept, data, look(self._aws, state))

    def remove_stack(self, removal: Removal) -> Iterator[StackEvent]:
        """Delete the stack and yield its events. Raises ``RefusedByAwsError`` naming what could not be deleted."""
        if not removal.stack_exists:
            return
        if removal.data is not None:
            for bucket in self._deleted_buckets(removal.removed):
                purge.empty(self._aws.s3, bucket, self._aws.identity.account)
        yield from self._change_sets.delete_stack(removal.stack)

    def _nothing(self, more: str) -> NotDeployedError:
        return NotDeployedError(
            f"the stack {self._stack!r} is not deployed {self._aws.where}: there is nothing to destroy{more}"
        )

    def _resources(self) -> tuple[Resource, ...]:
        found = self._aws.cloudformation.describe_stack_resources(StackName=self._stack)["StackResources"]
        return tuple(
            Resource(item["LogicalResourceId"], item["ResourceType"], item.get("PhysicalResourceId", ""))
            for item in found
            if item["ResourceStatus"] != "DELETE_COMPLETE"
        )

    def _data_of(self, state: StackState | None, resources: tuple[Resource, ...]) -> tuple[tuple[str, ...], str]:
        """Return the buckets and the table: from the stack's outputs, or else by their names and tags."""
        named = {key: value for key, value in (state.outputs if state else {}).items() if value}
        if "OriginalsBucket" in named:
            return (named["OriginalsBucket"], named["ProcessedBucket"]), named["Table"]
        held = tuple(item.physical_id for item in resources if item.resource_type == "AWS::S3::Bucket")
        tables = [item.physical_id for item in resources if item.resource_type == "AWS::DynamoDB::Table"]
        left = tuple(dict.fromkeys((*held, *buckets_left(self._aws, self._stack))))
        return left, tables[0] if tables else table_left(self._aws, self._stack)

    def _refuse_full(self, resources: tuple[Resource, ...]) -> None:
        """Stop before the embedded AWS deletes a bucket with content, or AWS fails halfway through."""
        account = self._aws.identity.account
        full = [
            bucket for bucket in self._deleted_buckets(resources) if not purge.is_empty(self._aws.s3, bucket, account)
        ]
        if full:
            raise RefusedByAwsError(
                f"the template of the stack {self._stack!r} does not retain {', '.join(full)}, which holds objects",
                next_step="Nothing was removed. Empty it first, or add --delete-data to remove all data.",
                code="not-empty",
            )

    def _deleted_buckets(self, resources: tuple[Resource, ...]) -> list[str]:
        """Return the buckets that are deleted with the stack."""
        held = [item for item in resources if item.resource_type == "AWS::S3::Bucket"]
        if not held:  # a stack that could not be created may have no template
            return []
        body: Any = self._aws.cloudformation.get_template(StackName=self._stack, TemplateStage="Processed")
        template = body["TemplateBody"]
        declared = template.get("Resources", {}) if isinstance(template, dict) else {}
        return [
            item.physical_id
            for item in held
            if declared.get(item.logical_id, {}).get("DeletionPolicy") not in _RETAINED
            and self._exists(item.physical_id)
        ]

    def _exists(self, bucket: str) -> bool:
        try:
            self._aws.s3.head_bucket(Bucket=bucket, **expected_owner(self._aws.identity.account))
        except ClientError as error:
            if is_missing_bucket(error):
                return False
            raise
        return True

    @staticmethod
    def _without(resources: tuple[Resource, ...], retained: tuple[str, ...]) -> tuple[Resource, ...]:
        return tuple(item for item in resources if item.physical_id not in retained)
