"""Turn the settings in ``zenoimg.toml`` into the recipe and limits of ``zenoimg.imaging``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from zenoimg.config.keys import KEYS, RECIPE_TABLES
from zenoimg.config.load import Settings
from zenoimg.config.rules import RuleSettings
from zenoimg.errors import ConfigurationError
from zenoimg.imaging import Limits, Recipe, RecipeError, recipe_from_mapping
from zenoimg.imaging.formats.heif.availability import is_installed
from zenoimg.imaging.limits import usable_memory
from zenoimg.pipeline.recipes import AnyRecipe, Recipes, Rule
from zenoimg.suggest import suggest_install

if TYPE_CHECKING:
    from zenoimg.stack.outputs import Deployment


def recipe_of(settings: Settings) -> AnyRecipe:
    """Return the recipe in the settings, including any rules.

    Paths in it are relative to the directory of ``zenoimg.toml``.

    Raises ``ConfigurationError`` naming the field or the file.
    """

    def read(name: str) -> bytes:
        path = settings.folder / name
        try:
            return path.read_bytes()
        except OSError as error:
            raise ConfigurationError(f"the recipe names {path}, which cannot be read: {error.strerror}") from error

    try:
        base = recipe_from_mapping(settings.recipe_tables, read)
    except RecipeError as error:
        raise ConfigurationError(f"{_place(settings, error.field)}the recipe is wrong: {error}") from error
    rules = tuple(Rule(each.prefix, _recipe_of_rule(settings, each, read)) for each in settings.rules)
    return Recipes(base, rules) if rules else base


def _recipe_of_rule(settings: Settings, rule: RuleSettings, read: Callable[[str], bytes]) -> Recipe:
    try:
        return recipe_from_mapping(rule.over(settings.recipe_tables), read)
    except RecipeError as error:
        where = settings.file.place("rules")
        raise ConfigurationError(f"{where}: the rule for {rule.prefix!r} is wrong: {error}") from error


def limits_of(settings: Settings) -> Limits:
    """Return the limits in the settings; by default one image may need as much memory as the larger function has.

    Raises ``ConfigurationError`` for memory sizes of the two functions that cannot work.
    """
    memory, large = (_number(settings, name) for name in ("processor.memory", "processor.large_memory"))
    if 0 < large <= memory:
        raise ConfigurationError(
            f"processor.large_memory is {large} MB and processor.memory {memory} MB; the large function processes what "
            "the other one cannot hold, so it needs more",
            next_step="Raise large_memory (up to 10240), lower memory, or set large_memory = 0 for no large function.",
        )
    usable = usable_memory(large or memory)
    if settings.limits.get("max_memory", 0) > usable:
        raise ConfigurationError(
            f"limits.max_memory is {settings.limits['max_memory']:,} bytes; a function of {large or memory} MB holds "
            f"images that need up to {usable:,}",
            next_step="Leave max_memory out, or raise processor.large_memory (up to 10240).",
        )
    heic = is_installed() if settings.heic is None else settings.heic
    numbers: dict[str, Any] = {"max_memory": usable, **settings.limits}
    return Limits(**numbers, heic=heic)


def check_heic(limits: Limits) -> None:
    """Raise ``ConfigurationError`` if HEIC is turned on and this machine cannot decode it."""
    if limits.heic and not is_installed():
        raise ConfigurationError(
            "formats.heic is true, and pillow-heif is not installed here",
            next_step=f"Install it with: {suggest_install('heic')} (or set heic = false).",
            code="heic-not-installed",
        )


def _number(settings: Settings, name: str) -> int:
    """Return the effective value of a key that sets a template parameter."""
    key = next(key for key in KEYS if key.full_name == name)
    return int(settings.parameters.get(key.parameter, str(key.default)))


def check_parameters(settings: Settings) -> None:
    """Raise ``ConfigurationError`` for settings that contradict each other."""
    bound, backfill = _number(settings, "processor.max_concurrency"), settings.backfill_concurrency
    if 0 < bound <= backfill:
        raise ConfigurationError(
            f"processor.max_concurrency is {bound} and backfill.concurrency {backfill}: while reprocess runs, no new "
            "photo would be processed",
            next_step="Raise max_concurrency, lower backfill.concurrency, or set max_concurrency = 0 for no limit.",
        )
    from zenoimg.stack.read_back import EARLIEST_INFREQUENT_DAYS  # imports botocore, which `preview` does without

    days = _number(settings, "originals.transition_days")
    if settings.parameters.get("OriginalsStorageClass") == "STANDARD_IA" and 0 < days < EARLIEST_INFREQUENT_DAYS:
        raise ConfigurationError(
            f"originals.transition_days is {days}; S3 moves objects to STANDARD_IA after {EARLIEST_INFREQUENT_DAYS} "
            "days at the earliest",
            next_step=f"Set transition_days to {EARLIEST_INFREQUENT_DAYS} or more, or to 0: upload then stores "
            "originals in that class directly.",
        )


def validate(settings: Settings) -> str:
    """Validate the settings as ``deploy`` does before it calls AWS, and return the recipe's fingerprint.

    This covers the logo, the font and its characters, the limits, the size of the layer, settings that depend on each
    other, and the names. Raises ``ConfigurationError``.
    """
    from zenoimg.stack.bundle.recipe import recipe_layer, rules_parameter
    from zenoimg.stack.names import StackNames

    recipe = recipe_of(settings)
    rules_parameter(recipe)
    recipe_layer(recipe, limits_of(settings))
    check_parameters(settings)
    StackNames(settings.stack)
    return recipe.fingerprint


def deployed_limits(deployment: Deployment, settings: Settings) -> Limits:
    """Return the limits of the deployed functions.

    They come from the stack's outputs, which every command reads anyway, so no further permission is needed. A pipeline
    without functions, or a stack deployed before this output existed, has the limits in the settings.
    """
    known = {each.name for each in fields(Limits)}
    found: dict[str, Any] = {name: value for name, value in deployment.limits.items() if name in known}
    return Limits(**found) if found else limits_of(settings)


def _place(settings: Settings, field: str) -> str:
    """Return ``zenoimg.toml:12: `` if the file sets the field, else nothing."""
    for key in KEYS:
        is_meant = key.table in RECIPE_TABLES and field in (key.name, key.table, key.full_name)
        if is_meant and settings.file.value(key) is not None:
            return f"{settings.file.place_of(key)}: "
    return ""
