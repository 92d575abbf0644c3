"""What each format can hold: one family a module, each opened by its own decoder and no other.

A writer takes a file's bytes, a recipe and limits, and gives the watermarked copy or raises ``Refused``. Any
other error out of it means that the file is damaged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module

from zenoimg.imaging.limits import Limits
from zenoimg.imaging.recipe import Recipe
from zenoimg.imaging.result import Watermarked

Writer = Callable[[bytes, Recipe, Limits], Watermarked]

_MODULES = {
    "JPEG": "jpeg",
    "PNG": "png",
    "WebP": "webp",
    "GIF": "gif",
    "AVIF": "avif",
    "TIFF": "tiff",
    "BMP": "bmp",
}


class _Writers(Mapping[str, Writer]):
    """A family is loaded when its first picture comes: all of them would be half of a function's cold start."""

    def __getitem__(self, name: str) -> Writer:
        writer: Writer = import_module(f"{__name__}.{_MODULES[name]}.writer").watermarked
        return writer

    def __iter__(self) -> Iterator[str]:
        return iter(_MODULES)

    def __len__(self) -> int:
        return len(_MODULES)


WRITERS: Mapping[str, Writer] = _Writers()
"""The writer for each name in ``identify.SUPPORTED``."""
