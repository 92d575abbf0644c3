"""A recipe as tables of a configuration file, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from zenoimg.imaging.errors import RecipeError
from zenoimg.imaging.recipe import EncoderSettings, Recipe, WatermarkSpec

_FILE_NAMES = {"logo": "logo.png", "font": "font.ttf"}


def recipe_from_mapping(table: Mapping[str, object], read: Callable[[str], bytes]) -> Recipe:
    """Build a recipe from the tables ``watermark``, ``metadata`` and ``encoder``; others are left alone.

    Keys are the field names of ``WatermarkSpec`` and ``EncoderSettings``; ``metadata`` has one, ``policy``.
    ``logo`` and ``font`` are file names, which ``read`` turns into bytes; what it raises passes through.
    A missing key or table means the default. Raises ``RecipeError`` for anything else, naming the key.
    """
    watermark = _table(table, "watermark", [field.name for field in fields(WatermarkSpec)])
    metadata = _table(table, "metadata", ["policy"])
    encoder = _table(table, "encoder", [field.name for field in fields(EncoderSettings)])
    for key in _FILE_NAMES:
        if key in watermark:
            watermark[key] = _file_bytes(key, watermark[key], read)
    settings: dict[str, Any] = {"metadata": metadata["policy"]} if "policy" in metadata else {}
    return Recipe(WatermarkSpec(**watermark), encoder=EncoderSettings(**encoder), **settings)


def recipe_to_mapping(recipe: Recipe) -> tuple[dict[str, object], dict[str, bytes]]:
    """Give the JSON-able tables of a recipe and the files that they name, by name.

    ``recipe_from_mapping(tables, files.__getitem__)`` gives a recipe that equals the first.
    """
    files: dict[str, bytes] = {}
    watermark: dict[str, object] = {}
    for field in fields(WatermarkSpec):
        value = getattr(recipe.watermark, field.name)
        if isinstance(value, bytes):
            files[_FILE_NAMES[field.name]] = value
            watermark[field.name] = _FILE_NAMES[field.name]
        elif value is not None:
            watermark[field.name] = value
    encoder = {field.name: getattr(recipe.encoder, field.name) for field in fields(EncoderSettings)}
    return {"watermark": watermark, "metadata": {"policy": recipe.metadata}, "encoder": encoder}, files


def _table(tables: Mapping[str, object], name: str, allowed: list[str]) -> dict[str, Any]:
    table = tables.get(name, {})
    if not isinstance(table, Mapping):
        raise RecipeError(name, f"must be a table with the keys {', '.join(allowed)}")
    for key in table:
        if key not in allowed:
            raise RecipeError(f"{name}.{key}", f"is no setting; allowed are {', '.join(allowed)}")
    return dict(table)


def _file_bytes(key: str, name: object, read: Callable[[str], bytes]) -> bytes:
    if not isinstance(name, str) or not name:
        raise RecipeError(key, f"{name!r} is not a file name")
    return read(name)
