"""``zenoimg.toml`` as read, with the line of every key for error messages."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zenoimg.config.checks import Value
from zenoimg.config.keys import KEYS, Key, of_table, tables
from zenoimg.errors import ConfigurationError
from zenoimg.suggest import suggest


@dataclass(frozen=True)
class ConfigFile:
    """The tables and the text of a file; both are empty without a file."""

    path: Path | None = None
    table: Mapping[str, Any] | None = None
    text: str = ""

    def value(self, key: Key) -> object:
        """Return the value of a key in the file, by its current or former name; ``None`` if it has none."""
        table = self._table_of(key)
        return table.get(key.name, table.get(key.former_name))

    def uses_former_name(self, key: Key) -> bool:
        """Return whether the file uses the key's former name."""
        return bool(key.former_name) and key.former_name in self._table_of(key)

    def _table_of(self, key: Key) -> Mapping[str, Any]:
        table: Mapping[str, Any] = self.table or {}
        return table.get(key.table, {}) if key.table else table

    def place(self, *names: str) -> str:
        """Return ``zenoimg.toml:12``: the file and the line on which a key begins."""
        line = self._line_of(names)
        return f"{self.path}:{line}" if line else str(self.path)

    def place_of(self, key: Key) -> str:
        """Return ``place`` of one of our keys."""
        name = key.former_name if self.uses_former_name(key) and key.name not in self._table_of(key) else key.name
        return self.place(*filter(None, (key.table, name)))

    def _line_of(self, names: tuple[str, ...]) -> int:
        """Return the first line of a key's definition; 0 if there is none.

        Every prefix of the file that is valid TOML is parsed: the key begins after the last one without it, whatever
        its syntax.
        """
        lines = self.text.splitlines(keepends=True)
        without = 0
        for count in range(1, len(lines) + 1):
            try:
                found: Any = tomllib.loads("".join(lines[:count]))
            except tomllib.TOMLDecodeError:
                continue  # within a multi-line value
            for name in names:
                found = found.get(name) if isinstance(found, dict) else None
            if found is not None:
                return without + 1
            without = count
        return 0


def read(path: Path) -> ConfigFile:
    """Read a file and check its keys. Raises ``ConfigurationError`` naming file, line and the allowed keys."""
    try:
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"the configuration file {path} does not exist",
            next_step=f"`{suggest('init')}` writes one with every key in it.",
        ) from error
    except OSError as error:
        raise ConfigurationError(f"the configuration file {path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}") from error
    file = ConfigFile(path, table, text)
    _check_keys(file, table)
    return file


def commented() -> str:
    """Return a file with every key, each on its own commented-out line that shows the default.

    A key without a default shows an example. As written, the file changes nothing.
    """
    lines = [
        "# Settings of zenoimg. Uncomment a line to set its key; the value shown is the default, or an example where",
        "# the comment begins with (example). Flags and ZENOIMG_* variables override this file;",
        "# `zenoimg config` shows every setting and where it comes from.",
        "",
    ]
    for table in ("", *tables()):
        lines += ["", f"[{table}]"] if table else []
        lines += [_line(key) for key in KEYS if key.table == table]
    return "\n".join([*lines, *_RULES]) + "\n"


_RULES = (
    "",
    "# Other settings for images whose id begins with a prefix; the longest prefix wins.",
    "# [[rules]]",
    '#   prefix = "clients/a/"',
    '#   watermark.logo = "a.png"',
    '#   watermark.position = "tile"',
    "# [[rules]]",
    '#   prefix = "internal/"',
    '#   mark = "none"',
)


def _line(key: Key) -> str:
    is_example = key.default in (None, "")
    setting = f"# {key.name} = {_toml(key.example if is_example else key.default)}"
    note = " ".join(filter(None, ("(example)" if is_example else "", key.what)))
    return f"{setting:<37} # {note}" if note else setting


def _toml(value: Value) -> str:
    # A JSON string without \u escapes is a TOML string as well.
    return json.dumps(value, ensure_ascii=False)


def _check_keys(file: ConfigFile, table: Mapping[str, Any]) -> None:
    top = sorted({*of_table(""), *tables(), "rules"})
    for name, value in table.items():
        if name not in top:
            raise _unknown(file, (name,), "", top)
        if name not in tables():
            continue
        if not isinstance(value, dict):
            raise ConfigurationError(f"{file.place(name)}: {name} must be a table: [{name}]")
        known = sorted(of_table(name))
        former = {key.former_name for key in of_table(name).values()}
        for key in value:
            if key not in known and key not in former:
                raise _unknown(file, (name, key), f" in [{name}]", known)


def _unknown(file: ConfigFile, names: tuple[str, ...], where: str, known: list[str]) -> ConfigurationError:
    near = difflib.get_close_matches(names[-1], known, 1)
    meant = f"Did you mean {near[0]!r}? " if near else ""
    return ConfigurationError(
        f"{file.place(*names)}: unknown key {names[-1]!r}{where}; known keys are {', '.join(known)}",
        next_step=f"{meant}`{suggest('init')}` writes every key with its default.",
    )
