"""Which images are the canary of a rollout."""

from __future__ import annotations

import pytest

from zenoimg.errors import UsageError
from zenoimg.operations.rollout.canary import CanarySize, canary_keys, parse_size

KEYS = [f"{year}/{number:04}.jpg" for year in (2023, 2024, 2025) for number in range(1000)]


@pytest.mark.parametrize(
    ("text", "size"),
    [("1%", CanarySize(share=0.01)), ("0.5%", CanarySize(share=0.005)), ("20", CanarySize(images=20))],
)
def test_a_size_is_a_percentage_or_a_number(text: str, size: CanarySize) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "0", "0%", "100%", "-1", "1.5", "%", "all", "1 %", "1e3", "1" * 12])
def test_any_other_size_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="neither a share nor a number"):
        parse_size(text)


@pytest.mark.parametrize("size", [CanarySize(share=0.01), CanarySize(images=30)])
def test_the_same_keys_in_any_order_give_the_same_canary_of_about_that_size(size: CanarySize) -> None:
    chosen = canary_keys(KEYS, size)
    assert chosen == canary_keys(reversed(KEYS), size)
    assert 15 <= len(chosen) <= 50
    assert {key[:4] for key in chosen} == {"2023", "2024", "2025"}, "of every folder"


def test_new_images_do_not_replace_those_of_a_percentage() -> None:
    before = canary_keys(KEYS[:2000], CanarySize(share=0.01))
    assert before < canary_keys(KEYS, CanarySize(share=0.01))


def test_a_larger_canary_contains_the_smaller_one() -> None:
    assert canary_keys(KEYS, CanarySize(images=5)) < canary_keys(KEYS, CanarySize(images=50))
    assert canary_keys(KEYS, CanarySize(share=0.001)) <= canary_keys(KEYS, CanarySize(share=0.01))


def test_a_percentage_of_few_images_is_at_least_one_and_of_none_is_none() -> None:
    (only,) = canary_keys(KEYS[:5], CanarySize(share=0.0001))
    assert only in KEYS[:5]
    assert {only} == canary_keys(reversed(KEYS[:5]), CanarySize(share=0.0001))
    assert canary_keys([], CanarySize(share=0.5)) == canary_keys([], CanarySize(images=5)) == frozenset()


def test_a_number_larger_than_the_total_means_all_images() -> None:
    assert canary_keys(KEYS[:7], CanarySize(images=100)) == set(KEYS[:7])
