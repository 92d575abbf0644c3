"""What a plan says about the watermark."""

from __future__ import annotations

import io

import pytest

from tests.drawn.pictures import photo
from zenoimg.imaging import Recipe, WatermarkSpec
from zenoimg.operations.deploy.trial.recipe_changes import recipe_changes


def png(seed: int) -> bytes:
    buffer = io.BytesIO()
    photo((40, 20), "RGBA", seed=seed).save(buffer, "PNG")
    return buffer.getvalue()


LOGO, OTHER = png(1), png(2)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (Recipe(), Recipe(), ()),
        (Recipe(), Recipe(WatermarkSpec(text="© b")), ('text: "© zeno" becomes "© b"',)),
        (Recipe(WatermarkSpec(logo=LOGO)), Recipe(WatermarkSpec(logo=OTHER)), ("another logo file",)),
        (
            Recipe(),
            Recipe(WatermarkSpec(logo=LOGO)),
            ('logo: none becomes "logo.png"', 'text: "© zeno" becomes none'),
        ),
        (Recipe(), Recipe(metadata="strip"), ('policy: "keep-no-location" becomes "strip"',)),
    ],
    ids=["none", "text", "logo file", "logo for text", "metadata"],
)
def test_each_changed_setting_is_shown_with_both_values(before: Recipe, after: Recipe, words: tuple[str, ...]) -> None:
    assert recipe_changes(before, after) == words
