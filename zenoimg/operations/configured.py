"""The configured recipe and limits: from ``zenoimg.toml`` to what ``zenoimg.imaging`` takes."""

from __future__ import annotations

from zenoimg.config.keys import KEYS, RECIPE_TABLES
from zenoimg.config.load import Settings
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
        raise ConfigurationError(f"{_place(settings, error.field)}the recipe is wrong: {error}") from error


def limits_of(settings: Settings) -> Limits:
    """The limits of the settings."""
    return Limits(**settings.limits)


def _place(settings: Settings, field: str) -> str:
    """``zenoimg.toml:12: ``, where the file has the field; the recipe itself knows no lines."""
    for key in KEYS:
        is_meant = key.table in RECIPE_TABLES and field in (key.name, key.table, key.full_name)
        if is_meant and settings.file.value(key) is not None:
            return f"{settings.file.place_of(key)}: "
    return ""
