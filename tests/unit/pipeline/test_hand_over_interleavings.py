"""Every interleaving of the function, the large one and changes of the original ends in an allowed state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.unit.pipeline.interleavings.ends import assert_allowed, settled
from tests.unit.pipeline.interleavings.search import explore
from tests.unit.pipeline.interleavings.world import NEW, OLD, STRICT, Run, World
from zenoimg.imaging import Recipe

Changes = tuple[str | None, ...]

CHANGES: dict[str, Changes] = {
    "no change": (),
    "overwrite by a large one": ("big2",),
    "overwrite by a small one": ("v2",),
    "overwrite by a large and corrupt one": ("big2", "bad3"),
    "delete": (None,),
    "delete, put again": (None, "big2"),
}
STARTS = {
    "put, not processed": World("big1"),
    "processed": settled("big1"),
    "processed by the old recipe": settled("big1", OLD),
    "a small one, processed": settled("v1"),
}
FAULTS = {"none": (0, 0), "crash": (1, 0), "error": (0, 1)}


@pytest.fixture(autouse=True, scope="module")
def _one_round_a_run() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("zenoimg.pipeline.reconcile.MAX_ROUNDS", 1)
        yield


def check(world: World, runs: tuple[Run, ...], changes: Changes, *recipes: Recipe) -> None:
    for end in explore(world, runs, changes)[0]:
        assert not end.messages
        assert_allowed(end, *recipes)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("victim", ["function", "large function"])
@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES.keys())
@pytest.mark.parametrize("start", STARTS)
def test_a_handed_over_key_ends_in_an_allowed_state_whatever_happens_meanwhile(
    start: str, changes: Changes, victim: str, fault: str
) -> None:
    """The errors include a SendMessage that fails before or after it took effect; deletes and overwrites happen
    between the hand-over and the processing of its message."""
    crashes, errors = FAULTS[fault]
    runs = [
        Run(NEW.fingerprint, small=True, starts_after=len(changes), removed=bool(changes) and changes[-1] is None),
        Run(NEW.fingerprint, lane=True),
    ]
    number = ["function", "large function"].index(victim)
    runs[number] = replace(runs[number], crashes=crashes, errors=errors)
    check(STARTS[start], tuple(runs), changes, NEW, *((OLD,) if "old" in start else ()))


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("start", STARTS)
def test_a_key_that_is_handed_over_twice_ends_in_an_allowed_state(start: str, force: bool) -> None:
    runs = (
        Run(NEW.fingerprint, small=True, force=force),
        Run(NEW.fingerprint, small=True, starts_after=1),
        Run(NEW.fingerprint, lane=True),
    )
    check(STARTS[start], runs, ("big2",), NEW, *((OLD,) if "old" in start else ()))


def test_during_a_rollout_a_copy_is_kept_by_the_large_function_as_well() -> None:
    runs = (Run(OLD.fingerprint, small=True), Run(STRICT.fingerprint, lane=True, crashes=1))
    check(settled("big1", OLD), (replace(runs[0], force=True), runs[1]), (), OLD, STRICT)


def test_nothing_is_recorded_for_a_handed_over_key() -> None:
    (end,) = explore(World("big1"), (Run(NEW.fingerprint, small=True),), ())[0]
    assert end == World("big1", messages=(False,))
    (end,) = explore(settled("big1"), (Run(NEW.fingerprint, small=True, force=True),), ())[0]
    assert end == replace(settled("big1"), messages=(True,))


def test_an_up_to_date_image_is_not_handed_over() -> None:
    (end,) = explore(settled("big1"), (Run(NEW.fingerprint, small=True),), ())[0]
    assert end == settled("big1")
