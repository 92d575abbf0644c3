"""Every interleaving of reconciling runs with changes of the original, with crashes and retries at each step.

No threads: a run is replayed from its beginning with the answers that it got so far, and suspended at the
first store operation that has no answer yet. So a run's state *is* its list of answers, the whole system's
state can be compared, and the search visits each state once. A further round knows nothing of the one before,
so a round that did not settle is searched as the same run, begun again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from zenoimg.imaging import Limits, Recipe, Refused, Watermarked, WatermarkSpec
from zenoimg.pipeline.reconcile import NeverSettledError, Tools, reconcile
from zenoimg.pipeline.records import ImageRecord
from zenoimg.pipeline.settings import PipelineSettings
from zenoimg.pipeline.storage import CopyMark, Original

KEY = "photo.jpg"
SETTINGS = PipelineSettings("originals", "processed", "images", "https://copies")
NEW, OLD = Recipe(), Recipe(watermark=WatermarkSpec(text="old"))
RECIPES = {recipe.fingerprint: recipe for recipe in (NEW, OLD)}
MOMENT = datetime(2025, 6, 12, tzinfo=UTC)


@dataclass(frozen=True)
class World:
    """What S3 and DynamoDB hold: the original's version, the copy as (version, recipe), the record."""

    original: str | None
    copy: CopyMark | None = None
    record: ImageRecord | None = None


@dataclass(frozen=True)
class Run:
    """One invocation: what its stores answered so far, and what is left of its crashes and faults."""

    recipe: str
    force: bool = False
    starts_after: int = 0  # changes of the original that must have happened: its event tells of the last
    answers: tuple[Any, ...] = ()
    done: bool = False
    crashes: int = 0
    faults: int = 0


class Suspended(BaseException):
    """The run asks its store something new; not an Exception, so that nothing in the code can catch it."""

    def __init__(self, operation: Callable[[World], tuple[World, Any]]) -> None:
        super().__init__()
        self.operation = operation


class StoreError(Exception):
    """A store refuses: throttling, a 500."""


REFUSAL = StoreError("503")


class Replay:
    """Both stores for one run: recorded answers first, then suspension at the next question."""

    def __init__(self, answers: tuple[Any, ...]) -> None:
        self._answers = list(answers)

    def _ask(self, operation: Callable[[World], tuple[World, Any]]) -> Any:
        if not self._answers:
            raise Suspended(operation)
        answer = self._answers.pop(0)
        if isinstance(answer, StoreError):
            raise answer
        return answer

    def get_original(self, key: str, max_bytes: int) -> Original | None:
        return self.head_original(key)

    def head_original(self, key: str) -> Original | None:
        return self._ask(lambda world: (world, world.original and _original(world.original)))  # type: ignore[no-any-return]

    def get_copy_mark(self, key: str) -> CopyMark | None:
        return self._ask(lambda world: (world, world.copy))  # type: ignore[no-any-return]

    def put_copy(self, key: str, data: bytes, content_type: str, mark: CopyMark) -> None:
        assert data.decode() == f"{mark.source_version}+{mark.recipe}", "the copy's mark tells its content"
        self._ask(lambda world: (replace(world, copy=mark), None))

    def delete_copy(self, key: str) -> None:
        self._ask(lambda world: (replace(world, copy=None), None))

    def get(self, image_id: str) -> ImageRecord | None:
        return self._ask(lambda world: (world, world.record))  # type: ignore[no-any-return]

    def put(self, record: ImageRecord) -> None:
        self._ask(lambda world: (replace(world, record=record), None))

    def put_failed(self, record: ImageRecord) -> bool:
        def write(world: World) -> tuple[World, bool]:
            found = world.record
            done = ("processed", record.version_id, record.recipe)
            if found is not None and (found.status, found.version_id, found.recipe) == done:
                return world, False
            return replace(world, record=record), True

        return self._ask(write)  # type: ignore[no-any-return]

    def delete(self, image_id: str) -> None:
        self._ask(lambda world: (replace(world, record=None), None))


def _original(version: str) -> Original:
    return Original(version, f"etag-{version}", len(version), MOMENT, version.encode())


def _watermark(data: bytes, recipe: Recipe, limits: Limits) -> Watermarked:
    if data.startswith(b"bad"):
        raise Refused("corrupt", "bad")
    return Watermarked(data + f"+{recipe.fingerprint}".encode(), "JPEG", 4, 3, 1, ())


@cache
def _next(recipe: str, force: bool, answers: tuple[Any, ...]) -> Callable[[World], tuple[World, Any]] | str:
    """What a run with these answers does next: its operation, or how it ended."""
    store = Replay(answers)
    tools = Tools(store, store, SETTINGS, RECIPES[recipe], Limits(), _watermark, lambda: MOMENT, lambda: 0.0)
    try:
        reconcile(KEY, tools, force=force)
    except Suspended as suspended:
        return suspended.operation
    except (StoreError, NeverSettledError):
        return "retried by its lane"
    return "done"


def _step(run: Run, world: World) -> tuple[Run, World]:
    """Let a run do its next store operation, or end."""
    following = _next(run.recipe, run.force, run.answers)
    if isinstance(following, str):
        return replace(run, answers=(), done=following == "done"), world
    world, answer = following(world)
    return replace(run, answers=(*run.answers, answer)), world


def explore(world: World, runs: tuple[Run, ...], changes: tuple[str | None, ...]) -> tuple[set[World], int]:
    """All worlds in which everything can end, and the number of states visited.

    Asserts that from every state an end can still be reached: no state locks a key up for ever.
    """
    start = (world, runs, 0)
    seen = {start}
    todo = [start]
    ends: set[World] = set()
    alive: list[Any] = []
    before: dict[Any, list[Any]] = {}
    while todo:
        now, active, changed = todo.pop()
        following = []
        if changed < len(changes):
            following.append((replace(now, original=changes[changed]), active, changed + 1))
        for number, run in enumerate(active):
            if run.done or run.starts_after > changed:
                continue
            options = [_step(run, now)]
            if run.crashes and run.answers:  # killed between two operations, and started again by its lane
                options.append((replace(run, answers=(), crashes=run.crashes - 1), now))
            if run.faults:
                fault = replace(run, answers=(*run.answers, REFUSAL), faults=run.faults - 1)
                options.append((fault, now))
            following += [
                ((after, (*active[:number], moved, *active[number + 1 :]), changed)) for moved, after in options
            ]
        if not following:
            ends.add(now)
            alive.append((now, active, changed))
        for state in following:
            before.setdefault(state, []).append((now, active, changed))
            if state not in seen:
                seen.add(state)
                todo.append(state)
    can_end = set(alive)
    while alive:
        fresh = [state for state in before.get(alive.pop(), ()) if state not in can_end]
        can_end.update(fresh)
        alive += fresh
    assert can_end == seen, "a state from which nothing ends"
    return ends, len(seen)


def assert_right(world: World, recipes: set[str]) -> None:
    """Copy and record are what the original asks for, by one recipe of those at work."""
    if world.original is None:
        assert world.copy is None, f"an orphaned copy: {world}"
        assert world.record is None, f"an orphaned record: {world}"
        return
    assert world.record is not None, f"no record: {world}"
    assert world.record.version_id == world.original, f"a record of another version: {world}"
    assert world.record.recipe in recipes
    if world.original.startswith("bad"):
        assert world.record.status == "refused"
        assert world.copy is None, f"a copy of a refused original: {world}"
        return
    assert world.record.status == "processed", f"not processed: {world}"
    assert world.copy == CopyMark(world.original, world.record.recipe or ""), f"copy and record differ: {world}"


@cache
def settled(version: str | None, recipe: Recipe = NEW) -> World:
    """The world after an undisturbed run."""
    ends, _ = explore(World(version), (Run(recipe.fingerprint),), ())
    (end,) = ends
    return end


@pytest.fixture(autouse=True)
def _one_round_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zenoimg.pipeline.reconcile.MAX_ROUNDS", 1)


CHANGES: dict[str, tuple[str | None, ...]] = {
    "put": ("v1",),
    "overwrite": ("v2",),
    "overwrite by a corrupt one": ("bad2",),
    "delete": (None,),
    "delete, put again": (None, "v2"),
    "overwrite, delete": ("v2", None),
}
STARTS: dict[str, World] = {
    "nothing there": World(None),
    "put, not processed": World("v1"),
    "processed": settled("v1"),
    "processed by the old recipe": settled("v1", OLD),
    "refused": settled("bad1"),
    "a copy without a record": World("v1", CopyMark("v1", NEW.fingerprint)),
    "a record without a copy": replace(settled("v1"), copy=None),
}


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES.keys())
@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS.keys())
def test_a_duplicate_and_the_event_of_each_change_leave_the_key_right(
    start: World, changes: tuple[str | None, ...]
) -> None:
    early = Run(NEW.fingerprint)  # a duplicate or late event of before, at any time
    last = Run(NEW.fingerprint, starts_after=len(changes))
    ends, visited = explore(start, (early, last), changes)
    assert visited >= 20, "the search did search"
    for end in ends:
        assert_right(end, {NEW.fingerprint})


@pytest.mark.parametrize("fault", ["crash", "error"])
@pytest.mark.parametrize("victim", ["early", "last"])
@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES.keys())
@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS.keys())
def test_a_run_that_dies_or_is_refused_at_any_step_and_is_retried_leaves_the_key_right(
    start: World, changes: tuple[str | None, ...], victim: str, fault: str
) -> None:
    early, last = Run(NEW.fingerprint), Run(NEW.fingerprint, starts_after=len(changes))
    crashes, faults = (1, 0) if fault == "crash" else (0, 1)
    if victim == "early":
        early = replace(early, crashes=crashes, faults=faults)
    else:
        last = replace(last, crashes=crashes, faults=faults)
    ends, _ = explore(start, (early, last), changes)
    for end in ends:
        assert_right(end, {NEW.fingerprint})


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("version", ["v1", "bad1"])
def test_two_recipes_at_once_end_with_copy_and_record_of_one_recipe(version: str, force: bool) -> None:
    runs = (Run(OLD.fingerprint, force=force, crashes=1), Run(NEW.fingerprint, force=force))
    ends, _ = explore(World(version), runs, ())
    for end in ends:
        assert_right(end, {NEW.fingerprint, OLD.fingerprint})


def test_two_recipes_at_once_beside_an_overwrite_end_with_the_newest_bytes() -> None:
    runs = (Run(OLD.fingerprint), Run(NEW.fingerprint, starts_after=1))
    ends, _ = explore(settled("v1", OLD), runs, ("v2",))
    for end in ends:
        assert_right(end, {NEW.fingerprint, OLD.fingerprint})


def test_a_forced_run_beside_a_live_event_leaves_the_key_right() -> None:
    ends, _ = explore(settled("v1"), (Run(NEW.fingerprint, force=True), Run(NEW.fingerprint, starts_after=1)), ("v2",))
    for end in ends:
        assert_right(end, {NEW.fingerprint})
