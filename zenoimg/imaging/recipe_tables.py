"""Convert a recipe to the tables of a configuration file, and vice versa."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from zenoimg.imaging.errors import RecipeError
from zenoimg.imaging.metadata.policy import Rights
from zenoimg.imaging.recipe import EncoderSettings, Recipe, WatermarkSpec

RECIPE_KEYS: Mapping[str, tuple[str, ...]] = {
    "watermark": tuple(setting.name for setting in fields(WatermarkSpec)),
    "metadata": ("policy", *(setting.name for setting in fields(Rights))),
    "encoder": tuple(setting.name for setting in fields(EncoderSettings)),
    "output": ("hdr",),
}
"""The tables that make up a recipe, and the keys of each."""

_FILE_NAMES = {"logo": "logo.png", "font": "font.ttf"}


def recipe_from_mapping(table: Mapping[str, object], read: Callable[[str], bytes]) -> Recipe:
    """Return the recipe described by the tables ``watermark``, ``metadata``, ``encoder`` and ``output``; ignore others.

    With ``mark = "none"`` next to the tables, there is no mark. Keys are the field names of ``WatermarkSpec`` and
    ``EncoderSettings``; ``metadata`` has ``policy`` and the fields of ``Rights``. ``logo`` and ``font`` are file names;
    ``read`` returns a file's content, and its exceptions are passed on.
    A missing key or table means the default. Raises ``RecipeError`` naming the key for anything else.
    """
    unmarked = table.get("mark", "drawn") == "none"
    watermark = {} if unmarked else _table(table, "watermark")
    metadata = _table(table, "metadata")
    encoder = _table(table, "encoder")
    for key in _FILE_NAMES:
        if key in watermark:
            watermark[key] = _file_bytes(key, watermark[key], read)
    settings: dict[str, Any] = _table(table, "output")
    if "policy" in metadata:
        settings["metadata"] = metadata.pop("policy")
    encoder_settings, rights = EncoderSettings(**encoder), Rights(**metadata)
    return Recipe(None if unmarked else WatermarkSpec(**watermark), encoder=encoder_settings, rights=rights, **settings)


def recipe_to_mapping(recipe: Recipe, *, self_contained: bool = False) -> tuple[dict[str, object], dict[str, bytes]]:
    """Return the tables of a recipe, ready for JSON, and the contents of the files in them, by file name.

    ``recipe_from_mapping(tables, files.__getitem__)`` returns an equal recipe. With ``self_contained`` it does so
    even if the default font is not installed: that font is then one of the files.
    """
    from zenoimg.imaging.marking.default_font import is_default_font

    files: dict[str, bytes] = {}
    watermark: dict[str, object] = {}
    for setting in fields(WatermarkSpec) if recipe.watermark is not None else ():
        value = getattr(recipe.watermark, setting.name)
        if setting.name == "font" and value is not None and not self_contained and is_default_font(value):
            continue
        if isinstance(value, bytes):
            files[_FILE_NAMES[setting.name]] = value
            watermark[setting.name] = _FILE_NAMES[setting.name]
        elif value is not None:
            watermark[setting.name] = value
    encoder = {setting.name: getattr(recipe.encoder, setting.name) for setting in fields(EncoderSettings)}
    rights = {setting.name: getattr(recipe.rights, setting.name) for setting in fields(Rights)}
    rights = {name: value for name, value in rights.items() if value is not None}
    tables: dict[str, object] = {
        "watermark": watermark,
        "metadata": {"policy": recipe.metadata, **rights},
        "encoder": encoder,
        "output": {"hdr": recipe.hdr},
    }
    if recipe.watermark is None:
        tables["mark"] = "none"
    return tables, files


def _table(tables: Mapping[str, object], name: str) -> dict[str, Any]:
    table, allowed = tables.get(name, {}), RECIPE_KEYS[name]
    if not isinstance(table, Mapping):
        raise RecipeError(name, f"must be a table with the keys {', '.join(allowed)}")
    for key in table:
        if key not in allowed:
            raise RecipeError(f"{name}.{key}", f"is not a setting; allowed are {', '.join(allowed)}")
    return dict(table)


def _file_bytes(key: str, name: object, read: Callable[[str], bytes]) -> bytes:
    if not isinstance(name, str) or not name:
        raise RecipeError(key, f"{name!r} is not a file name")
    return read(name)
