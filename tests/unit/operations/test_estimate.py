"""The compute time of a reprocess: from the images' own durations, or from images of similar size."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from tests.records import record
from zenoimg.cli.terminal.reprocess import plan
from zenoimg.operations.inventory.selection import ListedOriginal, SelectedImage
from zenoimg.operations.reprocess.estimate import Estimate, estimate
from zenoimg.pipeline.records import ImageRecord

SMALL, LARGE = 50_000, 8_000_000


def of_size(size: int, milliseconds: int | None) -> ImageRecord:
    return replace(record("a.jpg"), original_size=size, duration_ms=milliseconds)


def image(size: int, stored: ImageRecord | None = None) -> SelectedImage:
    return SelectedImage("a.jpg", ListedOriginal("a.jpg", "etag", size, "2025-06-12T15:25:14Z"), stored, "stale")


def estimated(images: list[SelectedImage], table: list[ImageRecord]) -> Estimate:
    page = SimpleNamespace(records=table)
    pipeline: Any = SimpleNamespace(catalog=SimpleNamespace(page=lambda limit: page))
    return estimate(pipeline, images, 1024)


def test_measured_images_take_as_long_as_before() -> None:
    found = estimated([image(SMALL, of_size(SMALL, 200)), image(LARGE, of_size(LARGE, 2000))], [])
    assert (found.compute_seconds, found.gb_seconds, found.measured, found.sampled) == (2.2, 2.2, 2, 0)
    assert plan(found, 0).endswith("about 2 s of compute time, 2 GB-seconds (from the last run of these images).")


def test_images_are_estimated_only_by_those_of_similar_size() -> None:
    table = [of_size(SMALL, 200), of_size(SMALL + 1, 300), of_size(LARGE, 2000)]
    found = estimated([image(SMALL + 10)] * 4 + [image(LARGE + 10)] * 2, table)
    assert found.compute_seconds == pytest.approx(4 * 0.25 + 2 * 2)
    assert (found.measured, found.sampled) == (0, 3)
    assert "(from 3 images of similar size)" in plan(found, 0)


def test_without_images_of_similar_size_the_estimate_is_scaled_up_from_smaller_and_bounded_by_larger_ones() -> None:
    assert estimated([image(4 * SMALL)], [of_size(SMALL, 100)]).compute_seconds == pytest.approx(0.4)
    assert estimated([image(SMALL)], [of_size(LARGE, 2000)]).compute_seconds == pytest.approx(2)


def test_durations_of_refusals_and_of_other_versions_are_ignored() -> None:
    refused = replace(of_size(SMALL, 5), status="refused")
    assert estimated([image(SMALL, refused)], [refused]).compute_seconds is None
    found = estimated([image(LARGE, of_size(SMALL, 100))], [of_size(LARGE, 2000)])
    assert (found.compute_seconds, found.measured) == (2, 0)


def test_a_deleted_original_takes_no_time() -> None:
    gone = SelectedImage("a.jpg", None, of_size(SMALL, 100), "left-over")
    assert estimated([gone], []).compute_seconds == 0


def test_retrieval_charges_of_s3_are_reported_by_storage_class() -> None:
    def in_class(storage_class: str, size: int) -> SelectedImage:
        original = ListedOriginal("a.jpg", "etag", size, "2025-06-12T15:25:14Z", storage_class)
        return SelectedImage("a.jpg", original, of_size(size, 1000), "stale")

    free = [in_class("STANDARD", SMALL), in_class("INTELLIGENT_TIERING", SMALL), image(SMALL, of_size(SMALL, 1000))]
    assert estimated(free, []).retrieved_bytes == {}
    assert "retrieval" not in plan(estimated(free, []), 0)
    found = estimated([*free, in_class("GLACIER_IR", LARGE), in_class("GLACIER_IR", LARGE)], [])
    assert found.retrieved_bytes == {"GLACIER_IR": 2 * LARGE}
    assert plan(found, 0).endswith("; S3 bills the retrieval of 16.0 MB in GLACIER_IR.")
