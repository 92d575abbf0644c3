"""Compare all originals, copies and records, for ``status --check``.

Unlike ``reprocess``, which trusts listings, this reads the metadata of each original and each copy.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from zenoimg.operations.concurrency import map_ahead
from zenoimg.operations.inventory.current import Current
from zenoimg.operations.inventory.selection import Candidate, scan
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.pipeline.records import ImageRecord
from zenoimg.pipeline.storage import Original, copy_key_fits
from zenoimg.pipeline.verdict import CopyMark, expected_copy, keeps_older_copy

Finding = Literal[
    "no record",
    "no copy",
    "failed",
    "copy without original",
    "record without original",
    "copy of a refused image",
    "record of another version",
    "copy of another version",
    "copy and record of different recipes",
    "stale",
]
#: Findings that ``reprocess`` fixes without options; ``stale`` has its own option, the others need ids.
FIXED_BY_DEFAULT: frozenset[Finding] = frozenset(
    {"no record", "no copy", "failed", "copy without original", "record without original", "copy of a refused image"}
)

_EXAMPLES = 20
_CHECKS_AHEAD = 32


@dataclass(frozen=True)
class Example:
    """One image with a finding."""

    image_id: str
    finding: Finding


@dataclass(frozen=True)
class Audit:
    """Totals, the number of images for each finding, and the first twenty images of each.

    ``kept`` counts the images that the current recipe refuses and that keep their copy by an earlier one;
    ``copies_by_recipe`` counts the copies by the fingerprint of the recipe in their records.
    """

    originals: int
    copies: int
    records: int
    by_status: dict[str, int]
    findings: dict[Finding, int]
    examples: tuple[Example, ...]
    kept: int = 0
    copies_by_recipe: dict[str, int] = field(default_factory=dict)


def audit(pipeline: LivePipeline, current: Current) -> Audit:
    """Check every image in constant memory, with two or three small requests for each, many in parallel.

    ``current`` determines what is stale. Findings are checked a second time, since images may change during
    the audit. Raises botocore's ``ClientError``.
    """
    counts: Counter[str] = Counter()
    statuses: Counter[str] = Counter()
    findings: Counter[Finding] = Counter()
    by_recipe: Counter[str] = Counter()
    examples: list[Example] = []

    def check(item: tuple[Candidate, ImageRecord | None]) -> tuple[Candidate, ImageRecord | None, Finding | None]:
        candidate, record = item
        finding = _check(pipeline, candidate.key, record, current)
        if finding is not None:
            finding = _check(pipeline, candidate.key, pipeline.catalog.get(candidate.key), current)
        return candidate, record, finding

    for candidate, record, finding in map_ahead(check, scan(pipeline), _CHECKS_AHEAD):
        counts["originals"] += candidate.original is not None
        counts["copies"] += candidate.has_copy
        if record is not None:
            statuses[record.status] += 1
            counts["kept"] += finding is None and keeps_older_copy(record)
            copy = expected_copy(record)
            if copy is not None and candidate.has_copy:
                by_recipe[copy.recipe] += 1
        if finding is not None:
            findings[finding] += 1
            if findings[finding] <= _EXAMPLES:
                examples.append(Example(candidate.key, finding))
    return Audit(
        originals=counts["originals"],
        copies=counts["copies"],
        records=statuses.total(),
        by_status=dict(sorted(statuses.items())),
        findings=dict(sorted(findings.items())),
        examples=tuple(examples),
        kept=counts["kept"],
        copies_by_recipe=dict(by_recipe.most_common()),
    )


def _check(pipeline: LivePipeline, key: str, record: ImageRecord | None, current: Current) -> Finding | None:
    mark = pipeline.storage.get_copy_mark(key) if copy_key_fits(key) else None
    return finding_of(pipeline.storage.head_original(key), mark, record, current)


def finding_of(
    original: Original | None, mark: CopyMark | None, record: ImageRecord | None, current: Current
) -> Finding | None:
    """Return what is wrong with an image, or ``None``. Pure."""
    if original is None:
        return "copy without original" if mark else "record without original" if record else None
    if record is None:
        return "no record"
    if record.status == "failed":
        return "failed"
    if record.version_id != original.identity:
        return "record of another version"
    if record.status == "refused" and record.copy_recipe is None:
        return "copy of a refused image" if mark else "stale" if current.is_outdated(record) else None
    if mark is None:
        return "no copy"
    if mark.source_version != original.identity:
        return "copy of another version"
    # First, because --stale fixes both: a killed embedded AWS restarts with the records from before a rollout.
    if current.is_outdated(record):
        return "stale"
    return "copy and record of different recipes" if mark != expected_copy(record) else None
