"""Check the canary's images after they were reprocessed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from zenoimg.operations.concurrency import map_ahead
from zenoimg.operations.inventory.audit import finding_of
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.operations.rollout.run import current_of_deployed
from zenoimg.pipeline.records import ImageRecord
from zenoimg.pipeline.storage import copy_key_fits
from zenoimg.pipeline.verdict import keeps_older_copy

_CHECKS_AHEAD = 32


@dataclass(frozen=True)
class Problem:
    """A canary image that the new recipe has not marked, and why."""

    image_id: str
    reason: str


@dataclass(frozen=True)
class Review:
    """The records of the canary's images, their number by status, and the images with a problem."""

    records: tuple[ImageRecord, ...]
    by_status: dict[str, int]
    problems: tuple[Problem, ...]


def review(pipeline: LivePipeline, keys: Iterable[str]) -> Review:
    """Read original, copy and record of each image, and compare them with each other and the deployed recipe.

    A problem is anything that ``status --check`` would find, and a copy by an earlier recipe that is kept because the
    new one refuses the image; a refused image that never had a copy is not a problem. Raises botocore's
    ``ClientError``.
    """
    current = current_of_deployed(pipeline)

    def check(key: str) -> tuple[ImageRecord | None, Problem | None]:
        record = pipeline.catalog.get(key)
        mark = pipeline.storage.get_copy_mark(key) if copy_key_fits(key) else None
        finding = finding_of(pipeline.storage.head_original(key), mark, record, current)
        if finding is not None:
            return record, Problem(key, finding)
        kept = record is not None and keeps_older_copy(record)
        return record, Problem(key, record.error or "refused") if record is not None and kept else None

    checked = list(map_ahead(check, sorted(keys), _CHECKS_AHEAD))
    records = tuple(record for record, _ in checked if record is not None)
    return Review(
        records=records,
        by_status=dict(sorted(Counter(record.status for record in records).items())),
        problems=tuple(problem for _, problem in checked if problem is not None),
    )
