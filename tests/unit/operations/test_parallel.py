"""Parallel calls, only a few of which are pending at a time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from zenoimg.operations.concurrency import as_they_end, batches, map_ahead


def test_results_come_as_completed_and_no_more_calls_are_started_than_allowed() -> None:
    taken: list[int] = []
    slow = Event()

    def endless() -> Iterator[int]:
        number = 0
        while True:
            taken.append(number)
            yield number
            number += 1

    def call(number: int) -> int:
        if number == 0:
            assert slow.wait(30)
        return number

    with ThreadPoolExecutor(2) as pool:
        results = as_they_end(call, endless(), pool, 3)
        first = {next(results) for _ in range(5)}
        assert 0 not in first
        assert len(taken) <= 5 + 3
        slow.set()
        results.close()


def test_closing_drops_calls_that_have_not_started() -> None:
    begun: list[int] = []
    held, ready = Event(), Event()

    def call(number: int) -> int:
        begun.append(number)
        if number == 1:
            ready.set()
            assert held.wait(30)
        return number

    with ThreadPoolExecutor(1) as pool:
        results = as_they_end(call, range(10), pool, 4)
        assert next(results) == 0
        assert ready.wait(30)
        results.close()
        held.set()
    assert begun == [0, 1]


@pytest.mark.parametrize("ordered", [True, False])
def test_an_exception_of_a_call_is_raised(ordered: bool) -> None:
    def call(number: int) -> float:
        return 1 / number

    with ThreadPoolExecutor(2) as pool, pytest.raises(ZeroDivisionError):
        list(map_ahead(call, [1, 0, 1], 2) if ordered else as_they_end(call, [1, 0, 1], pool, 2))


def test_results_of_calls_ahead_keep_their_order() -> None:
    second = Event()

    def call(number: int) -> int:
        if number == 0:
            assert second.wait(30)
        if number == 1:
            second.set()
        return number

    assert list(map_ahead(call, range(20), 2)) == list(range(20))


def test_the_last_batch_may_be_shorter() -> None:
    assert list(batches(range(5), 2)) == [[0, 1], [2, 3], [4]]
