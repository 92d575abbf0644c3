"""The recipe and the limits as they travel to the functions: a few files in a layer of their own.

A layer's ``python`` folder is on the import path wherever functions run, so the files lie in a package
there and are found by its name, not by a mount point.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from importlib.resources import files

from zenoimg.imaging import Limits, Recipe, recipe_from_mapping, recipe_to_mapping

PACKAGE = "zenoimg_recipe"
_INDEX = "recipe.json"


def pack(recipe: Recipe, limits: Limits) -> dict[str, bytes]:
    """File names and contents of the package; ``load`` is the inverse."""
    table, named = recipe_to_mapping(recipe)
    index = json.dumps({"recipe": table, "limits": asdict(limits)}, indent=1, sort_keys=True)
    return {_INDEX: index.encode(), "__init__.py": b"", **named}


def load(read: Callable[[str], bytes]) -> tuple[Recipe, Limits]:
    """The recipe and the limits from the package's files; ``read`` gives a file's content by its name."""
    index: Mapping[str, Mapping[str, object]] = json.loads(read(_INDEX))
    return recipe_from_mapping(index["recipe"], read), Limits(**index["limits"])  # type: ignore[arg-type]


def load_deployed() -> tuple[Recipe, Limits]:
    """The recipe and the limits of the running function. Raises ``ModuleNotFoundError`` without the layer."""
    package = files(PACKAGE)
    return load(lambda name: (package / name).read_bytes())
