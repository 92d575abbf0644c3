"""The entry point: turn the bytes of a picture and a recipe into the bytes of a watermarked copy."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial

import zenoimg.imaging.marking.typeface  # noqa: F401 - loads Pillow while a function starts, not at its first picture
from zenoimg.imaging.errors import Refused, TransientError
from zenoimg.imaging.formats import FORMATS, SUPPORTED
from zenoimg.imaging.identify import HEAD_BYTES, identify
from zenoimg.imaging.limits import Limits
from zenoimg.imaging.marking.template import filled, with_default_text
from zenoimg.imaging.memory import ObservedLimits, can_allocate
from zenoimg.imaging.recipe import Recipe, WatermarkSpec
from zenoimg.imaging.result import NO_MARK, Watermarked

_MUCH_LARGER, _MUCH_MORE_BYTES = 1.5, 20_000
Writer = Callable[[bytes, Recipe, Limits], Watermarked]
DEFAULT_LIMITS = Limits()


def watermark(
    data: bytes | bytearray | memoryview,
    recipe: Recipe | None = None,
    limits: Limits = DEFAULT_LIMITS,
    *,
    available: int | None = None,
    key: str = "",
) -> Watermarked:
    """Return a watermarked copy of a picture in its own format; for a HEIF, a JPEG or a PNG.

    ``data`` is the content of an image file; ``recipe`` is ``Recipe()`` by default. Limits are checked before pixels
    are decoded. ``available`` is the number of bytes of memory that this process can give to one picture. ``key``
    replaces ``{key}`` in the mark's text.

    Raises ``Refused`` with the code ``not-an-image``, ``unsupported-format``, ``decoder-missing``, ``corrupt``,
    ``too-large``, ``too-many-frames`` or ``too-small``. Raises ``MemoryError`` if the process has too little memory,
    which says nothing about the picture (``NeedsMemoryError``, before pixels are decoded, if it needs more than is
    ``available``), and ``TypeError`` for an argument of the wrong type.
    """
    check_settings("watermark", recipe, limits)
    data = _as_bytes(data)
    limits.check_bytes(len(data))
    if not data:
        raise Refused("not-an-image", "the file is empty")
    identified = identify(data[:HEAD_BYTES])
    if identified is None:
        raise Refused("not-an-image", "the file is not an image in a known format")
    if not identified.supported:
        raise Refused(
            "unsupported-format",
            f"{identified.format} is not supported; supported are {', '.join(SUPPORTED)}",
        )
    # Outside a try block: a module that cannot be imported does not mean a damaged picture.
    writer: Writer = FORMATS[identified.format].module("writer").watermarked
    template = recipe or _default_recipe()
    recipe, warnings = _of_picture(template, data, identified.format, key)
    observed = ObservedLimits(limits, available)
    default = _with_default_text(template, recipe)
    try:
        # No page is left without a mark because of a long text: the default text is tried first.
        copy = _marked_or_copied(writer, data, _refusing(recipe) if default else recipe, observed, identified.format)
    except Refused as refused:
        if refused.code != "too-small" or default is None:
            raise
        copy = _marked_or_copied(writer, data, default, observed, identified.format)
        warnings = (*warnings, f"the mark has its default text: {refused.message}")
    if warnings:
        copy = replace(copy, warnings=(*copy.warnings, *warnings))
    return _with_growth_named(copy, len(data), identified.format).made_from(identified.format)


def check_settings(function: str, recipe: object, limits: object) -> None:
    """Raise ``TypeError``, naming ``function``, for an argument of the wrong type."""
    if recipe is not None and not isinstance(recipe, Recipe):
        how = "; a mark goes into one: Recipe(spec)" if isinstance(recipe, WatermarkSpec) else ""
        raise TypeError(f"{function}() takes a Recipe as recipe, not {type(recipe).__name__}{how}")
    if not isinstance(limits, Limits):
        raise TypeError(f"{function}() takes Limits as limits, not {type(limits).__name__}")


@cache
def _default_recipe() -> Recipe:
    """Return ``Recipe()``, created when first needed: functions have a deployed recipe, but not the default font."""
    return Recipe()


def _copier(name: str) -> Writer:
    from zenoimg.imaging.unmarked import copied  # needed only for copies without a mark

    return partial(copied, format_name=name)


def _of_picture(recipe: Recipe, data: bytes, name: str, key: str) -> tuple[Recipe, tuple[str, ...]]:
    """Return the recipe with the text of this picture, and warnings about it."""

    def stated() -> dict[str, str]:
        from zenoimg.imaging.metadata.facts import facts  # needed only for such texts

        return facts(data, name, recipe.rights)

    if recipe.watermark is None:
        return recipe, ()
    spec, warnings = filled(recipe.watermark, stated, key)
    return (recipe if spec is recipe.watermark else replace(recipe, watermark=spec)), warnings


def _with_default_text(template: Recipe, recipe: Recipe) -> Recipe | None:
    """Return the recipe with its default text, or ``None`` if the picture's text is not its own."""
    if template.watermark is None or recipe is template:
        return None
    default = replace(template, watermark=with_default_text(template.watermark))
    return None if default == recipe else default


def _refusing(recipe: Recipe) -> Recipe:
    spec = recipe.watermark
    if spec is None or spec.too_small == "refuse":
        return recipe
    return replace(recipe, watermark=replace(spec, too_small="refuse"))


def _marked_or_copied(writer: Writer, data: bytes, recipe: Recipe, limits: ObservedLimits, name: str) -> Watermarked:
    """Return a copy with the mark, or without one if the recipe has none or allows small pictures to have none."""
    if recipe.watermark is None:
        return _written(_copier(name), data, recipe, limits, name)
    try:
        return _written(writer, data, recipe, limits, name)
    except Refused as refused:
        if refused.code != "too-small" or recipe.watermark.too_small == "refuse":
            raise
        copy = _written(_copier(name), data, replace(recipe, watermark=None), limits, name)
        return replace(copy, warnings=(*copy.warnings, f"{NO_MARK}{refused.message}"))


def _written(writer: Writer, data: bytes, recipe: Recipe, limits: ObservedLimits, name: str) -> Watermarked:
    try:
        return writer(data, recipe, limits)
    except (Refused, TransientError, MemoryError):
        raise
    except Exception as failure:  # decoders raise errors of any type on damaged input
        traceback.clear_frames(failure.__traceback__)  # its stack frames hold the memory that the decoder had allocated
        reason = f"cannot be decoded as {name}: {failure}"
        if not can_allocate(limits.needed):
            raise MemoryError(f"{reason}; {limits.needed:,} bytes for it cannot be allocated") from failure
        raise Refused("corrupt", reason) from failure


def _with_growth_named(copy: Watermarked, source_bytes: int, source_format: str) -> Watermarked:
    """Return the copy, with a warning if it is much larger than its source and in the same format."""
    grown = len(copy.data) - source_bytes
    if copy.format != source_format or len(copy.data) <= _MUCH_LARGER * source_bytes or grown <= _MUCH_MORE_BYTES:
        return copy
    warning = f"the copy is {len(copy.data) / source_bytes:.1f} times as large as its original"
    return replace(copy, warnings=(*copy.warnings, warning))


def _as_bytes(data: object) -> bytes:
    if isinstance(data, bytes):
        return data
    if isinstance(data, bytearray | memoryview):
        return bytes(data)
    raise TypeError(
        f"watermark() takes the content of an image file as bytes, bytearray or memoryview, not {type(data).__name__}; "
        "read a file with Path(...).read_bytes(), or call watermark_file(path, out)"
    )
