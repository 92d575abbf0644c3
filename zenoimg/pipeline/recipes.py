"""Recipes by prefix: images whose key begins with a rule's prefix get the rule's recipe; the longest prefix wins.

The order of rules does not matter. Each image is recorded with the fingerprint of its own recipe, so a changed rule
makes only the images under it stale. ``.zenoimg/`` always has the base recipe, with which a deploy is tested.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias, Union

from zenoimg.pipeline.records import RESERVED_PREFIX

if TYPE_CHECKING:
    from zenoimg.imaging import Recipe

MAX_RULES = 100


@dataclass(frozen=True)
class Rule:
    """The recipe for all keys with a prefix."""

    prefix: str
    recipe: Recipe


@dataclass(frozen=True)
class Recipes:
    """A recipe with rules; ``base`` applies to keys that match no rule."""

    base: Recipe
    rules: tuple[Rule, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "rules", tuple(sorted(self.rules, key=lambda rule: rule.prefix)))

    @cached_property
    def fingerprint(self) -> str:
        """Return 16 hexadecimal digits that change with the base recipe and every rule."""
        described = json.dumps(fingerprints_of(self), sort_keys=True)
        return hashlib.sha256(described.encode()).hexdigest()[:16]


AnyRecipe: TypeAlias = Union["Recipe", Recipes]
"""One recipe for all keys, or recipes by prefix; both have a ``fingerprint``."""


def base_of(recipe: AnyRecipe) -> Recipe:
    """Return the recipe for keys that match no rule."""
    return recipe.base if isinstance(recipe, Recipes) else recipe


def rule_for(recipe: AnyRecipe, key: str) -> Rule | None:
    """Return the rule for a key, or ``None`` if none matches."""
    rules = {rule.prefix: rule for rule in recipe.rules} if isinstance(recipe, Recipes) else {}
    prefix = governing(rules, key)
    return None if prefix is None else rules[prefix]


def recipe_for(recipe: AnyRecipe, key: str) -> Recipe:
    """Return the recipe for a key."""
    rule = rule_for(recipe, key)
    return base_of(recipe) if rule is None else rule.recipe


def fingerprints_of(recipe: AnyRecipe) -> dict[str, str]:
    """Return the fingerprints by prefix, with that of the base recipe under ``""``; empty without rules."""
    if not isinstance(recipe, Recipes):
        return {}
    return {"": recipe.base.fingerprint, **{rule.prefix: rule.recipe.fingerprint for rule in recipe.rules}}


def fingerprint_for(fingerprint: str, by_prefix: Mapping[str, str], key: str) -> str:
    """Return the fingerprint of a key's recipe, given the overall fingerprint and those of ``fingerprints_of``."""
    prefix = governing((each for each in by_prefix if each), key)
    return by_prefix.get(prefix or "", fingerprint)


def governing(prefixes: Iterable[str], key: str) -> str | None:
    """Return the longest of the given prefixes that a key begins with, or ``None``."""
    if key.startswith(RESERVED_PREFIX):
        return None
    return max((each for each in prefixes if key.startswith(each)), key=len, default=None)
