"""Describe the difference between two recipes."""

from __future__ import annotations

from collections.abc import Mapping

from zenoimg.imaging import Recipe, recipe_to_mapping
from zenoimg.pipeline.recipes import AnyRecipe, Recipes, base_of

#: Reported when the settings are equal but this version of zenoimg draws or encodes differently.
DRAWING_CODE_ONLY = ("the drawing code",)


def recipe_changes(before: AnyRecipe, after: AnyRecipe) -> tuple[str, ...]:
    """Return a description of each changed setting (``text: "© zeno" becomes "© Example"``), rules last."""
    if before.fingerprint == after.fingerprint:
        return ()
    old, new = _rules(before), _rules(after)
    changes = list(_changes(base_of(before), base_of(after)))
    for prefix in sorted({*old, *new}):
        if prefix not in old or prefix not in new:
            changes.append(f"a {'new' if prefix in new else 'removed'} rule for {prefix!r}")
        else:
            changes += [f"{each} for {prefix!r}" for each in _changes(old[prefix], new[prefix])]
    return DRAWING_CODE_ONLY if changes and all(each.startswith(DRAWING_CODE_ONLY) for each in changes) else (*changes,)


def _rules(recipe: AnyRecipe) -> dict[str, Recipe]:
    return {rule.prefix: rule.recipe for rule in recipe.rules} if isinstance(recipe, Recipes) else {}


def _changes(before: Recipe, after: Recipe) -> tuple[str, ...]:
    if before.fingerprint == after.fingerprint:
        return ()
    (old, old_files), (new, new_files) = recipe_to_mapping(before), recipe_to_mapping(after)
    changes = []
    for table in new:
        left, right = _settings(old, table), _settings(new, table)
        for name in sorted({*left, *right}):
            if old_files.get(str(left.get(name))) != new_files.get(str(right.get(name))):
                in_both = name in left and name in right
                changes.append(f"another {name} file" if in_both else _change(name, left, right))
            elif left.get(name) != right.get(name):
                changes.append(_change(name, left, right))
    return tuple(changes) or DRAWING_CODE_ONLY


def _settings(tables: Mapping[str, object], table: str) -> Mapping[str, object]:
    settings = tables.get(table, {})
    assert isinstance(settings, Mapping)
    return settings


def _change(name: str, left: Mapping[str, object], right: Mapping[str, object]) -> str:
    return f"{name}: {_value(left, name)} becomes {_value(right, name)}"


def _value(settings: Mapping[str, object], name: str) -> str:
    value = settings.get(name)
    return "none" if value is None else f'"{value}"' if isinstance(value, str) else str(value)
