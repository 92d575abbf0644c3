"""The mark of a copy as entries of its user metadata in S3."""

from __future__ import annotations

from collections.abc import Mapping

from zenoimg.pipeline.objects.headers import OWN_PREFIX
from zenoimg.pipeline.verdict import CopyMark

SOURCE_VERSION_ENTRY = f"{OWN_PREFIX}source-version"
RECIPE_ENTRY = f"{OWN_PREFIX}recipe"
HEADERS_ENTRY = f"{OWN_PREFIX}headers"
#: Former names of the first two user metadata entries; still read.
_OLD_ENTRIES = ("source-version", "recipe")


def mark_of(metadata: Mapping[str, str]) -> CopyMark:
    """Return the mark in the user metadata of a copy; its fields are empty where the metadata lacks them."""
    if SOURCE_VERSION_ENTRY not in metadata:
        return CopyMark(*(metadata.get(name, "") for name in _OLD_ENTRIES))
    return CopyMark(metadata[SOURCE_VERSION_ENTRY], metadata.get(RECIPE_ENTRY, ""), metadata.get(HEADERS_ENTRY, ""))


def entries_of(mark: CopyMark) -> dict[str, str]:
    """Return the user metadata entries that hold a mark."""
    entries = {SOURCE_VERSION_ENTRY: mark.source_version, RECIPE_ENTRY: mark.recipe}
    return entries | ({HEADERS_ENTRY: mark.headers} if mark.headers else {})
