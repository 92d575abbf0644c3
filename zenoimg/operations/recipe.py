"""The configured recipe and limits: from ``zenoimg.toml`` to what ``zenoimg.imaging`` takes."""

from __future__ import annotations

from zenoimg.config import Settings
from zenoimg.errors import ConfigurationError
from zenoimg.imaging import Limits, Recipe, RecipeError, recipe_from_mapping


def recipe_of(settings: Settings) -> Recipe:
    """The recipe of the settings; files in it are looked up beside ``zenoimg.toml``.

    Raises ``ConfigurationError`` naming the field or the file.
    """

    def read(name: str) -> bytes:
        path = settings.folder / name
        try:
            return path.read_bytes()
        except OSError as error:
            raise ConfigurationError(f"the recipe names {path}, which cannot be read: {error.strerror}") from error

    try:
        return recipe_from_mapping(settings.recipe_tables, read)
    except RecipeError as error:
        raise ConfigurationError(f"the recipe is wrong: {error}") from error


def limits_of(settings: Settings) -> Limits:
    """The limits of the settings."""
    return Limits(**settings.limits)
