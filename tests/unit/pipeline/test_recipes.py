"""Which recipe a key has, and what its fingerprint depends on."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from zenoimg.imaging import Limits, Recipe, WatermarkSpec
from zenoimg.pipeline.deployed_recipe import load, pack
from zenoimg.pipeline.recipes import (
    Recipes,
    Rule,
    base_of,
    fingerprint_for,
    fingerprints_of,
    recipe_for,
    rule_for,
)


def text(words: str) -> Recipe:
    return Recipe(WatermarkSpec(text=words))


def logo(color: str) -> Recipe:
    encoded = BytesIO()
    Image.new("RGBA", (20, 10), color).save(encoded, "PNG")
    return Recipe(WatermarkSpec(logo=encoded.getvalue()))


BASE = text("base")
RECIPES = Recipes(BASE, (Rule("a/", text("A")), Rule("a/b/", text("AB")), Rule("a/b", text("Ab"))))


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("x.jpg", "base"),
        ("a/x.jpg", "A"),
        ("a/b/x.jpg", "AB"),
        ("a/bx.jpg", "Ab"),
        ("a", "base"),
        ("A/x.jpg", "base"),
        (".zenoimg/a/x.jpg", "base"),
    ],
)
def test_the_longest_prefix_wins(key: str, words: str) -> None:
    for recipes in (RECIPES, Recipes(BASE, RECIPES.rules[::-1])):
        recipe = recipe_for(recipes, key)
        assert recipe == text(words)
        assert fingerprint_for(recipes.fingerprint, fingerprints_of(recipes), key) == recipe.fingerprint
        assert (rule_for(recipes, key) is None) == (words == "base")


def test_a_single_recipe_applies_to_every_key() -> None:
    assert recipe_for(BASE, "a/x.jpg") is BASE
    assert fingerprints_of(BASE) == {}
    assert fingerprint_for(BASE.fingerprint, {}, "a/x.jpg") == BASE.fingerprint


def test_a_changed_rule_changes_only_the_fingerprints_of_its_keys() -> None:
    changed = Recipes(BASE, (Rule("a/", text("another")), *RECIPES.rules[1:]))
    assert changed.fingerprint != RECIPES.fingerprint
    differing = {
        key
        for key in ("x.jpg", "a/x.jpg", "a/b/x.jpg")
        if recipe_for(changed, key).fingerprint != recipe_for(RECIPES, key).fingerprint
    }
    assert differing == {"a/x.jpg"}


def test_the_order_of_rules_does_not_matter() -> None:
    assert Recipes(BASE, RECIPES.rules[::-1]) == RECIPES


@pytest.mark.parametrize("base", [BASE, logo("red")], ids=["text", "logo"])
def test_recipes_are_deployed_with_every_logo_and_font_once(base: Recipe) -> None:
    recipes = Recipes(base, (Rule("a/", logo("red")), Rule("b/", logo("blue")), Rule("c/", text("c"))))
    files = pack(recipes, Limits())
    assert load(files.__getitem__) == (recipes, Limits())
    assert len(set(files.values())) == len(files)
    assert "OFL.txt" in files, "the default font is shipped with its licence"
    assert base_of(load(files.__getitem__)[0]) == base
