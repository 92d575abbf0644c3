"""Choose the version to restore. Pure functions.

| Requested                | the image is deleted | it exists                                      |
|---|---|---|
| no version               | its newest version   | refused: the version has to be named           |
| deleted images only      | its newest version   | unchanged                                      |
| a version                | that version         | that version; unchanged if it has this content |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from zenoimg.operations.versions.listing import Version
from zenoimg.suggest import suggest


@dataclass(frozen=True)
class Restoration:
    """A version to make current again. ``replaced`` is the one that is current now, ``None`` for a deleted image."""

    key: str
    version: Version
    replaced: Version | None = None


@dataclass(frozen=True)
class NothingToRestore:
    """Why nothing is restored; ``unchanged`` if the image is already as requested."""

    key: str
    state: Literal["unchanged", "missing", "failed"]
    reason: str


def choose(
    key: str, versions: Sequence[Version], wanted: str | None = None, *, only_deleted: bool = False
) -> Restoration | NothingToRestore:
    """Return what to restore for an image, or why nothing is restored; ``versions`` has the newest first."""
    if not versions:
        return NothingToRestore(key, "missing", "there is no such image")
    current = None if versions[0].is_marker else versions[0]
    kept = [version for version in versions if not version.is_marker]
    if wanted is not None:
        return _of_version(key, versions, wanted, current)
    if current is not None and only_deleted:
        return NothingToRestore(key, "unchanged", "it is not deleted")
    if current is not None:
        command = suggest("versions", ids=[key])
        return NothingToRestore(
            key, "failed", f"it is not deleted; `{command}` lists its versions, and --version selects one"
        )
    if not kept:
        return NothingToRestore(key, "missing", "S3 keeps no version of it any more")
    return Restoration(key, kept[0])


def _of_version(
    key: str, versions: Sequence[Version], wanted: str, current: Version | None
) -> Restoration | NothingToRestore:
    found = next((version for version in versions if version.version_id == wanted), None)
    if found is None:
        return NothingToRestore(key, "missing", f"it has no version {wanted!r}")
    if found.is_marker:
        return NothingToRestore(key, "failed", f"{wanted!r} is a delete marker, which has no content")
    if current is not None and (found.etag, found.size) == (current.etag, current.size):
        same = "it is the current version" if found is current else "the current version has the same content"
        return NothingToRestore(key, "unchanged", same)
    return Restoration(key, found, current)
