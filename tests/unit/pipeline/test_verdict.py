from __future__ import annotations

from dataclasses import replace

import pytest

from tests.records import PROCESSED, REFUSED
from zenoimg.imaging import Limits
from zenoimg.pipeline.records import ImageRecord
from zenoimg.pipeline.verdict import CopyMark, expected_copy, is_up_to_date, keeps_older_copy, limits_fingerprint

MADE = replace(PROCESSED, version_id="v1", recipe="new")
REJECTED = replace(REFUSED, version_id="v1", recipe="new", limits="l1")
KEPT = replace(REJECTED, copy_recipe="old")


@pytest.mark.parametrize(
    ("record", "mark"),
    [
        (MADE, CopyMark("v1", "new")),
        (REJECTED, None),
        (KEPT, CopyMark("v1", "old")),
        (replace(KEPT, status="failed"), CopyMark("v1", "old")),
        (replace(MADE, version_id=None, recipe=None), CopyMark("", "")),
    ],
)
def test_a_record_names_the_copy_that_should_exist(record: ImageRecord, mark: CopyMark | None) -> None:
    assert expected_copy(record) == mark


def test_only_a_refusal_keeps_an_older_copy() -> None:
    assert [keeps_older_copy(each) for each in (MADE, REJECTED, KEPT, replace(KEPT, status="failed"))] == [
        False,
        False,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("record", "recipe", "limits", "is_decided"),
    [
        (MADE, "new", "l1", True),
        (MADE, "new", "l2", True),
        (MADE, "old", "l1", False),
        (MADE, "", "", True),
        (REJECTED, "new", "l1", True),
        (REJECTED, "new", "l2", False),
        (REJECTED, "new", "", True),
        (REJECTED, "old", "l1", False),
        (replace(REJECTED, limits=None), "new", "l1", False),
        (KEPT, "new", "l1", True),
        (KEPT, "old", "l1", False),
        (replace(MADE, status="failed"), "new", "l1", False),
        (replace(REJECTED, error="archived: it is in GLACIER"), "new", "l1", False),
        (replace(REJECTED, error="decoder-missing: HEIF needs a package"), "new", "l1", False),
    ],
)
def test_a_refusal_counts_for_its_recipe_and_limits_if_it_is_about_the_bytes(
    record: ImageRecord, recipe: str, limits: str, is_decided: bool
) -> None:
    assert is_up_to_date(record, recipe, limits) is is_decided


def test_the_fingerprint_of_limits_changes_with_each_limit_and_with_pillow() -> None:
    found = [
        limits_fingerprint(Limits()),
        limits_fingerprint(Limits(max_bytes=1)),
        limits_fingerprint(Limits(max_frames=1)),
        limits_fingerprint(Limits(), pillow="1.0"),
    ]
    assert len(set(found)) == 4
    assert {len(each) for each in found} == {16}
    assert limits_fingerprint(Limits()) == found[0]
