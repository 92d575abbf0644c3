"""Every interleaving of two runs and changes of the original ends in an allowed state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.unit.pipeline.interleavings.ends import assert_allowed, settled
from tests.unit.pipeline.interleavings.search import explore
from tests.unit.pipeline.interleavings.world import NEW, OLD, PICKY, STRICT, Run, World
from zenoimg.imaging import Recipe
from zenoimg.pipeline.verdict import CopyMark

Changes = tuple[str | None, ...]


@pytest.fixture(autouse=True, scope="module")
def _one_round_a_run() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("zenoimg.pipeline.reconcile.MAX_ROUNDS", 1)
        yield


CHANGES: dict[str, Changes] = {
    "put": ("v1",),
    "overwrite": ("v2",),
    "overwrite by a corrupt one": ("bad2",),
    "delete": (None,),
    "delete, put again": (None, "v2"),
    "overwrite, delete": ("v2", None),
}


def starts() -> dict[str, World]:
    return {
        "nothing there": World(None),
        "put, not processed": World("v1"),
        "processed": settled("v1"),
        "processed by the old recipe": settled("v1", OLD),
        "refused": settled("bad1"),
        "a copy without a record": World("v1", CopyMark("v1", NEW.fingerprint), None, frozenset({"v1"})),
        "a record without a copy": replace(settled("v1"), copy=None, published=frozenset()),
    }


START_NAMES = (
    "nothing there",
    "put, not processed",
    "processed",
    "processed by the old recipe",
    "refused",
    "a copy without a record",
    "a record without a copy",
)


def check(world: World, runs: tuple[Run, ...], changes: Changes, *recipes: Recipe) -> int:
    ends, visited = explore(world, runs, changes)
    for end in ends:
        assert_allowed(end, *recipes)
    return visited


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES.keys())
@pytest.mark.parametrize("start", START_NAMES)
def test_a_duplicate_event_and_those_of_each_change_end_in_an_allowed_state(start: str, changes: Changes) -> None:
    early = Run(NEW.fingerprint)  # a duplicate or late event of an earlier change, at any time
    last = Run(NEW.fingerprint, starts_after=len(changes), removed=changes[-1] is None)
    assert check(starts()[start], (early, last), changes, NEW) >= 20, "the search visited many states"


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["crash", "error"])
@pytest.mark.parametrize("victim", ["early", "last"])
@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES.keys())
@pytest.mark.parametrize("start", START_NAMES)
def test_a_run_that_crashes_or_fails_at_any_step_and_is_retried_ends_in_an_allowed_state(
    start: str, changes: Changes, victim: str, fault: str
) -> None:
    early, last = Run(NEW.fingerprint), Run(NEW.fingerprint, starts_after=len(changes))
    crashes, errors = (1, 0) if fault == "crash" else (0, 1)
    if victim == "early":
        early = replace(early, crashes=crashes, errors=errors)
    else:
        last = replace(last, crashes=crashes, errors=errors)
    check(starts()[start], (early, last), changes, NEW)


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("version", ["v1", "bad1"])
def test_two_recipes_at_once_end_with_copy_and_record_of_the_same_one(version: str, force: bool) -> None:
    runs = (Run(OLD.fingerprint, force=force, crashes=1), Run(NEW.fingerprint, force=force))
    check(World(version), runs, (), NEW, OLD)


def test_two_recipes_at_once_and_an_overwrite_end_with_the_newest_bytes() -> None:
    runs = (Run(OLD.fingerprint), Run(NEW.fingerprint, starts_after=1))
    check(settled("v1", OLD), runs, ("v2",), NEW, OLD)


def test_a_forced_run_and_a_live_event_end_in_an_allowed_state() -> None:
    runs = (Run(NEW.fingerprint, force=True), Run(NEW.fingerprint, starts_after=1))
    check(settled("v1"), runs, ("v2",), NEW)


ROLLOUT_CHANGES: dict[str, Changes] = {
    "no change": (),
    "put or overwrite": ("w2",),
    "delete": (None,),
    "delete, put again": (None, "w2"),
}


def rollout_starts(refusing: Recipe) -> dict[str, World]:
    return {
        "nothing there": World(None),
        "put, not processed": World("v1"),
        "processed by the old recipe": settled("v1", OLD),
        "processed by the old recipe, refused by the new": settled("v2", OLD, refusing),
    }


ROLLOUT_START_NAMES = (
    "nothing there",
    "put, not processed",
    "processed by the old recipe",
    "processed by the old recipe, refused by the new",
)


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["none", "crash", "error"])
@pytest.mark.parametrize("last", ["old", "new"])
@pytest.mark.parametrize("refusing", [STRICT, PICKY], ids=["refuses all", "refuses some"])
@pytest.mark.parametrize("changes", ROLLOUT_CHANGES.values(), ids=ROLLOUT_CHANGES.keys())
@pytest.mark.parametrize("start", ROLLOUT_START_NAMES)
def test_a_recipe_that_refuses_removes_no_copies(
    start: str, changes: Changes, refusing: Recipe, last: str, fault: str
) -> None:
    recipes = (refusing, OLD) if last == "old" else (OLD, refusing)
    crashes, errors = int(fault == "crash"), int(fault == "error")
    # A run that crashes or fails is retried by the function with the other recipe.
    early = Run(recipes[0].fingerprint, crashes=crashes, errors=errors, retry_recipe=recipes[1].fingerprint)
    late = Run(recipes[1].fingerprint, starts_after=len(changes), removed=bool(changes) and changes[-1] is None)
    check(rollout_starts(refusing)[start], (early, late), changes, OLD, refusing)


@pytest.mark.parametrize(("crashes", "errors"), [(1, 0), (0, 1)], ids=["crash", "error"])
@pytest.mark.parametrize("start", ROLLOUT_START_NAMES[1:])
def test_an_overwrite_retried_under_the_other_recipe_ends_in_an_allowed_state(
    start: str, crashes: int, errors: int
) -> None:
    early = Run(OLD.fingerprint)
    last = Run(STRICT.fingerprint, starts_after=1, crashes=crashes, errors=errors, retry_recipe=OLD.fingerprint)
    check(rollout_starts(STRICT)[start], (early, last), ("w2",), OLD, STRICT)


@pytest.mark.parametrize("recipe", [OLD, STRICT], ids=["marks", "refuses"])
def test_a_forced_run_concurrent_with_another_recipe_keeps_a_copy(recipe: Recipe) -> None:
    other = STRICT if recipe is OLD else OLD
    runs = (Run(recipe.fingerprint, force=True, crashes=1), Run(other.fingerprint))
    check(settled("v1", OLD), runs, (), OLD, STRICT)


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["none", "crash", "error"])
@pytest.mark.parametrize("version", ["v1", "v2"], ids=["marked", "refused by the new recipe"])
def test_two_header_rules_at_once_end_with_those_in_the_record(version: str, fault: str) -> None:
    crashes, errors = int(fault == "crash"), int(fault == "error")
    runs = (
        Run(PICKY.fingerprint, cache_control="no-store", crashes=crashes, errors=errors),
        Run(OLD.fingerprint, cache_control="max-age=60"),
    )
    check(settled(version, OLD), runs, (), OLD, PICKY)
    check(settled(version, OLD, PICKY), runs, (), OLD, PICKY)
