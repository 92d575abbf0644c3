"""The layer with the recipe, its logo and its font: written for a deploy, read back by later commands."""

from __future__ import annotations

import io
import zipfile

from zenoimg.errors import ConfigurationError
from zenoimg.imaging import Limits, Recipe, RecipeError
from zenoimg.pipeline import deployed_recipe
from zenoimg.stack.bundle.artifact import Artifact, make_zip

_MAX_RECIPE_BYTES = 20 * 1024 * 1024


def recipe_layer(recipe: Recipe, limits: Limits) -> Artifact:
    """Return the layer. Raises ``ConfigurationError`` when recipe, logo and font exceed 20 MiB."""
    files = deployed_recipe.pack(recipe, limits)
    size = sum(map(len, files.values()))
    if size > _MAX_RECIPE_BYTES:
        raise ConfigurationError(
            f"the recipe with its logo and font takes {size:,} bytes; the maximum is {_MAX_RECIPE_BYTES:,}",
            next_step="Use a smaller logo or font file.",
        )
    root = f"python/{deployed_recipe.PACKAGE}"
    return Artifact("recipe", make_zip({f"{root}/{name}": data for name, data in files.items()}))


class UnreadableLayerError(ValueError):
    """This version of zenoimg cannot read a recipe layer."""


def read_recipe_layer(layer: bytes) -> tuple[Recipe, Limits]:
    """Return recipe and limits in the zip of a layer. Raises ``UnreadableLayerError`` with the reason."""
    try:
        with zipfile.ZipFile(io.BytesIO(layer)) as archive:
            return deployed_recipe.load(lambda name: archive.read(f"python/{deployed_recipe.PACKAGE}/{name}"))
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError, RecipeError) as error:
        raise UnreadableLayerError(str(error)) from error
