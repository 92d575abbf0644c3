"""Remove the stack; the data stays: buckets and table are retained, and the next deploy adopts them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from zenoimg.aws import Aws
from zenoimg.errors import NotDeployedError
from zenoimg.stack.change_set import ChangeSets, StackEvent
from zenoimg.stack.outputs import read_stack


@dataclass(frozen=True)
class Removal:
    """What a removal would do: the names that stay; the rest of the stack goes."""

    stack: str
    status: str
    stays: tuple[str, ...]


def prepare(aws: Aws, stack: str) -> Removal:
    """Look at what is there. Raises ``NotDeployedError`` when there is no such stack."""
    state = read_stack(aws.cloudformation, stack)
    if state is None:
        raise NotDeployedError(f"the stack {stack!r} is not deployed {aws.where}: there is nothing to destroy")
    names = (state.outputs.get(key, "") for key in ("OriginalsBucket", "ProcessedBucket", "Table"))
    return Removal(stack, state.status, tuple(name for name in names if name))


def execute(aws: Aws, removal: Removal) -> Iterator[StackEvent]:
    """Remove the stack, yielding its events. Raises ``RefusedByAwsError`` naming what could not be removed."""
    return ChangeSets(aws.cloudformation, local=aws.local).delete_stack(removal.stack)
