from __future__ import annotations

import contextlib
import json
import pickle
import struct
import subprocess
import sys
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFont

from zenoimg.imaging import (
    EncoderSettings,
    Recipe,
    RecipeError,
    Refused,
    WatermarkSpec,
    recipe_from_mapping,
    recipe_to_mapping,
)
from zenoimg.imaging import recipe as recipe_module
from zenoimg.imaging.marking.default_font import default_font
from zenoimg.imaging.marking.typeface import characters, missing_characters
from zenoimg.imaging.recipe import METADATA_POLICIES, POSITIONS


def logo(color: str = "red", size: tuple[int, int] = (20, 10)) -> bytes:
    encoded = BytesIO()
    Image.new("RGBA", size, color).save(encoded, "PNG")
    return encoded.getvalue()


def another_font() -> bytes:
    font = ImageFont.load_default(size=12)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font.font_bytes


def test_the_default_is_the_text_zeno_at_the_bottom_right() -> None:
    spec = Recipe().watermark
    assert spec is not None
    assert (spec.text, spec.position, spec.color, spec.opacity) == ("© zeno", "bottom-right", "#ffffff", 0.6)
    assert Recipe().metadata == "keep-no-location"


@pytest.mark.parametrize(
    ("field", "values", "named"),
    [
        ("position", {"position": "middle"}, "bottom-right"),
        ("scale", {"scale": 0}, "0.005 to 1"),
        ("scale", {"scale": True}, "0.005 to 1"),
        ("scale", {"scale": float("nan")}, "0.005 to 1"),
        ("margin", {"margin": 0.5}, "0 to 0.4"),
        ("opacity", {"opacity": 1.5}, "0.01 to 1"),
        ("opacity", {"opacity": "60%"}, "0.01 to 1"),
        ("angle", {"angle": 361}, "-360 to 360"),
        ("color", {"color": "blurple"}, "#rrggbb"),
        ("color", {"color": "#ff000080"}, "`opacity`"),
        ("outline", {"outline": 7}, "#rrggbb"),
        ("text", {"text": ""}, "visible"),
        ("text", {"text": " \n "}, "visible"),
        ("text", {"text": "x" * 201}, "at most 200"),
        ("text", {"text": "bell\a"}, "U+0007"),
        ("text", {"text": "שלום"}, "`logo`"),
        ("text", {"text": "हिन्दी"}, "`logo`"),
        ("font", {"font": b"no font"}, "TrueType"),
        ("font", {"font": "a.ttf"}, "bytes"),
        ("logo", {"logo": b"no png"}, "PNG"),
        ("logo", {"logo": logo()[:40]}, "PNG"),
        ("logo", {"logo": logo("#00000000")}, "transparent"),
        ("text", {"logo": logo(), "text": "both"}, "leave one of them out"),
        ("font", {"logo": logo(), "font": another_font()}, "leave one of them out"),
        ("color", {"logo": logo(), "color": "red"}, "leave one of them out"),
    ],
)
def test_a_spec_that_cannot_be_drawn_is_rejected_with_the_name_of_its_field(
    field: str, values: dict[str, Any], named: str
) -> None:
    with pytest.raises(RecipeError) as refusal:
        WatermarkSpec(**values)
    assert refusal.value.field == field
    assert named in str(refusal.value)


@pytest.mark.parametrize("values", [{"jpeg_quality": 0}, {"jpeg_quality": "best"}, {"png_compression": 10}])
def test_encoder_settings_out_of_range_are_rejected(values: dict[str, Any]) -> None:
    with pytest.raises(RecipeError, match=next(iter(values))):
        EncoderSettings(**values)


def test_characters_missing_from_the_font_are_reported() -> None:
    with pytest.raises(
        RecipeError, match=r"the default font, Manrope SemiBold, has no glyph for '漢' \(U\+6F22\), '字'"
    ):
        WatermarkSpec(text="zeno 漢字")
    with pytest.raises(RecipeError, match=r"^text: the font has no glyph"):
        WatermarkSpec(text="漢", font=another_font())


def test_the_character_map_agrees_with_freetype() -> None:
    for data in (default_font(), another_font()):
        font = ImageFont.truetype(BytesIO(data), 40, layout_engine=ImageFont.Layout.BASIC)
        empty_box = bytes(font.getmask("\U000f0000"))
        for code in range(0x21, 0x500):
            if not missing_characters(data, chr(code)):
                assert bytes(font.getmask(chr(code))) != empty_box, chr(code)
            else:
                assert bytes(font.getmask(chr(code))) == empty_box, chr(code)
        assert ord("©") in characters(data)


def font_with_map(subtable: bytes, platform: int = 3, encoding: int = 10) -> bytes:
    """Return a font that contains only a character map."""
    cmap = struct.pack(">HHHHI", 0, 1, platform, encoding, 12) + subtable
    return b"\0\1\0\0" + struct.pack(">HHHH", 1, 0, 0, 0) + struct.pack(">4sIII", b"cmap", 0, 28, len(cmap)) + cmap


@pytest.mark.parametrize(
    ("subtable", "found"),
    [
        # One segment by delta (its second character maps to glyph 0), one by glyph array, and the closing one.
        (
            struct.pack(">7H", 4, 0, 0, 6, 0, 0, 0)
            + struct.pack(">3H", 0x42, 0x52, 0xFFFF)
            + struct.pack(">H", 0)
            + struct.pack(">3H", 0x40, 0x50, 0xFFFF)
            + struct.pack(">3H", 0x10000 - 0x41, 0, 1)
            + struct.pack(">3H", 0, 4, 0)
            + struct.pack(">3H", 7, 0, 9),
            {0x40, 0x42, 0x50, 0x52},
        ),
        (struct.pack(">8H", 6, 0, 0, 0x61, 3, 5, 0, 6), {0x61, 0x63}),
        (struct.pack(">HHIIIIII", 12, 0, 0, 0, 1, 0x1F600, 0x1F602, 4), {0x1F600, 0x1F601, 0x1F602}),
        (struct.pack(">HHIIIIII", 13, 0, 0, 0, 1, 0x100, 0x101, 4), {0x100, 0x101}),
    ],
    ids=["format 4", "format 6", "format 12", "format 13"],
)
def test_character_maps_are_read_in_their_formats(subtable: bytes, found: set[int]) -> None:
    assert characters(font_with_map(subtable)) == found


def test_a_font_without_a_unicode_map_has_no_characters() -> None:
    with pytest.raises(ValueError, match="no Unicode"):
        characters(font_with_map(struct.pack(">8H", 6, 0, 0, 0x61, 3, 5, 0, 6), platform=1, encoding=0))


@settings(max_examples=60)
@given(st.integers(0, 60_000), st.binary(min_size=1, max_size=8))
def test_a_damaged_font_is_rejected_or_drawn(at: int, damage: bytes) -> None:
    font = another_font()
    damaged = font[: at % len(font)] + damage + font[at % len(font) + len(damage) :]
    with contextlib.suppress(RecipeError):
        WatermarkSpec(font=damaged)


VARIANTS: list[Recipe] = [
    Recipe(),
    Recipe(WatermarkSpec(text="© Zeno")),
    Recipe(WatermarkSpec(logo=logo())),
    Recipe(WatermarkSpec(logo=logo("blue"))),
    *[Recipe(WatermarkSpec(position=position)) for position in POSITIONS if position != "bottom-right"],
    Recipe(WatermarkSpec(scale=0.07)),
    Recipe(WatermarkSpec(margin=0.04)),
    Recipe(WatermarkSpec(opacity=0.7)),
    Recipe(WatermarkSpec(color="yellow")),
    Recipe(WatermarkSpec(outline="none")),
    Recipe(WatermarkSpec(angle=30)),
    Recipe(WatermarkSpec(font=another_font())),
    *[Recipe(metadata=policy) for policy in METADATA_POLICIES if policy != "keep-no-location"],
    Recipe(encoder=EncoderSettings(jpeg_quality=80)),
    Recipe(encoder=EncoderSettings(png_compression=9)),
]


def test_every_setting_changes_the_fingerprint() -> None:
    assert len({variant.fingerprint for variant in VARIANTS}) == len(VARIANTS)


@pytest.mark.parametrize("version", ["DRAWING_VERSION", "ENCODER_VERSION"])
def test_drawing_and_encoding_versions_change_the_fingerprint(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = Recipe().fingerprint
    monkeypatch.setattr(recipe_module, version, getattr(recipe_module, version) + 1)
    assert Recipe().fingerprint != before


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"color": "#FFF"}, {"color": "white"}),
        ({"angle": -30}, {"angle": 330.0}),
        ({"angle": 0}, {"angle": -0.0}),
        ({"scale": 1}, {"scale": 1.0}),
        ({}, {"text": "© zeno"}),
        ({"outline": "black"}, {"outline": "rgb(0,0,0)"}),
    ],
)
def test_equivalent_recipes_have_the_same_fingerprint(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert Recipe(WatermarkSpec(**one)).fingerprint == Recipe(WatermarkSpec(**other)).fingerprint
    assert WatermarkSpec(**one) == WatermarkSpec(**other)


def test_a_fingerprint_is_short_and_the_same_in_another_process() -> None:
    program = "from zenoimg.imaging import Recipe; print(Recipe().fingerprint)"
    printed = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert printed.strip() == Recipe().fingerprint
    assert len(Recipe().fingerprint) == 16


@pytest.mark.parametrize("recipe", VARIANTS, ids=range(len(VARIANTS)))
def test_a_recipe_survives_conversion_to_tables_and_back(recipe: Recipe) -> None:
    tables, files = recipe_to_mapping(recipe)
    again = recipe_from_mapping(json.loads(json.dumps(tables)), files.__getitem__)
    assert again == recipe
    assert again.fingerprint == recipe.fingerprint


def test_tables_are_read_as_written_in_a_file() -> None:
    tables = {
        "watermark": {"logo": "brand/mark.png", "position": "tile", "scale": 0.2, "angle": 30},
        "metadata": {"policy": "strip"},
        "encoder": {"jpeg_quality": 85},
        "api": {"auth": "none"},
    }
    asked: list[str] = []

    def read(name: str) -> bytes:
        asked.append(name)
        return logo()

    assert recipe_from_mapping(tables, read) == Recipe(
        WatermarkSpec(logo=logo(), position="tile", scale=0.2, angle=30),
        metadata="strip",
        encoder=EncoderSettings(jpeg_quality=85),
    )
    assert asked == ["brand/mark.png"]


def test_empty_tables_mean_the_default_recipe() -> None:
    assert recipe_from_mapping({}, lambda name: pytest.fail(name)) == Recipe()


@pytest.mark.parametrize(
    ("tables", "named"),
    [
        ({"watermark": {"colour": "red"}}, "watermark.colour: is not a setting; allowed are text, logo"),
        ({"metadata": {"policy": "forget"}}, "keep-no-location, keep, strip"),
        ({"metadata": {"polciy": "keep"}}, "allowed are policy"),
        ({"metadata": "keep"}, "must be a table"),
        ({"encoder": {"webp": 3}}, "jpeg_quality, png_compression"),
        ({"watermark": {"logo": 3}}, "file name"),
        ({"watermark": {"position": ["top"]}}, "position"),
        ({"watermark": {"text": 3}}, "text"),
    ],
)
def test_errors_in_a_table_are_reported_by_name(tables: dict[str, Any], named: str) -> None:
    with pytest.raises(RecipeError) as refusal:
        recipe_from_mapping(tables, lambda _name: b"")
    assert named in str(refusal.value)


def test_a_missing_file_raises_the_original_error() -> None:
    def read(name: str) -> bytes:
        raise FileNotFoundError(name)

    with pytest.raises(FileNotFoundError):
        recipe_from_mapping({"watermark": {"font": "gone.ttf"}}, read)


def test_errors_can_be_pickled() -> None:
    refused = pickle.loads(pickle.dumps(Refused("too-small", "1 x 1")))
    assert (refused.code, refused.message) == ("too-small", "1 x 1")
    error = pickle.loads(pickle.dumps(RecipeError("text", "is missing")))
    assert (error.field, str(error)) == ("text", "text: is missing")
