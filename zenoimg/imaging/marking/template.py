"""Fill in texts with fields: ``© {creator} {year}`` becomes the text for one picture.

Fields are written as in Python's ``str.format``; ``{{`` and ``}}`` are braces.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from string import Formatter
from typing import TYPE_CHECKING

from zenoimg.imaging.errors import RecipeError

if TYPE_CHECKING:
    from zenoimg.imaging.recipe import WatermarkSpec

FIELDS = ("creator", "copyright", "year", "key")
"""The available fields: two of the picture's rights, the year in which it was taken, and its key in the pipeline."""


def parts_of(text: str) -> list[tuple[str, str]]:
    """Split a text into literals, each with the field that follows it, which may be empty.

    Raises ``RecipeError`` for anything else in braces.
    """
    named = ", ".join(f"{{{field}}}" for field in FIELDS)
    try:
        parts = [(literal, field, format_ or conversion) for literal, field, format_, conversion in _parsed(text)]
    except ValueError as error:
        raise RecipeError("text", f"has a single brace ({error}); write {{{{ and }}}} for braces") from None
    for _, field, more in parts:
        if field is not None and (field not in FIELDS or more):
            raise RecipeError("text", f"{{{field}}} is not a field; fields are {named}, and {{{{ is a brace")
    return [(literal, field or "") for literal, field, _ in parts]


def fields_of(text: str) -> frozenset[str]:
    """Return the fields in a text."""
    return frozenset(field for _, field in parts_of(text) if field)


def literal_of(text: str) -> str:
    """Return a text without its fields, with braces as they are drawn."""
    return "".join(literal for literal, _ in parts_of(text))


def filled(
    spec: WatermarkSpec, values: Callable[[], Mapping[str, str]], key: str
) -> tuple[WatermarkSpec, tuple[str, ...]]:
    """Return the spec for one picture, and warnings; ``values`` reads its metadata and is called only if needed.

    If a field has no value, or one that cannot be drawn, the text is ``text_default``.
    """
    fields = fields_of(spec.text) if spec.text is not None else frozenset()
    if spec.text is None or not fields:
        return spec, ()
    known = {"key": key, **(values() if fields - {"key"} else {})}
    if not all(known.get(field) for field in fields):
        return with_default_text(spec), ()
    text = "".join(literal + (known[field] if field else "") for literal, field in parts_of(spec.text))
    try:
        return replace(spec, text=_escaped(text)), ()
    except RecipeError as error:
        return with_default_text(spec), (f"the mark has its default text: {error.message}",)


def with_default_text(spec: WatermarkSpec) -> WatermarkSpec:
    """Return the spec with its default text, which is drawn verbatim."""
    return replace(spec, text=_escaped(spec.text_default or ""))


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _parsed(text: str) -> list[tuple[str, str | None, str | None, str | None]]:
    return list(Formatter().parse(text))
