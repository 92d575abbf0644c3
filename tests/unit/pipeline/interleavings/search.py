"""Visit each state of the whole system once.

There are no threads: a run is replayed from its beginning with the answers that it has received so far, and suspended
at the first store operation that has no answer yet. So a run's state *is* its list of answers, and states of the whole
system can be compared. A round knows nothing of the one before it, so a round that did not settle is explored as the
same run, started again.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Generic, TypeVar

from tests.unit.pipeline.interleavings.replay import ERROR, next_step
from tests.unit.pipeline.interleavings.world import Run, World

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
    following = next_step(run.recipe, force, run.removed, run.cache_control, run.small, run.answers)
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

    Asserts that an end can be reached from every state: no state blocks a key forever.
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
