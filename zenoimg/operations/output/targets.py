"""Where downloaded images go below a folder: decided from names alone, before anything is written.

A key is a stranger's text. It becomes a path only if that path means the same on every common file system and
no other image of the run, nor anything that lies there, would be hit by it where case, Unicode form or dots
at the end do not count. Nothing is renamed: a file bears its key, or it is not written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["file", "folder", "link"]
Look = Callable[[tuple[str, ...]], Mapping[str, Kind]]
"""From a folder's path below the output folder to the names in it; a folder that is not there holds none."""

_MAX_NAME_BYTES = 255
_DEVICES = frozenset(
    {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"}
    | {f"{port}{number}" for port in ("COM", "LPT") for number in "0123456789¹²³"}
)
#: They make a name look like another one on the screen.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True)
class Target:
    """The path of one image below the output folder."""

    key: str
    folders: tuple[str, ...]
    name: str

    @property
    def path(self) -> str:
        """The relative path."""
        return "/".join((*self.folders, self.name))


@dataclass(frozen=True)
class Unplaced:
    """An image that gets no path; ``in_the_way`` when only what lies there already prevents it."""

    key: str
    reason: str
    in_the_way: bool = False


def place(keys: Iterable[str], look: Look, *, force: bool) -> Iterator[Target | Unplaced]:
    """A path for each key that can safely have one; the first of two that exclude each other gets it.

    A file that lies at the very path does not prevent it: whether it may be replaced depends on its content.
    ``force`` lets a path differ from what lies there by case alone. A key given twice is placed once.
    """
    files: dict[tuple[str, ...], str] = {}
    folders: dict[tuple[str, ...], str] = {}
    for key in dict.fromkeys(keys):
        reason = unsafe(key)
        if reason:
            yield Unplaced(key, reason)
            continue
        target = _target(key)
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
    """Why a key cannot be a path below a folder, whatever lies there; empty when it can."""
    if key.startswith("/"):
        return "its id begins with '/', and would be a path from the root"
    if re.match(r"[A-Za-z]:", key):
        return "its id begins with a drive letter"
    if "\\" in key:
        return "its id has a backslash, which parts folders on some systems"
    if key.endswith("/"):
        return "its id ends with '/', as a folder's does"
    for name in key.split("/"):
        reason = _unsafe_name(name)
        if reason:
            return reason
    return ""


def fold(name: str) -> str:
    """What two names have in common that some file system takes for the same."""
    canonical = unicodedata.normalize("NFD", name).casefold()
    return unicodedata.normalize("NFC", canonical).rstrip(". ")


def _unsafe_name(name: str) -> str:
    if not name:
        return "its id has an empty folder name ('//')"
    if not name.strip(". "):
        return f"its id has {name!r} for a name, which leads elsewhere"
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in name):
        return "its id has control characters"
    if any(character in _TURNING for character in name):
        return "its id has characters that turn the direction of writing"
    if name.split(".")[0].rstrip().upper() in _DEVICES:
        return f"{name!r} is the name of a device on some systems"
    if len(name.encode()) > _MAX_NAME_BYTES:
        return f"its id has a name of more than {_MAX_NAME_BYTES} bytes"
    return ""


def _target(key: str) -> Target:
    *folders, name = key.split("/")
    return Target(key, tuple(folders), name)


def _clash(
    folded: tuple[str, ...], files: Mapping[tuple[str, ...], str], folders: Mapping[tuple[str, ...], str]
) -> str:
    """What in this run excludes a path."""
    if folded in files:
        return f"on some file systems it is the same file as {files[folded]!r}"
    if folded in folders:
        return f"{folders[folded]!r} needs a folder of this name"
    for depth in range(1, len(folded)):
        if folded[:depth] in files:
            return f"{files[folded[:depth]]!r} is a file where this needs a folder"
    return ""


def _obstacle(target: Target, look: Look, *, force: bool) -> str:
    """What on disk excludes a path."""
    for depth, folder in enumerate(target.folders):
        kind = look(target.folders[:depth]).get(folder)
        shown = "/".join(target.folders[: depth + 1])
        if kind == "file":
            return f"{shown} is a file where this needs a folder"
        if kind == "link":
            return f"{shown} is a symbolic link, and those are not followed"
    there = look(target.folders)
    if there.get(target.name) == "folder":
        return f"{target.path} is a folder"
    if target.name in there or force:
        return ""
    alike = next((name for name in there if fold(name) == fold(target.name)), None)
    return "" if alike is None else f"{alike} lies there, the same name on some file systems; --force goes on"
