"""Which version a restore makes current: the decision table."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from zenoimg.operations.versions.choice import NothingToRestore, Restoration, choose
from zenoimg.operations.versions.listing import Version

TIME = datetime(2026, 11, 29, tzinfo=UTC)


def version(name: str, content: str = "", *, current: bool = False) -> Version:
    return Version(name, is_marker=False, size=1, is_current=current, modified=TIME, etag=content or name)


def marker(name: str, *, current: bool = False) -> Version:
    return Version(name, is_marker=True, is_current=current, modified=TIME)


DELETED = [marker("m", current=True), version("b"), version("a")]
EXISTING = [version("c", "a", current=True), marker("m"), version("b"), version("a")]


@pytest.mark.parametrize("only_deleted", [True, False])
def test_a_deleted_image_gets_its_newest_version_back(only_deleted: bool) -> None:
    assert choose("k", DELETED, only_deleted=only_deleted) == Restoration("k", DELETED[1])


def test_an_existing_image_is_left_alone_unless_a_version_is_given() -> None:
    found = choose("k", EXISTING)
    assert isinstance(found, NothingToRestore)
    assert (found.state, "zenoimg versions k" in found.reason) == ("failed", True)
    assert choose("k", EXISTING, only_deleted=True) == NothingToRestore("k", "unchanged", "it is not deleted")


def test_a_given_version_replaces_the_current_one() -> None:
    assert choose("k", EXISTING, "b") == Restoration("k", EXISTING[2], EXISTING[0])
    assert choose("k", DELETED, "a") == Restoration("k", DELETED[2])


@pytest.mark.parametrize(
    ("wanted", "state", "words"),
    [
        ("c", "unchanged", "it is the current version"),
        ("a", "unchanged", "has the same content"),
        ("m", "failed", "is a delete marker"),
        ("x", "missing", "has no version 'x'"),
    ],
)
def test_versions_that_are_current_or_cannot_be_restored_are_reported(wanted: str, state: str, words: str) -> None:
    found = choose("k", EXISTING, wanted)
    assert isinstance(found, NothingToRestore)
    assert (found.state, words in found.reason) == (state, True)


@pytest.mark.parametrize(
    ("versions", "words"), [([], "no such image"), ([marker("m", current=True)], "keeps no version of it")]
)
def test_permanently_deleted_images_are_missing(versions: list[Version], words: str) -> None:
    found = choose("k", versions)
    assert isinstance(found, NothingToRestore)
    assert (found.state, words in found.reason) == ("missing", True)
