"""Decide whether an ``--output`` means standard output, a file or a folder, by one rule for all commands."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

STDOUT = "-"
Output = Literal["stdout", "file", "folder"]

PREVIEW = ".marked"
"""End of the names of previews, before the suffix: that of photo.jpg is photo.marked.jpg."""


def output_kind(output: str, *, single: bool) -> Output:
    """Return what an output is; only a ``single`` result can go to a file.

    ``-`` is standard output. An existing path is what it is; otherwise a name with an extension (``copy.jpg``) is a
    file, and any other name, or one with a trailing slash, a folder.
    """
    if output == STDOUT:
        return "stdout"
    path = Path(output)
    if path.is_dir() or output.endswith(os.sep) or not single:
        return "folder"
    return "file" if path.exists() or path.suffix else "folder"
