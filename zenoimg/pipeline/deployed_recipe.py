"""The recipe and the limits as they are deployed to the functions: a few files in a layer of their own.

A layer's ``python`` folder is on the import path wherever functions run, so the files are in a package
there and are found by its name, not by a mount point.

The code of a function and its layers are not switched in one instant, so code reads what an older or a newer
version has packed: former names of keys are understood, unknown keys are ignored and logged.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from importlib.resources import files
from typing import Any

from zenoimg.imaging import Limits, Recipe, recipe_from_mapping, recipe_to_mapping
from zenoimg.imaging.marking.default_font import default_font_license, is_default_font
from zenoimg.imaging.recipe_tables import RECIPE_KEYS

PACKAGE = "zenoimg_recipe"
_INDEX = "recipe.json"
_FORMER_LIMITS = {"max_frame_pixels": "max_total_pixels"}

_log = logging.getLogger(__name__)


def pack(recipe: Recipe, limits: Limits) -> dict[str, bytes]:
    """Return the package's file contents by file name; ``load`` is the inverse.

    The font is always one of the files: functions have no other. The default one may only be passed on with its
    license (SIL Open Font License 1.1, condition 2).
    """
    table, named = recipe_to_mapping(recipe, self_contained=True)
    if recipe.watermark.font is not None and is_default_font(recipe.watermark.font):
        named["OFL.txt"] = default_font_license()
    index = json.dumps({"recipe": table, "limits": asdict(limits)}, indent=1, sort_keys=True)
    return {_INDEX: index.encode(), "__init__.py": b"", **named}


def load(read: Callable[[str], bytes]) -> tuple[Recipe, Limits]:
    """Return the recipe and the limits from the package's files; ``read`` returns a file's content by its name.

    Raises ``RecipeError`` for a recipe that cannot be drawn.
    """
    index: dict[str, dict[str, Any]] = json.loads(read(_INDEX))
    tables = {
        table: _known(table, settings, RECIPE_KEYS[table])
        for table, settings in _known("recipe", index["recipe"], tuple(RECIPE_KEYS)).items()
    }
    given = {_FORMER_LIMITS.get(name, name): value for name, value in index["limits"].items()}
    limits = Limits(**_known("limits", given, tuple(limit.name for limit in fields(Limits))))
    return recipe_from_mapping(tables, read), limits


def load_deployed() -> tuple[Recipe, Limits]:
    """Return the recipe and the limits of the running function.

    Raises ``ModuleNotFoundError`` when the function has no recipe layer.
    """
    package = files(PACKAGE)
    return load(lambda name: (package / name).read_bytes())


def _known(table: str, settings: Mapping[str, Any], known: tuple[str, ...]) -> dict[str, Any]:
    for name in settings:
        if name not in known:
            _log.warning("the deployed recipe has the key %s.%s, which this code does not know: ignored", table, name)
    return {name: value for name, value in settings.items() if name in known}
