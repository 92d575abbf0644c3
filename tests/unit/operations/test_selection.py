"""What a reprocess selects: the truth table of states, and the merge of the two listings."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.records import record
from zenoimg.operations.inventory.current import Current
from zenoimg.operations.inventory.orphans import Digest
from zenoimg.operations.inventory.selection import (
    Candidate,
    ImageSelection,
    ImageState,
    ListedOriginal,
    merge_listings,
    state_of,
)
from zenoimg.operations.reprocess.run import ReprocessRequest
from zenoimg.operations.selectors import Selectors
from zenoimg.pipeline.records import ImageRecord

ORIGINAL = ListedOriginal("a.jpg", "etag1", 100, "2025-06-12T15:25:14Z")
RECORD = replace(record("a.jpg", recipe="new"), etag="etag1")
REFUSED = replace(RECORD, status="refused", processed_size=None)
FAILED = replace(RECORD, status="failed")
OLD = replace(RECORD, recipe="old")
CURRENT = Current("new", "limits")
OTHER_BYTES, OTHER_TIME = "etag0", "2025-06-12T15:25:13Z"

TRUTH: list[tuple[ListedOriginal | None, bool, ImageRecord | None, ImageState]] = [
    (ORIGINAL, True, RECORD, "current"),
    (ORIGINAL, False, REFUSED, "refused"),
    (ORIGINAL, False, replace(REFUSED, recipe="old"), "stale"),
    (ORIGINAL, False, replace(REFUSED, limits="limits"), "refused"),
    (ORIGINAL, False, replace(REFUSED, limits="other limits"), "stale"),
    (ORIGINAL, True, replace(REFUSED, recipe="old", copy_recipe="older"), "stale"),
    (ORIGINAL, True, OLD, "stale"),
    (ORIGINAL, False, None, "missing"),
    (ORIGINAL, True, None, "missing"),
    (ORIGINAL, False, RECORD, "missing"),
    (ORIGINAL, False, OLD, "missing"),
    (ORIGINAL, True, REFUSED, "missing"),
    (ORIGINAL, True, replace(REFUSED, copy_recipe="old"), "kept"),
    (ORIGINAL, False, replace(REFUSED, copy_recipe="old"), "missing"),
    (ORIGINAL, True, replace(RECORD, etag=OTHER_BYTES), "missing"),
    (ORIGINAL, True, replace(RECORD, created_at=OTHER_TIME), "missing"),
    (ORIGINAL, False, replace(REFUSED, etag=OTHER_BYTES), "missing"),
    (ORIGINAL, True, FAILED, "failed"),
    (ORIGINAL, False, FAILED, "failed"),
    (ORIGINAL, True, replace(FAILED, etag=OTHER_BYTES), "failed"),
    (None, True, RECORD, "left-over"),
    (None, True, None, "left-over"),
    (None, False, RECORD, "left-over"),
    (None, False, FAILED, "left-over"),
    (None, False, None, "current"),
]


@pytest.mark.parametrize(("original", "has_copy", "stored", "state"), TRUTH)
def test_the_state_of_a_key(
    original: ListedOriginal | None, has_copy: bool, stored: ImageRecord | None, state: ImageState
) -> None:
    assert state_of(Candidate("a.jpg", original, has_copy), stored, CURRENT) == state


def test_no_copy_is_stale_if_no_recipe_is_known() -> None:
    assert state_of(Candidate("a.jpg", ORIGINAL, has_copy=True), OLD, Current()) == "current"


@pytest.mark.parametrize(
    ("options", "taken"),
    [
        ([], {"missing", "left-over", "failed"}),
        (["--missing"], {"missing", "left-over"}),
        (["--stale"], {"stale", "kept"}),
        (["--failed"], {"failed"}),
        (["--refused"], {"refused", "kept", "stale"}),
        (["--stale", "--refused"], {"stale", "refused", "kept"}),
        (["--all"], {"current", "missing", "stale", "failed", "refused", "kept", "left-over"}),
    ],
)
def test_each_option_selects_its_states(options: list[str], taken: set[ImageState]) -> None:
    selection = ImageSelection(ReprocessRequest.states_of(options), current=CURRENT)
    found = {
        state
        for original, has_copy, stored, state in TRUTH
        if selection.match(Candidate("a.jpg", original, has_copy), stored)
    }
    assert found == taken


def test_the_option_for_refused_images_leaves_out_stale_processed_ones() -> None:
    selection = ImageSelection(ReprocessRequest.states_of(["--refused"]), current=CURRENT)
    assert selection.match(Candidate("a.jpg", ORIGINAL, has_copy=True), OLD) is None


@pytest.mark.parametrize(
    ("options", "force", "redrives"),
    [
        ([], False, True),
        (["--missing"], False, False),
        (["--stale"], False, False),
        (["--refused"], True, False),
        (["--failed"], False, True),
        (["--all"], True, True),
    ],
)
def test_only_all_and_refused_force_and_only_failed_includes_dead_letters(
    options: list[str], force: bool, redrives: bool
) -> None:
    request = ReprocessRequest(ReprocessRequest.states_of(options))
    assert (request.force, request.redrives) == (force, redrives)


def test_named_images_are_forced_and_exclude_dead_letters() -> None:
    request = ReprocessRequest(ReprocessRequest.states_of([]), Selectors(ids=("a.jpg",)))
    assert (request.force, request.redrives) == (True, False)


@pytest.mark.parametrize(
    ("since", "original", "taken"),
    [
        ("2025-06-12T15:25:14Z", ORIGINAL, True),
        ("2025-06-12T15:25:15Z", ORIGINAL, False),
        ("2025-06-12T15:25:14Z", None, False),
        ("", None, True),
    ],
)
def test_since_excludes_older_and_deleted_originals(since: str, original: ListedOriginal | None, taken: bool) -> None:
    selection = ImageSelection(ReprocessRequest.states_of(["--all"]), Selectors(since=since))
    assert (selection.match(Candidate("a.jpg", original, has_copy=True), RECORD) is not None) is taken


KEYS = st.sets(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4), max_size=12)


@given(KEYS, KEYS)
def test_merging_two_listings_yields_each_key_once_with_its_original_and_copy(
    originals: set[str], copies: set[str]
) -> None:
    def in_order(keys: set[str]) -> list[str]:
        return sorted(keys, key=lambda key: key.encode())  # in the order of S3

    listed = [replace(ORIGINAL, key=key) for key in in_order(originals)]
    found = list(merge_listings(iter(listed), iter(in_order(copies))))
    assert [candidate.key for candidate in found] == in_order(originals | copies)
    for candidate in found:
        assert (candidate.original is not None) == (candidate.key in originals)
        assert candidate.has_copy == (candidate.key in copies)


@pytest.mark.slow
@given(st.lists(st.text(max_size=4), unique=True, min_size=1, max_size=20))
def test_a_digest_is_independent_of_order_and_differs_if_an_id_is_missing(ids: list[str]) -> None:
    def digest(of: list[str]) -> Digest:
        made = Digest()
        for image_id in of:
            made.add(image_id)
        return made

    assert not digest(ids).differs_from(digest(ids[::-1]))
    assert len(digest(ids).differs_from(digest(ids[1:]))) == 1


@pytest.mark.parametrize(
    ("record", "headers", "state"),
    [
        (replace(RECORD, headers="h1"), "h1", "current"),
        (replace(RECORD, headers="h0"), "h1", "stale"),
        (replace(RECORD, headers=None), "h1", "stale"),
        (replace(RECORD, headers="h0"), "", "current"),
        (replace(REFUSED, limits="limits"), "h1", "refused"),
    ],
)
def test_a_copy_with_outdated_header_rules_is_stale(record: ImageRecord, headers: str, state: str) -> None:
    candidate = Candidate("a.jpg", ORIGINAL, has_copy=record.status == "processed")
    assert state_of(candidate, record, replace(CURRENT, headers=headers)) == state
