"""Watermark one file into another."""

from __future__ import annotations

import os
from pathlib import Path

from zenoimg.imaging.formats import FORMATS
from zenoimg.imaging.limits import Limits
from zenoimg.imaging.recipe import Recipe
from zenoimg.imaging.result import Watermarked
from zenoimg.imaging.watermarking import DEFAULT_LIMITS, check_settings, watermark
from zenoimg.imaging.whole_file import write_file


def watermark_file(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    recipe: Recipe | None = None,
    limits: Limits = DEFAULT_LIMITS,
    *,
    replace: bool = True,
) -> Watermarked:
    """Write a watermarked copy of the image file ``source`` to ``target``, and return what ``watermark`` returns.

    The copy appears under its name once it is complete; until then, an existing file is unchanged. With
    ``replace=False``, an existing file is never replaced.

    Raises what ``watermark`` raises, ``OSError`` if a file cannot be read or written (``FileExistsError`` with
    ``replace=False``), and ``ValueError`` if ``target`` is ``source`` or has the extension of a format other than
    the copy's. Nothing is written in any of these cases.
    """
    check_settings("watermark_file", recipe, limits)
    original, copy = _path("source", source), _path("target", target)
    data = _content(original, limits)
    if copy.exists() and copy.samefile(original):
        raise ValueError(f"{copy} is the original itself; a copy needs another name")
    if copy.is_dir():
        raise IsADirectoryError(f"{copy} is a directory; name a file in it")
    if not replace and copy.exists():
        raise FileExistsError(f"{copy} already exists")
    done = watermark(data, recipe, limits)
    _check_extension(copy, done.format)
    write_file(copy, done.data, replace=replace)
    return done


def _path(name: str, value: object) -> Path:
    if isinstance(value, str | os.PathLike) and isinstance(path := os.fspath(value), str):
        return Path(path)
    raise TypeError(
        f"watermark_file() takes paths, as str or pathlib.Path; {name} is {type(value).__name__}; "
        "watermark() takes the content of a file"
    )


def _content(path: Path, limits: Limits) -> bytes:
    with path.open("rb") as file:
        limits.check_bytes(os.fstat(file.fileno()).st_size)
        return file.read(limits.max_bytes + 1)  # bounds the reading of devices and other files without a size


def _check_extension(path: Path, format_name: str) -> None:
    extension = path.suffix.removeprefix(".").lower()
    named = next((known.name for known in FORMATS.values() if extension in known.extensions), format_name)
    if named != format_name:
        right = path.with_suffix(f".{FORMATS[format_name].extensions[0]}").name
        raise ValueError(f"{path} has the extension of {named}, and the copy is a {format_name}; name it {right}")
