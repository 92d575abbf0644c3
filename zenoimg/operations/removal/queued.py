"""Count the messages that are lost with a stack's queues."""

from __future__ import annotations

from dataclasses import dataclass

from botocore.exceptions import ClientError

from zenoimg.aws.session import Aws
from zenoimg.operations.dead_letters.letter import DeadLetter
from zenoimg.operations.dead_letters.survey import peek
from zenoimg.operations.pipeline import LivePipeline, of_deployment
from zenoimg.operations.queues import QueueCounts, counts_if_known
from zenoimg.stack.outputs import StackState, deployment_of

LISTED_LETTERS = 10


@dataclass(frozen=True)
class Queue:
    """A queue's name and message counts; ``counts`` is ``None`` if SQS cannot be read."""

    name: str
    counts: QueueCounts | None


@dataclass(frozen=True)
class Queued:
    """The queues of a stack, and their first dead letters."""

    queues: tuple[Queue, ...] = ()
    dead_letters: tuple[DeadLetter, ...] = ()


def look(aws: Aws, state: StackState | None) -> Queued:
    """Return what a stack's queues hold; nothing for a stack that was never created.

    Counts that cannot be read are left out: an unreadable queue must not prevent the removal of the stack.
    """
    if state is None or "OriginalsBucket" not in state.outputs:
        return Queued()
    deployment = deployment_of(state)
    pipeline = of_deployment(aws, deployment, aws.identity.account)
    dead = deployment.dead_letter_queue_url
    queues = tuple(
        Queue(url.rpartition("/")[2], counts_if_known(pipeline, url)) for url in (*deployment.queue_urls, dead) if url
    )
    is_empty = not dead or (queues[-1].counts is not None and queues[-1].counts.total == 0)
    return Queued(queues, () if is_empty else tuple(_letters(pipeline)))


def _letters(pipeline: LivePipeline) -> list[DeadLetter]:
    try:
        return peek(pipeline, LISTED_LETTERS)
    except ClientError:
        return []
