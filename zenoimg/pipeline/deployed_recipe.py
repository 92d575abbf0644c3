"""The recipe and the limits as deployed to the functions: a few files in a separate layer.

A layer's ``python`` folder is on the import path wherever functions run, so the files are in a package
there and are found by its name instead of a mount point.

A function's code and its layers are not switched at the same instant, so the code must read what an older or newer
version has packed: former names of keys are understood, unknown keys are ignored and logged.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from importlib.resources import files
from typing import Any

from zenoimg.imaging import Limits, Recipe, recipe_from_mapping, recipe_to_mapping
from zenoimg.imaging.marking.default_font import default_font_license, is_default_font
from zenoimg.imaging.recipe_tables import RECIPE_KEYS
from zenoimg.pipeline.recipes import AnyRecipe, Recipes, Rule, base_of

PACKAGE = "zenoimg_recipe"
_INDEX = "recipe.json"
_FORMER_LIMITS = {"max_frame_pixels": "max_total_pixels"}

_log = logging.getLogger(__name__)


def pack(recipe: AnyRecipe, limits: Limits) -> dict[str, bytes]:
    """Return the package's file contents by file name; ``load`` is the inverse.

    The font is always included, since functions have no other. The default font may be distributed only with its
    license (SIL Open Font License 1.1, condition 2).
    """
    table, named = recipe_to_mapping(base_of(recipe), self_contained=True)
    described: dict[str, Any] = {"recipe": table, "limits": asdict(limits)}
    if isinstance(recipe, Recipes):
        described["rules"] = [{"prefix": rule.prefix, "recipe": _packed(rule.recipe, named)} for rule in recipe.rules]
    if any(is_default_font(data) for data in named.values()):
        named["OFL.txt"] = default_font_license()
    index = json.dumps(described, indent=1, sort_keys=True)
    return {_INDEX: index.encode(), "__init__.py": b"", **named}


def _packed(recipe: Recipe, named: dict[str, bytes]) -> dict[str, object]:
    """Return the tables of a rule's recipe, and add its files to the package, each distinct content once."""
    tables, files = recipe_to_mapping(recipe, self_contained=True)
    names = {data: name for name, data in named.items()}
    for name, data in files.items():
        named.setdefault(names.setdefault(data, f"{hashlib.sha256(data).hexdigest()[:16]}-{name}"), data)
    watermark = tables["watermark"]
    assert isinstance(watermark, dict)
    for key in ("logo", "font"):
        if key in watermark:
            watermark[key] = names[files[watermark[key]]]
    return tables


def load(read: Callable[[str], bytes]) -> tuple[AnyRecipe, Limits]:
    """Return the recipe and the limits from the package's files; ``read`` returns a file's content by name.

    Raises ``RecipeError`` for a recipe that cannot be drawn.
    """
    index: dict[str, Any] = json.loads(read(_INDEX))
    given = {_FORMER_LIMITS.get(name, name): value for name, value in index["limits"].items()}
    known = _known("limits", given, tuple(limit.name for limit in fields(Limits)))
    limits = Limits(**{"heic": False, **known})  # limits without it were packed before HEIC was supported
    base = _unpacked(index["recipe"], read)
    rules = tuple(Rule(rule["prefix"], _unpacked(rule["recipe"], read)) for rule in index.get("rules", ()))
    return (Recipes(base, rules) if rules else base), limits


def _unpacked(described: Mapping[str, Any], read: Callable[[str], bytes]) -> Recipe:
    tables = {
        table: _known(table, settings, RECIPE_KEYS[table])
        for table, settings in _known("recipe", described, (*RECIPE_KEYS, "mark")).items()
        if table != "mark"
    }
    return recipe_from_mapping({**tables, "mark": described.get("mark", "drawn")}, read)


def load_deployed() -> tuple[AnyRecipe, Limits]:
    """Return the recipe and the limits of the running function.

    Raises ``ModuleNotFoundError`` if the function has no recipe layer.
    """
    package = files(PACKAGE)
    return load(lambda name: (package / name).read_bytes())


def _known(table: str, settings: Mapping[str, Any], known: tuple[str, ...]) -> dict[str, Any]:
    for name in settings:
        if name not in known:
            _log.warning("the deployed recipe has the key %s.%s, which this code does not know: ignored", table, name)
    return {name: value for name, value in settings.items() if name in known}
