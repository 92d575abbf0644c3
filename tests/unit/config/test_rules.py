"""``[[rules]]``: what is merged, and which errors are reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.pipeline.test_recipes import logo
from zenoimg.config.load import GlobalOptions, load
from zenoimg.errors import ConfigurationError
from zenoimg.imaging import Recipe, WatermarkSpec
from zenoimg.operations.configured import recipe_of, validate
from zenoimg.pipeline.recipes import recipe_for

TOML = """
[watermark]
text = "© base"
color = "red"
position = "top"
[metadata]
policy = "keep"
[[rules]]
prefix = "a/"
watermark.text = "© A"
[[rules]]
prefix = "b/"
watermark.logo = "b.png"
metadata.policy = "strip"
[[rules]]
prefix = "b/plain/"
encoder.png_compression = 1
"""


def spec(recipe: Recipe) -> WatermarkSpec:
    assert recipe.watermark is not None
    return recipe.watermark


def written(folder: Path, text: str) -> GlobalOptions:
    path = folder / "zenoimg.toml"
    path.write_text(text)
    return GlobalOptions(config=path)


def test_a_rule_changes_only_the_settings_in_it(tmp_path: Path) -> None:
    (tmp_path / "b.png").write_bytes(spec(logo("red")).logo or b"")
    recipe = recipe_of(load(written(tmp_path, TOML), {}, tmp_path))
    by_key = {key: recipe_for(recipe, f"{key}x.jpg") for key in ("", "a/", "b/", "b/plain/")}
    assert (spec(by_key["a/"]).text, spec(by_key["a/"]).color) == ("© A", "#ff0000")
    assert {spec(each).position for each in by_key.values()} == {"top"}
    assert spec(by_key["b/"]).logo
    assert spec(by_key["b/"]).text is None
    assert [each.metadata for each in by_key.values()] == ["keep", "keep", "strip", "keep"]
    assert by_key["b/plain/"].watermark == by_key[""].watermark, "rules do not build on each other"


def test_a_text_in_a_rule_replaces_the_general_logo(tmp_path: Path) -> None:
    (tmp_path / "b.png").write_bytes(spec(logo("red")).logo or b"")
    text = '[watermark]\nlogo = "b.png"\n[[rules]]\nprefix = "a/"\nwatermark.text = "© A"\n'
    recipe = recipe_of(load(written(tmp_path, text), {}, tmp_path))
    assert spec(recipe_for(recipe, "a/x")).text == "© A"


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        ('watermark.text = "x"', "prefix is None"),
        ('prefix = ""\nwatermark.text = "x"', "prefix is ''"),
        ('prefix = ".zenoimg/x"\nwatermark.text = "x"', "zenoimg's own"),
        ('prefix = "a/"', "changes nothing"),
        ('prefix = "a/"\nmark = "off"', "mark = 'off'"),
        ('prefix = "a/"\nmark = "none"\nwatermark.text = "x"', "leave one of them out"),
        ('prefix = "a/"\nwatermark.txt = "x"', "'watermark.txt'"),
        ('prefix = "a/"\nlimits.max_bytes = 1', "'limits'"),
        ('prefix = "a/"\nwatermark = "x"', "must be a table"),
        ('prefix = "a/"\nwatermark.opacity = 2', "watermark.opacity = 2"),
        ('prefix = "a/"\nwatermark.text = "\u4e2d"', "no glyph"),
        ('prefix = "a/"\nwatermark.logo = "none.png"', "cannot be read"),
        ('prefix = "a/"\nwatermark.text = "x"\n[[rules]]\nprefix = "a/"\nwatermark.text = "y"', "two rules"),
    ],
)
def test_an_invalid_rule_is_reported(tmp_path: Path, rule: str, named: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        recipe_of(load(written(tmp_path, f"[[rules]]\n{rule}\n"), {}, tmp_path))
    assert named in error.value.message
    assert "zenoimg.toml" in error.value.message or "none.png" in error.value.message


def test_rules_too_long_for_a_parameter_are_rejected_before_a_deploy(tmp_path: Path) -> None:
    rules = "".join(f'[[rules]]\nprefix = "{"p" * 60}{n}/"\nwatermark.opacity = 0.5\n' for n in range(60))
    with pytest.raises(ConfigurationError, match="4,096"):
        validate(load(written(tmp_path, rules), {}, tmp_path))
