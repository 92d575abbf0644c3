"""Which stored images a new recipe is tried on."""

from __future__ import annotations

from dataclasses import replace

from tests.records import record
from zenoimg.operations.deploy.trial.sample import Bounds, choose
from zenoimg.pipeline.records import ImageRecord


def stored(number: int, *, size: tuple[int, int] = (4000, 3000), format: str = "JPEG", **more: object) -> ImageRecord:
    plain = record(f"{number:04}.jpg")
    return replace(plain, width=size[0], height=size[1], format=format, original_size=1000, **more)  # type: ignore[arg-type]


def ids(records: list[ImageRecord]) -> list[str]:
    return [each.image_id for each in records]


def test_the_sample_has_every_format_and_size_before_a_second_image_of_any() -> None:
    common = [stored(number) for number in range(200)]
    rare = [stored(900, size=(40, 30)), stored(901, format="PNG"), stored(902, size=(30000, 20000))]
    chosen = ids(choose([*common, *rare], Bounds(images=4)))
    assert {"0900.jpg", "0901.jpg", "0902.jpg"} < set(chosen)
    assert len(chosen) == 4


def test_refused_images_are_in_the_sample_and_failed_ones_are_not() -> None:
    common = [stored(number) for number in range(50)]
    refused = stored(900, status="refused")
    failed = stored(901, status="failed")
    chosen = ids(choose([*common, refused, failed], Bounds(images=50)))
    assert "0900.jpg" in chosen
    assert "0901.jpg" not in chosen


def test_the_sample_does_not_depend_on_order_and_has_no_duplicates() -> None:
    records = [stored(number) for number in range(100)]
    once = ids(choose(records, Bounds(images=10)))
    assert once == ids(choose([*reversed(records), *records], Bounds(images=10)))
    assert len(set(once)) == 10
    assert once != sorted(once), "not the first ones by key"


def test_a_sample_stays_within_its_size_limit_and_is_filled_up_with_smaller_originals() -> None:
    records = [replace(stored(1), original_size=900), replace(stored(2), original_size=900), stored(3, format="GIF")]
    chosen = choose([replace(each, original_size=each.original_size or 0) for each in records], Bounds(bytes=1900))
    assert sum(each.original_size or 0 for each in chosen) <= 1900
    assert len(chosen) == 2


def test_without_records_there_is_no_sample() -> None:
    assert choose([], Bounds()) == []
