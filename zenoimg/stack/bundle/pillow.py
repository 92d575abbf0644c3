"""Find the version of Pillow in a packages layer."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable

_METADATA = re.compile(r"python/pillow-([^/-]+)\.dist-info/", re.IGNORECASE)


def pillow_version_in(names: Iterable[str]) -> str:
    """Return the version, judging by the names of a layer's files; empty if there is no Pillow."""
    return next((match[1] for match in map(_METADATA.match, names) if match), "")


def pillow_version_of(layer: bytes) -> str:
    """Return the version in a layer; empty if it is not a zip that contains Pillow."""
    try:
        with zipfile.ZipFile(io.BytesIO(layer)) as archive:
            return pillow_version_in(archive.namelist())
    except zipfile.BadZipFile:
        return ""
