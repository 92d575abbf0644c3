"""Watermark pictures: bytes in, bytes out. Uses Pillow; independent of AWS::

    done = watermark(data, Recipe(), Limits())
    watermark_file("photo.jpg", "copy.jpg")

The public names are loaded on first use, so that importing a module of this package, such as
``zenoimg.imaging.identify``, does not import Pillow.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zenoimg.imaging.errors import RecipeError, Refused
    from zenoimg.imaging.files import watermark_file
    from zenoimg.imaging.limits import Limits
    from zenoimg.imaging.metadata.policy import Rights
    from zenoimg.imaging.recipe import EncoderSettings, Recipe, WatermarkSpec
    from zenoimg.imaging.recipe_tables import recipe_from_mapping, recipe_to_mapping
    from zenoimg.imaging.result import Watermarked
    from zenoimg.imaging.watermarking import watermark

__all__ = [
    "EncoderSettings",
    "Limits",
    "Recipe",
    "RecipeError",
    "Refused",
    "Rights",
    "WatermarkSpec",
    "Watermarked",
    "recipe_from_mapping",
    "recipe_to_mapping",
    "watermark",
    "watermark_file",
]

_MODULES = {
    "EncoderSettings": "recipe",
    "Limits": "limits",
    "Recipe": "recipe",
    "RecipeError": "errors",
    "Refused": "errors",
    "Rights": "metadata.policy",
    "WatermarkSpec": "recipe",
    "Watermarked": "result",
    "recipe_from_mapping": "recipe_tables",
    "recipe_to_mapping": "recipe_tables",
    "watermark": "watermarking",
    "watermark_file": "files",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
