"""Explore every interleaving of reconciling runs with changes of the original, with crashes and errors at each step.

No threads: a run is replayed from its beginning with the answers that it has got so far, and suspended at the first
store operation that has no answer yet. So a run's state *is* its list of answers, states of the whole system can be
compared, and the search visits each state once. A round knows nothing of the one before it, so a round that did not
settle is explored as the same run, started again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any, Generic, TypeVar

from zenoimg.imaging import Limits, Recipe, Refused, Watermarked, WatermarkSpec
from zenoimg.imaging.errors import NeedsMemoryError
from zenoimg.pipeline.objects.headers import CopyHeaders
from zenoimg.pipeline.reconcile import NeverSettledError, reconcile
from zenoimg.pipeline.records import ImageRecord
from zenoimg.pipeline.settings import PipelineSettings
from zenoimg.pipeline.storage import Original, PublishedCopy
from zenoimg.pipeline.tools import Tools
from zenoimg.pipeline.verdict import CopyMark

KEY = "photo.jpg"
MOST_MESSAGES = 2
SETTINGS = PipelineSettings("originals", "processed", "images", "https://copies")
MOMENT = datetime(2025, 6, 12, tzinfo=UTC)

NEW, OLD, STRICT, PICKY = (Recipe(watermark=WatermarkSpec(text=text)) for text in ("new", "old", "strict", "picky"))
RECIPES = {recipe.fingerprint: recipe for recipe in (NEW, OLD, STRICT, PICKY)}


def refuses(recipe: str, version: str) -> bool:
    """Return whether a recipe refuses a version: STRICT all of them, PICKY the second, every recipe a bad one."""
    if recipe == STRICT.fingerprint:
        return True
    return version.startswith("bad") or (recipe == PICKY.fingerprint and version.endswith("2"))


@dataclass(frozen=True)
class World:
    """What S3 and DynamoDB hold: the original's version, the copy's mark, the record; and which versions had a copy.

    ``messages`` are those of the large queue, each as its ``force``.
    """

    original: str | None
    copy: CopyMark | None = None
    record: ImageRecord | None = None
    published: frozenset[str] = frozenset()
    messages: tuple[bool, ...] = ()


@dataclass(frozen=True)
class Run:
    """One invocation: what its stores have answered so far, and how many crashes and errors it has left.

    ``retry_recipe`` is the recipe of the function that a crashed or failed run is retried by. A ``small`` function
    hands over versions that begin with "big". A ``lane`` is all runs of the large function: each is by the first
    message of the large queue, which is deleted when the run is done.
    """

    recipe: str
    force: bool = False
    removed: bool = False
    cache_control: str | None = None
    starts_after: int = 0  # changes of the original before it: its event announces the last of them
    answers: tuple[Any, ...] = ()
    done: bool = False
    crashes: int = 0
    errors: int = 0
    retry_recipe: str = ""
    small: bool = False
    lane: bool = False

    def retried(self) -> Run:
        return replace(self, answers=(), recipe=self.retry_recipe or self.recipe)


class Suspended(BaseException):
    """The run asks its store something new; not an Exception, so that no code under test can catch it."""

    def __init__(self, operation: Callable[[World], tuple[World, Any]]) -> None:
        super().__init__()
        self.operation = operation


class StoreError(Exception):
    """A store fails: throttling, a 500, a lost connection."""


ERROR = StoreError("503")


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

    def get_tags(self, key: str, original: Original) -> dict[str, str] | None:
        raise AssertionError("no scenario carries tags")

    def head_copy(self, key: str) -> PublishedCopy | None:
        return self._ask(lambda world: (world, world.copy and published(world.copy)))  # type: ignore[no-any-return]

    def put_copy(
        self, key: str, data: bytes, content_type: str, mark: CopyMark, *, headers: CopyHeaders, replacing: str | None
    ) -> bool:
        assert data == _bytes(mark), "the mark of a copy names its content"

        def put(world: World) -> tuple[World, bool]:
            if _etag(world) != replacing:
                return world, False
            return replace(world, copy=mark, published=world.published | {mark.source_version}), True

        return self._ask(put)  # type: ignore[no-any-return]

    def rewrite_copy(self, key: str, copy: PublishedCopy, mark: CopyMark, headers: CopyHeaders) -> bool:
        return self._ask(  # type: ignore[no-any-return]
            lambda world: (replace(world, copy=mark), True) if _etag(world) == copy.etag else (world, False)
        )

    def delete_copy(self, key: str, etag: str) -> bool:
        return self._ask(  # type: ignore[no-any-return]
            lambda world: (replace(world, copy=None), True) if _etag(world) == etag else (world, False)
        )

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

    def hand_over(self, key: str, force: bool) -> None:
        def send(world: World) -> tuple[World, None]:
            # A third message would only repeat what the last one has done.
            return replace(world, messages=(*world.messages, force)[:MOST_MESSAGES]), None

        self._ask(send)


def _original(version: str) -> Original:
    return Original(version, f"etag-{version}", len(version), MOMENT, version.encode())


def _bytes(mark: CopyMark) -> bytes:
    return f"{mark.source_version}+{mark.recipe}".encode()


def published(mark: CopyMark) -> PublishedCopy:
    data = _bytes(mark)
    return PublishedCopy(mark, etag=data.decode(), size=len(data), content_type="image/jpeg")


def _etag(world: World) -> str | None:
    return None if world.copy is None else published(world.copy).etag


def _watermark(data: bytes, recipe: Recipe, limits: Limits, *, key: str) -> Watermarked:
    if refuses(recipe.fingerprint, data.decode()):
        raise Refused("corrupt", "refused")
    return Watermarked(_bytes(CopyMark(data.decode(), recipe.fingerprint)), "JPEG", 4, 3, 1, ())


def _watermark_in_little_memory(data: bytes, recipe: Recipe, limits: Limits, *, key: str) -> Watermarked:
    if data.startswith(b"big"):
        raise NeedsMemoryError(2, 1)
    return _watermark(data, recipe, limits, key=key)


@cache
def _next(
    recipe: str, force: bool, removed: bool, cache_control: str | None, small: bool, answers: tuple[Any, ...]
) -> Any:
    """Return the operation that a run with these answers asks for next, or how it ended."""
    store = Replay(answers)
    settings = replace(SETTINGS, cache_control=cache_control)
    mark = _watermark_in_little_memory if small else _watermark
    tools = Tools(store, store, settings, RECIPES[recipe], Limits(), mark, lambda: MOMENT, lambda: 0.0)
    try:
        reconcile(KEY, tools, force=force, removed=removed, hand_over=store.hand_over if small else None)
    except Suspended as suspended:
        return suspended.operation
    except NeverSettledError:
        return "another round"
    except StoreError:
        return "failed"
    return "done"


T = TypeVar("T")


class _Numbers(Generic[T]):
    """Numbers for values whose hash is expensive, so that the search compares and stores numbers."""

    def __init__(self) -> None:
        self._numbers: dict[T, int] = {}
        self.values: list[T] = []

    def of(self, value: T) -> int:
        number = self._numbers.setdefault(value, len(self.values))
        if number == len(self.values):
            self.values.append(value)
        return number


_WORLDS: _Numbers[World] = _Numbers()
_RUNS: _Numbers[Run] = _Numbers()


@cache
def _steps(run_number: int, world_number: int) -> tuple[tuple[int, int], ...]:
    """Return what can happen next to a run: its next operation or end, a crash, an error before or after it."""
    run, world = _RUNS.values[run_number], _WORLDS.values[world_number]
    if run.lane and not world.messages:
        return ()
    force = world.messages[0] if run.lane else run.force
    following = _next(run.recipe, force, run.removed, run.cache_control, run.small, run.answers)
    if following == "done" and run.lane:
        steps = [(replace(run, answers=()), replace(world, messages=world.messages[1:]))]
    elif following == "done":
        steps = [(replace(run, answers=(), done=True), world)]
    elif following == "another round":
        steps = [(replace(run, answers=()), world)]
    elif following == "failed":
        steps = [(run.retried(), world)]
    else:
        changed, answer = following(world)
        steps = [(replace(run, answers=(*run.answers, answer)), changed)]
        if run.crashes and run.answers:
            steps.append((replace(run.retried(), crashes=run.crashes - 1), world))
        if run.errors:
            failing = replace(run, answers=(*run.answers, ERROR), errors=run.errors - 1)
            steps += [(failing, world), (failing, changed)]
    return tuple((_RUNS.of(each), _WORLDS.of(after)) for each, after in steps)


@cache
def _changed(world_number: int, original: str | None) -> int:
    return _WORLDS.of(replace(_WORLDS.values[world_number], original=original))


State = tuple[int, tuple[int, ...], int]
"""A world, the runs, and how many changes of the original have happened."""


def _following(state: State, changes: tuple[str | None, ...]) -> list[State]:
    now, active, changed = state
    following: list[State] = []
    if changed < len(changes):
        following.append((_changed(now, changes[changed]), active, changed + 1))
    for index, number in enumerate(active):
        run = _RUNS.values[number]
        if not run.done and run.starts_after <= changed:
            following += [
                (after, (*active[:index], moved, *active[index + 1 :]), changed) for moved, after in _steps(number, now)
            ]
    return following


def explore(world: World, runs: tuple[Run, ...], changes: tuple[str | None, ...]) -> tuple[set[World], int]:
    """Return all worlds in which everything can end, and the number of states visited.

    Asserts that an end can be reached from every state: no state blocks a key for ever.
    """
    start: State = (_WORLDS.of(world), tuple(_RUNS.of(run) for run in runs), 0)
    before: dict[State, list[State]] = {start: []}
    todo, ends = [start], []
    while todo:
        state = todo.pop()
        following = _following(state, changes)
        if not following:
            ends.append(state)
        for each in following:
            if each not in before:
                before[each] = []
                todo.append(each)
            before[each].append(state)
    can_end, todo = set(ends), list(ends)
    while todo:
        fresh = [state for state in before[todo.pop()] if state not in can_end]
        can_end.update(fresh)
        todo += fresh
    assert len(can_end) == len(before), "a state from which nothing ends"
    return {_WORLDS.values[state[0]] for state in ends}, len(before)


def assert_allowed(world: World, *recipes: Recipe) -> None:
    """Check that copy and record are one of the allowed ends for the original, by one of the recipes at work."""
    version, record = world.original, world.record
    if version is None:
        assert world.copy is None, f"an orphaned copy: {world}"
        assert record is None, f"an orphaned record: {world}"
        return
    assert record is not None, f"no record: {world}"
    assert record.version_id == version, f"a record of another version: {world}"
    assert record.recipe in {recipe.fingerprint for recipe in recipes}
    if record.status == "processed":
        assert not refuses(record.recipe, version)
        assert world.copy == CopyMark(version, record.recipe, record.headers or ""), f"copy and record differ: {world}"
    else:
        assert record.status == "refused", f"neither processed nor refused: {world}"
        assert refuses(record.recipe, version), f"refused by a recipe that does not: {world}"
        recipe = record.copy_recipe
        kept = None if recipe is None else CopyMark(version, recipe, record.headers or "")
        assert world.copy == kept, f"not the copy that the record keeps: {world}"
    if world.copy is not None:
        assert record.headers, f"a copy without headers of known rules: {world}"
        assert record.processed_size == published(world.copy).size, f"another copy is described: {world}"
    assert world.copy is not None or version not in world.published, f"a published copy is gone: {world}"


@cache
def settled(version: str | None, recipe: Recipe = NEW, then: Recipe | None = None) -> World:
    """Return the world after undisturbed runs by one recipe, and then by another one."""
    world = World(version)
    for each in (recipe, then):
        if each is not None:
            (world,) = explore(world, (Run(each.fingerprint),), ())[0]
    return world
