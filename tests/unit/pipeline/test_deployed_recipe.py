from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import Any

import pytest

from zenoimg.imaging import Limits, Recipe, WatermarkSpec
from zenoimg.pipeline import deployed_recipe
from zenoimg.pipeline.recipes import AnyRecipe

RECIPE = Recipe(WatermarkSpec("© acme"))


def loaded(change: dict[str, dict[str, Any]], *, without: str = "") -> tuple[AnyRecipe, Limits]:
    """Load what was packed, with tables or limits as another version might have packed them."""
    files = deployed_recipe.pack(RECIPE, Limits())
    index = json.loads(files["recipe.json"])
    index["limits"] = {k: v for k, v in index["limits"].items() if k != without} | change.pop("limits", {})
    for table, settings in change.items():
        index["recipe"].setdefault(table, {}).update(settings)
    files["recipe.json"] = json.dumps(index).encode()
    return deployed_recipe.load(files.__getitem__)


def test_a_packed_recipe_is_loaded_unchanged(caplog: pytest.LogCaptureFixture) -> None:
    assert loaded({}) == (RECIPE, Limits())
    assert not caplog.records


def test_the_former_name_of_a_limit_is_understood(caplog: pytest.LogCaptureFixture) -> None:
    found = loaded({"limits": {"max_frame_pixels": 5_000}}, without="max_total_pixels")
    assert found == (RECIPE, replace(Limits(), max_total_pixels=5_000))
    assert not caplog.records


def test_limits_packed_before_heic_was_supported_do_not_accept_it() -> None:
    assert loaded({}, without="heic") == (RECIPE, replace(Limits(), heic=False))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"limits": {"max_pages": 3}}, "limits.max_pages"),
        ({"watermark": {"glow": 0.5}}, "watermark.glow"),
        ({"metadata": {"stamp": True}}, "metadata.stamp"),
        ({"encoder": {"heif_quality": 3}}, "encoder.heif_quality"),
        ({"audio": {"gain": 3}}, "recipe.audio"),
    ],
)
def test_unknown_keys_are_ignored_and_logged(
    change: dict[str, dict[str, Any]], named: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert loaded(change) == (RECIPE, Limits())
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage() == f"the deployed recipe has the key {named}, which this code does not know: ignored"
