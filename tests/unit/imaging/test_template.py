"""Texts with a picture's creator, copyright, year and key give the same copy as the text written out."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from zenoimg.imaging import Recipe, RecipeError, Rights, WatermarkSpec, watermark
from zenoimg.imaging.metadata.facts import facts

ARTIST, COPYRIGHT, EXIF_IFD, TAKEN = 0x013B, 0x8298, 0x8769, 0x9003
XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
 photoshop:DateCreated="2019-07-08"><dc:creator><rdf:Seq>
<rdf:li>Zoë  Ä.</rdf:li><rdf:li>Bo</rdf:li></rdf:Seq></dc:creator>
<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">© Zoë</rdf:li></rdf:Alt></dc:rights>
</rdf:Description></rdf:RDF></x:xmpmeta>"""
TEMPLATE = Recipe(WatermarkSpec(text="© {creator} {year}", text_default="© nobody"))


def photo(kind: str = "JPEG", artist: str | bytes = "", taken: str = "", xmp: str = "", **more: Any) -> bytes:
    exif = Image.Exif()
    if artist:
        exif[ARTIST], exif[COPYRIGHT] = artist, "(c)"
    if taken:
        exif.get_ifd(EXIF_IFD)[TAKEN] = taken
    encoded = BytesIO()
    if xmp:
        more["xmp"] = xmp.encode()
    Image.new("RGB", (200, 120), (90, 120, 40)).save(encoded, kind, exif=exif, **more)
    return encoded.getvalue()


def with_text(text: str) -> Recipe:
    return Recipe(WatermarkSpec(text=text))


def test_a_field_takes_the_value_stated_in_a_tiff() -> None:
    data = photo("TIFF", "Ada")  # Pillow writes no EXIF directory into a TIFF
    recipe = Recipe(WatermarkSpec(text="© {creator}", text_default="none"))
    assert watermark(data, recipe).data == watermark(data, with_text("© Ada")).data


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_a_field_takes_the_value_stated_in_the_picture(kind: str) -> None:
    data = photo(kind, "Ada", "2024:05:01 10:00:00")
    assert watermark(data, TEMPLATE).data == watermark(data, with_text("© Ada 2024")).data


def test_a_picture_without_the_value_gets_the_default_text_without_a_warning() -> None:
    data = photo("JPEG", "Ada")
    done = watermark(data, TEMPLATE)
    assert (done.data, done.warnings) == (watermark(data, with_text("© nobody")).data, ())


def test_a_value_that_the_font_cannot_draw_is_replaced_by_the_default_text_with_a_warning() -> None:
    data = photo("JPEG", xmp=XMP.replace("Bo", "\u05d0"))
    done = watermark(data, TEMPLATE)
    assert done.data == watermark(data, with_text("© nobody")).data
    assert [warning for warning in done.warnings if "default text" in warning]


def test_the_key_comes_from_the_caller() -> None:
    recipe = Recipe(WatermarkSpec(text="{key}", text_default="none"))
    data = photo()
    assert watermark(data, recipe, key="a/{x}.jpg").data == watermark(data, with_text("a/{{x}}.jpg")).data
    assert watermark(data, recipe).data == watermark(data, with_text("none")).data
    assert watermark(data, recipe, key="k" * 500).data == watermark(data, with_text("none")).data


def test_xmp_takes_precedence_and_lists_are_joined() -> None:
    assert facts(photo("JPEG", "Ada", "2024:05:01 10:00:00", XMP), "JPEG", Rights()) == {
        "creator": "Zoë Ä., Bo",
        "copyright": "© Zoë",
        "year": "2019",
    }


def test_exif_in_utf8_and_texts_of_png_are_read() -> None:
    assert facts(photo("JPEG", "Zoë".encode()), "JPEG", Rights())["creator"] == "Zoë"
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", "Ada")
    texts.add_text("Creation Time", "Wed, 01 May 2024 10:00:00 GMT")
    assert facts(photo("PNG", pnginfo=texts), "PNG", Rights()) == {"creator": "Ada", "year": "2024"}


@pytest.mark.parametrize("overwrite", [True, False])
def test_configured_rights_fill_in_or_overwrite_as_in_the_copy(overwrite: bool) -> None:
    rights = Rights(creator="Studio", overwrite=overwrite)
    assert facts(photo(), "JPEG", rights)["creator"] == "Studio"
    assert facts(photo("JPEG", "Ada"), "JPEG", rights)["creator"] == ("Studio" if overwrite else "Ada")


@pytest.mark.parametrize(
    "xmp",
    [
        XMP[:-40],
        '<!DOCTYPE x [<!ENTITY a "aaaa">]>' + XMP.replace("Bo", "&a;"),
        XMP.replace("Bo", "x" * 100_000),
        "<" * 1000,
    ],
    ids=["cut off", "entity", "long", "garbage"],
)
def test_damaged_xmp_is_not_an_error(xmp: str) -> None:
    data = photo("JPEG", xmp=xmp[:60_000])
    assert watermark(data, TEMPLATE).format == "JPEG"


@pytest.mark.parametrize(
    ("text", "field"),
    [("{owner}", "text"), ("{creator!r}", "text"), ("{year:>8}", "text"), ("a { b", "text"), ("{}", "text")],
)
def test_unknown_fields_and_invalid_braces_are_rejected(text: str, field: str) -> None:
    with pytest.raises(RecipeError) as error:
        WatermarkSpec(text=text, text_default="x")
    assert error.value.field == field


def test_a_text_with_fields_needs_a_default_text() -> None:
    with pytest.raises(RecipeError, match="year") as error:
        WatermarkSpec(text="{year}")
    assert error.value.field == "text_default"
    with pytest.raises(RecipeError):
        WatermarkSpec(text="{year}", text_default=" ")
    with pytest.raises(RecipeError, match="glyph"):
        WatermarkSpec(text="{year}", text_default="\u4e2d")


def test_the_fingerprint_depends_on_the_template() -> None:
    spec = TEMPLATE.watermark
    assert spec is not None
    assert Recipe(replace(spec, text_default="© x")).fingerprint != TEMPLATE.fingerprint
    assert Recipe(replace(spec, text="© {creator}")).fingerprint != TEMPLATE.fingerprint
    plain = WatermarkSpec(text="plain")
    assert Recipe(WatermarkSpec(text="plain", text_default="unused")).fingerprint == Recipe(plain).fingerprint


def test_a_default_text_with_braces_is_drawn_as_is() -> None:
    recipe = Recipe(WatermarkSpec(text="{creator}", text_default="{" * 150, scale=0.005, margin=0.0))
    encoded = BytesIO()
    Image.new("RGB", (1200, 800), (90, 120, 40)).save(encoded, "JPEG")
    assert watermark(encoded.getvalue(), recipe).data != encoded.getvalue()
    with pytest.raises(RecipeError, match="201 characters"):
        WatermarkSpec(text="{{" * 201)
    with pytest.raises(RecipeError, match="201 characters"):
        WatermarkSpec(text="{creator}", text_default="{" * 201)


@pytest.mark.parametrize("too_small", ["refuse", "copy"])
def test_a_value_too_long_for_the_picture_is_replaced_by_the_default_text_with_a_warning(too_small: Any) -> None:
    spec = WatermarkSpec(text="{creator}", text_default="© nobody", too_small=too_small)
    data = photo("JPEG", "Ada " * 48 + "end")
    done = watermark(data, Recipe(spec))
    assert done.data == watermark(data, with_text("© nobody")).data
    assert [warning for warning in done.warnings if "default text" in warning and "no room" in warning]
