"""Findings about an image and the actions required: two truth tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.unit.operations.test_selection import FAILED, RECORD, REFUSED
from zenoimg.operations.health.actions import ImageCounts, QueueStatus, StackStatus, required_actions
from zenoimg.operations.inventory.audit import Audit, Example, Finding, finding_of
from zenoimg.operations.inventory.current import Current
from zenoimg.pipeline.records import ImageRecord
from zenoimg.pipeline.storage import Original
from zenoimg.pipeline.verdict import CopyMark

ORIGINAL = Original("v1", "etag1", 100, datetime(2025, 6, 12, tzinfo=UTC), None)
MARK = CopyMark("v1", "new")


@pytest.mark.parametrize(
    ("original", "mark", "record", "finding"),
    [
        (ORIGINAL, MARK, RECORD, None),
        (ORIGINAL, None, REFUSED, None),
        (None, None, None, None),
        (ORIGINAL, None, None, "no record"),
        (ORIGINAL, MARK, None, "no record"),
        (ORIGINAL, None, RECORD, "no copy"),
        (ORIGINAL, MARK, FAILED, "failed"),
        (ORIGINAL, None, replace(FAILED, version_id="v0"), "failed"),
        (None, MARK, None, "copy without original"),
        (None, MARK, RECORD, "copy without original"),
        (None, None, RECORD, "record without original"),
        (ORIGINAL, MARK, REFUSED, "copy of a refused image"),
        (ORIGINAL, CopyMark("v1", "old"), replace(REFUSED, copy_recipe="old"), None),
        (ORIGINAL, MARK, replace(REFUSED, copy_recipe="old"), "copy and record of different recipes"),
        (ORIGINAL, CopyMark("v0", "old"), replace(REFUSED, copy_recipe="old"), "copy of another version"),
        (ORIGINAL, None, replace(REFUSED, recipe="old"), "stale"),
        (ORIGINAL, None, replace(REFUSED, limits="other"), "stale"),
        (ORIGINAL, CopyMark("v1", "older"), replace(REFUSED, recipe="old", copy_recipe="older"), "stale"),
        (ORIGINAL, None, replace(REFUSED, copy_recipe="old"), "no copy"),
        (ORIGINAL, MARK, replace(RECORD, version_id="v0"), "record of another version"),
        (ORIGINAL, None, replace(REFUSED, version_id="v0"), "record of another version"),
        (ORIGINAL, CopyMark("v0", "new"), RECORD, "copy of another version"),
        (ORIGINAL, CopyMark("v1", "old"), RECORD, "copy and record of different recipes"),
        (ORIGINAL, CopyMark("v1", "old"), replace(RECORD, recipe="old"), "stale"),
        (ORIGINAL, CopyMark("v1", "new"), replace(RECORD, recipe="old"), "stale"),
    ],
)
def test_the_audit_of_an_image(
    original: Original | None, mark: CopyMark | None, record: ImageRecord | None, finding: Finding | None
) -> None:
    assert finding_of(original, mark, record, Current("new", "limits")) == finding


FINE = StackStatus("zeno", "UPDATE_COMPLETE", "", None)
NO_IMAGES = ImageCounts(10, 2, 0)
EMPTY = QueueStatus(0, 0, None)


def audited(*found: tuple[str, Finding]) -> Audit:
    findings: dict[Finding, int] = {finding: 1 for _, finding in found}
    return Audit(1, 1, 1, {}, findings, tuple(Example(key, finding) for key, finding in found))


TOGETHER = "zenoimg reprocess --missing --failed --stale"
MANY = Audit(2, 2, 2, {}, {"copy of another version": 2}, (Example("a", "copy of another version"),))


@pytest.mark.parametrize(
    ("stack", "images", "dead", "errors", "audit", "commands"),
    [
        (FINE, NO_IMAGES, EMPTY, {"processor": 3, "api": 0}, None, []),
        (None, ImageCounts(None, None, None), None, None, None, []),
        (replace(FINE, status="UPDATE_IN_PROGRESS"), NO_IMAGES, EMPTY, {}, None, []),
        (replace(FINE, status="UPDATE_ROLLBACK_COMPLETE"), NO_IMAGES, EMPTY, {}, None, ["zenoimg deploy"]),
        (FINE, NO_IMAGES, QueueStatus(0, 1, None), {}, None, ["zenoimg reprocess --failed"]),
        (FINE, ImageCounts(10, 0, 1), EMPTY, {}, None, ["zenoimg reprocess"]),
        (FINE, NO_IMAGES, EMPTY, {"api": 1}, None, ["zenoimg tail-logs --since 1h --level error"]),
        (FINE, NO_IMAGES, EMPTY, {}, audited(), []),
        (FINE, NO_IMAGES, EMPTY, {}, audited(("a", "no copy")), ["zenoimg reprocess"]),
        (FINE, NO_IMAGES, EMPTY, {}, audited(("a", "stale")), ["zenoimg reprocess --stale"]),
        (FINE, NO_IMAGES, EMPTY, {}, audited(("a b", "copy of another version")), ["zenoimg reprocess 'a b'"]),
        (FINE, NO_IMAGES, EMPTY, {}, audited(("a", "no copy"), ("b", "stale")), [TOGETHER, TOGETHER]),
        (FINE, NO_IMAGES, EMPTY, {}, MANY, ["zenoimg reprocess --all"]),
        (FINE, NO_IMAGES, EMPTY, {}, audited(("-a", "record of another version")), ["zenoimg reprocess -- -a"]),
    ],
)
def test_each_problem_comes_with_the_command_that_fixes_it(
    stack: StackStatus | None,
    images: ImageCounts,
    dead: QueueStatus | None,
    errors: dict[str, int] | None,
    audit: Audit | None,
    commands: list[str],
) -> None:
    assert [action.command for action in required_actions(stack, images, dead, errors, audit)] == commands


@pytest.mark.parametrize("audit", [None, replace(audited(("a", "record without original")), originals=0)])
def test_without_originals_an_upload_comes_before_any_reprocess(audit: Audit | None) -> None:
    images, dead = ImageCounts(10, 0, 1), QueueStatus(2, 0, None)
    actions = required_actions(FINE, images, dead, {"api": 1}, audit, lacks_originals=True)
    assert [action.command for action in actions] == [
        "zenoimg tail-logs --since 1h --level error",
        "zenoimg upload --help",
    ]
    assert "upload the originals again before you reprocess" in actions[-1].what
    assert not required_actions(FINE, NO_IMAGES, EMPTY, {}, None, lacks_originals=True), "an empty pipeline"
