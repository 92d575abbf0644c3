"""Write the layer with the recipe, its logo and its font for a deploy, and read it in later commands."""

from __future__ import annotations

import io
import json
import zipfile

from zenoimg.errors import ConfigurationError
from zenoimg.imaging import Limits, RecipeError
from zenoimg.pipeline import deployed_recipe
from zenoimg.pipeline.recipes import AnyRecipe, fingerprints_of
from zenoimg.stack.bundle.artifact import Artifact, make_zip

_MAX_RECIPE_BYTES = 20 * 1024 * 1024
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
_MAX_PARAMETER_BYTES = 4096


def recipe_layer(recipe: AnyRecipe, limits: Limits) -> Artifact:
    """Return the layer. Raises ``ConfigurationError`` if recipe, logo and font exceed 20 MiB."""
    files = deployed_recipe.pack(recipe, limits)
    size = sum(map(len, files.values()))
    if size > _MAX_RECIPE_BYTES:
        raise ConfigurationError(
            f"the recipe with its logo and font takes {size:,} bytes; the maximum is {_MAX_RECIPE_BYTES:,}",
            next_step="Use a smaller logo or font file.",
        )
    root = f"python/{deployed_recipe.PACKAGE}"
    return Artifact("recipe", make_zip({f"{root}/{name}": data for name, data in files.items()}))


def rules_parameter(recipe: AnyRecipe) -> str:
    """Return the fingerprints of a recipe's rules as a template parameter. Raises ``ConfigurationError``."""
    fingerprints = fingerprints_of(recipe)
    text = json.dumps(fingerprints) if fingerprints else ""
    if len(text.encode()) > _MAX_PARAMETER_BYTES:
        raise ConfigurationError(
            f"the {len(fingerprints) - 1} rules with their prefixes take {len(text.encode()):,} bytes; a "
            f"CloudFormation parameter holds {_MAX_PARAMETER_BYTES:,}",
            next_step="Use fewer rules, or shorter prefixes.",
        )
    return text


class UnreadableLayerError(ValueError):
    """This version of zenoimg cannot read a recipe layer."""


def read_recipe_layer(layer: bytes) -> tuple[AnyRecipe, Limits]:
    """Return the recipe and limits in a layer's zip. Raises ``UnreadableLayerError`` with the reason."""
    try:
        with zipfile.ZipFile(io.BytesIO(layer)) as archive:
            return deployed_recipe.load(lambda name: archive.read(f"python/{deployed_recipe.PACKAGE}/{name}"))
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError, RecipeError) as error:
        raise UnreadableLayerError(str(error)) from error
