"""Decide the paths of downloaded images in a folder, from names alone, before anything is written.

Keys are untrusted. A key becomes a path only if that path means the same on every common file system, and does not
collide with another image of the run or an existing file where case, Unicode form or trailing dots are ignored.
Nothing is renamed: a file is named after its key, or it is not written. A copy whose format differs from its
original's has the extension of its own format.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Kind = Literal["file", "folder", "link"]
Look = Callable[[tuple[str, ...]], Mapping[str, Kind]]
"""Maps the path of a subfolder to the names in it; empty for a folder that does not exist."""

_MAX_NAME_BYTES = 255
_DEVICES = frozenset(
    {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"}
    | {f"{port}{number}" for port in ("COM", "LPT") for number in "0123456789¹²³"}
)
#: Bidirectional control characters make one name look like another.
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True)
class Target:
    """The path of one image, relative to the output folder."""

    key: str
    folders: tuple[str, ...]
    name: str

    @property
    def path(self) -> str:
        """Return the relative path."""
        return "/".join((*self.folders, self.name))


@dataclass(frozen=True)
class Unplaced:
    """An image without a path; ``in_the_way`` is set if only an existing file or folder prevents one."""

    key: str
    reason: str
    in_the_way: bool = False


def place(
    keys: Iterable[str], look: Look, *, force: bool, names: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Target | Unplaced]:
    """Yield a path for each key that can safely have one; if two keys collide, the first gets it.

    An existing file at exactly that path is no obstacle: whether it may be replaced depends on its content. ``force``
    allows a path that differs from an existing one only in case. A repeated key is placed once. ``names`` maps keys to
    file names that differ from the last part of the key.
    """
    files: dict[tuple[str, ...], str] = {}
    folders: dict[tuple[str, ...], str] = {}
    for key in dict.fromkeys(keys):
        reason = unsafe(key)
        if reason:
            yield Unplaced(key, reason)
            continue
        target = _target(key, names.get(key))
        reason = _unsafe_name(target.name)
        if reason:
            yield Unplaced(key, reason)
            continue
        folded = tuple(map(fold, (*target.folders, target.name)))
        reason = _clash(folded, files, folders)
        if reason:
            yield Unplaced(key, reason)
            continue
        reason = _obstacle(target, look, force=force)
        if reason:
            yield Unplaced(key, reason, in_the_way=True)
            continue
        files[folded] = key
        for depth in range(1, len(folded)):
            folders.setdefault(folded[:depth], key)
        yield target


def unsafe(key: str) -> str:
    """Return why a key cannot be a path in a folder, regardless of what exists there; empty if it can."""
    if key.startswith("/"):
        return "its id begins with '/' and would be an absolute path"
    if re.match(r"[A-Za-z]:", key):
        return "its id begins with a drive letter"
    if "\\" in key:
        return "its id has a backslash, which separates folders on some systems"
    if key.endswith("/"):
        return "its id ends with '/', like a folder"
    for name in key.split("/"):
        reason = _unsafe_name(name)
        if reason:
            return reason
    return ""


def fold(name: str) -> str:
    """Return a normal form that is the same for names that some file system considers equal."""
    canonical = unicodedata.normalize("NFD", name).casefold()
    return unicodedata.normalize("NFC", canonical).rstrip(". ")


def _unsafe_name(name: str) -> str:
    if not name:
        return "its id has an empty folder name ('//')"
    if not name.strip(". "):
        return f"its id has the name {name!r}, which leads elsewhere"
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in name):
        return "its id has control characters"
    if any(character in _BIDI for character in name):
        return "its id has characters that change the direction of text"
    if name.split(".")[0].rstrip().upper() in _DEVICES:
        return f"{name!r} is a device on some systems"
    if len(name.encode()) > _MAX_NAME_BYTES:
        return f"its id has a name of more than {_MAX_NAME_BYTES} bytes"
    return ""


def _target(key: str, other_name: str | None) -> Target:
    *folders, name = key.split("/")
    return Target(key, tuple(folders), other_name or name)


def _clash(
    folded: tuple[str, ...], files: Mapping[tuple[str, ...], str], folders: Mapping[tuple[str, ...], str]
) -> str:
    """Return what in this run rules out a path."""
    if folded in files:
        return f"on some file systems it is the same file as {files[folded]!r}"
    if folded in folders:
        return f"{folders[folded]!r} needs a folder of this name"
    for depth in range(1, len(folded)):
        if folded[:depth] in files:
            return f"{files[folded[:depth]]!r} is a file where this needs a folder"
    return ""


def _obstacle(target: Target, look: Look, *, force: bool) -> str:
    """Return what on disk rules out a path."""
    for depth, folder in enumerate(target.folders):
        kind = look(target.folders[:depth]).get(folder)
        shown = "/".join(target.folders[: depth + 1])
        if kind == "file":
            return f"{shown} is a file where this needs a folder"
        if kind == "link":
            return f"{shown} is a symbolic link, which is not followed"
    there = look(target.folders)
    if there.get(target.name) == "folder":
        return f"{target.path} is a folder"
    if target.name in there or force:
        return ""
    alike = next((name for name in there if fold(name) == fold(target.name)), None)
    return "" if alike is None else f"{alike} exists, which is the same name on some file systems; --force ignores that"
