from __future__ import annotations

import hashlib
import struct
import subprocess
import sys
from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image

from zenoimg.imaging import Recipe, RecipeError, WatermarkSpec, recipe_to_mapping
from zenoimg.imaging.marking import default_font as default_font_module
from zenoimg.imaging.marking.default_font import default_font, default_font_license
from zenoimg.imaging.marking.mark import draw_mark
from zenoimg.imaging.marking.typeface import characters

# A different file would draw different marks under the same drawing version.
SHA256 = "9544fef8e59d1a36a19ecba1b8563f9b3395a7ffd3cea7c12267155937dcee36"


@pytest.mark.parametrize(
    "text",
    [
        "© José Müller",
        "© Søren Ångström",
        "© Œuvre, Łódź, Żółć, Őrség, Ğüiş, Çeşme, Țara, Þór, Ñandú",
        "© Nguyễn Đức",
        "Αθήνα, Έλλη",
        "© Київ, Србија, Ґанок",
        "50 € £ ¥ $ ₴ ₽ ₺ ₹ ₿ ¢",
        "2024–2026 — “quoted” ‘single’ «guillemets» „low“ … • · † ‡ ‰",
        "® ™ © § ¶ № ª º ½ ¼ ¾ × ÷ ± ° µ",
    ],
)
def test_the_default_font_has_european_letters_currencies_and_punctuation(text: str) -> None:
    assert WatermarkSpec(text=text).text == text


@pytest.mark.parametrize(
    ("given", "drawn"),
    [
        ("©\u202fACME", "© ACME"),
        ("©\u2009ACME\u2003Ltd\u3000Co", "© ACME Ltd Co"),
        ("photo\u2010op", "photo-op"),
        ("Jose\u0301 Mu\u0308ller", "José Müller"),
        ("A\u030angstro\u0308m, \u212b", "Ångström, Å"),
        ("И\u0306", "Й"),
    ],
)
def test_texts_that_look_the_same_make_the_same_mark(given: str, drawn: str) -> None:
    assert WatermarkSpec(text=given) == WatermarkSpec(text=drawn)
    assert Recipe(WatermarkSpec(text=given)).fingerprint == Recipe(WatermarkSpec(text=drawn)).fingerprint


@pytest.mark.parametrize("character", ["\u00a0", "\u2011"])
def test_a_character_in_the_font_is_not_replaced(character: str) -> None:
    assert ord(character) in characters(default_font())
    assert WatermarkSpec(text=f"a{character}b").text == f"a{character}b"


def test_an_ascii_only_font_draws_all_spaces_and_hyphens_alike() -> None:
    ascii_only = WatermarkSpec(text="a\u00a0b\u2011c", font=_with_ascii_alone(default_font()))
    assert ascii_only.text == "a b-c"


def test_the_default_font_is_part_of_the_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = WatermarkSpec()
    assert spec.font == default_font()
    assert Recipe(WatermarkSpec(font=default_font())).fingerprint == Recipe(spec).fingerprint
    monkeypatch.setattr(default_font_module, "default_font", lambda: _with_ascii_alone(spec.font or b""))
    assert Recipe(WatermarkSpec(text="zeno")).fingerprint != Recipe(replace(spec, text="zeno")).fingerprint


def test_the_default_font_is_the_pinned_file() -> None:
    assert hashlib.sha256(default_font()).hexdigest() == SHA256
    assert b"SIL OPEN FONT LICENSE Version 1.1" in default_font_license()


def test_tables_name_the_default_font_only_for_readers_without_its_package() -> None:
    tables, files = recipe_to_mapping(Recipe())
    assert "font" not in tables["watermark"]  # type: ignore[operator]
    assert files == {}
    tables, files = recipe_to_mapping(Recipe(), self_contained=True)
    assert files == {"font.ttf": default_font()}


def test_the_package_is_read_and_not_imported() -> None:
    program = "import sys; from zenoimg.imaging import Recipe; Recipe(); print('font_manrope' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"


def test_a_logo_may_replace_a_text_in_the_default_font() -> None:
    encoded = BytesIO()
    Image.new("RGBA", (20, 10), "red").save(encoded, "PNG")
    assert replace(WatermarkSpec(), text=None, logo=encoded.getvalue()) == WatermarkSpec(logo=encoded.getvalue())


def test_a_missing_package_is_reported_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(default_font_module, "_PACKAGE", "no_such_package")
    with pytest.raises(RecipeError, match=r"font: the package font-manrope, .* is not installed"):
        default_font_license()


@pytest.mark.parametrize("outline", ["none", "#000000"])
def test_every_line_of_a_text_has_its_letters_inside_its_outline(outline: str) -> None:
    mark = draw_mark(WatermarkSpec(text="HEH\nHEH\nHEH", opacity=1, outline=outline), 1000, (900, 900)).picture
    covered = mark.getchannel("A")
    filled = [covered.crop((0, row, mark.width, row + 1)).getbbox() is not None for row in range(mark.height)]
    tops = [row for row, value in enumerate(filled) if value and (row == 0 or not filled[row - 1])]
    height = filled.index(False)
    first, *others = (mark.crop((0, top, mark.width, top + height)).tobytes() for top in tops)
    assert others == [first, first]


def _with_ascii_alone(font: bytes) -> bytes:
    """The font with another character map: U+0020 to U+007E, to whatever glyphs, by one segment of format 4."""
    (tables,) = struct.unpack_from(">H", font, 4)
    rows = {font[at : at + 4]: at for at in range(12, 12 + 16 * tables, 16)}
    subtable = struct.pack(">7H", 4, 32, 0, 4, 4, 1, 0)
    subtable += struct.pack(">8H", 0x7E, 0xFFFF, 0, 0x20, 0xFFFF, (1 - 0x20) & 0xFFFF, 1, 0) + b"\0\0"
    cmap = struct.pack(">HHHHI", 0, 1, 3, 1, 12) + subtable
    changed = bytearray(font + b"\0" * (-len(font) % 4) + cmap)
    struct.pack_into(">II", changed, rows[b"cmap"] + 8, len(changed) - len(cmap), len(cmap))
    return bytes(changed)
