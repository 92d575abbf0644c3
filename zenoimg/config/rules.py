"""``[[rules]]`` in ``zenoimg.toml``: different recipe settings for images whose id begins with a prefix."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from zenoimg.config.checks import Value
from zenoimg.config.file import ConfigFile
from zenoimg.config.keys import RECIPE_TABLES, of_table
from zenoimg.errors import ConfigurationError

#: An id is at most 1,024 bytes long.
_MAX_PREFIX_BYTES = 1023
_MAX_RULES = 100
#: Prefix of a deploy's own test photos, to which no rule applies.
_RESERVED = ".zenoimg/"
#: Settings that are meaningless for a mark of the other kind, and so not inherited from ``[watermark]``.
_OF_TEXTS = ("text", "text_default", "color", "outline", "font")


@dataclass(frozen=True)
class RuleSettings:
    """One rule: its prefix, and either its settings by table and name or ``mark = "none"``."""

    prefix: str
    tables: Mapping[str, Mapping[str, Value]]
    unmarked: bool = False

    def over(self, base: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """Return the tables of its recipe: the base tables overridden by its own settings."""
        merged = {name: {**base.get(name, {}), **self.tables.get(name, {})} for name in RECIPE_TABLES}
        own, mark = self.tables.get("watermark", {}), merged["watermark"]
        if "logo" in own:
            merged["watermark"] = {name: value for name, value in mark.items() if name in own or name not in _OF_TEXTS}
        elif "text" in own:
            mark.pop("logo", None)
        tables: dict[str, Any] = {name: table for name, table in merged.items() if table}
        return {**tables, "mark": "none"} if self.unmarked else tables

    @property
    def words(self) -> str:
        """Return its settings in the form of ``zenoimg config``."""
        given = [f"{table}.{name} = {value}" for table, each in self.tables.items() for name, value in each.items()]
        return ", ".join(["mark = none", *given] if self.unmarked else given)


def rules_of(file: ConfigFile) -> tuple[RuleSettings, ...]:
    """Return the validated rules in a file. Raises ``ConfigurationError`` naming the rule."""
    given = (file.table or {}).get("rules", [])
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise ConfigurationError(f"{file.place('rules')}: rules must be an array of tables: [[rules]]")
    if len(given) > _MAX_RULES:
        raise ConfigurationError(
            f"{file.place('rules')}: there are {len(given)} rules; at most {_MAX_RULES} are allowed"
        )
    rules = [RuleSettings(_prefix(file, each), _tables(file, each), "mark" in each) for each in given]
    seen: set[str] = set()
    for rule in rules:
        if rule.prefix in seen:
            raise ConfigurationError(f"{file.place('rules')}: there are two rules for the prefix {rule.prefix!r}")
        seen.add(rule.prefix)
    return tuple(rules)


def _prefix(file: ConfigFile, rule: Mapping[str, Any]) -> str:
    prefix = rule.get("prefix")
    if not isinstance(prefix, str) or not 0 < len(prefix.encode()) <= _MAX_PREFIX_BYTES:
        raise ConfigurationError(
            f"{file.place('rules')}: a rule's prefix is {prefix!r}; it must be the beginning of ids",
            next_step='Write prefix = "clients/a/"; settings for all images are in [watermark] and the other tables.',
        )
    if prefix.startswith(_RESERVED) or _RESERVED.startswith(prefix):
        raise ConfigurationError(f"{file.place('rules')}: ids that begin with {_RESERVED!r} are zenoimg's own")
    return prefix


def _tables(file: ConfigFile, rule: Mapping[str, Any]) -> dict[str, dict[str, Value]]:
    where = f"{file.place('rules')}: the rule for {rule['prefix']!r}"
    for name, table in rule.items():
        if name not in ("prefix", "mark", *RECIPE_TABLES):
            raise _unknown(where, name, ("prefix", "mark", *RECIPE_TABLES))
        if name == "mark" and table != "none":
            raise ConfigurationError(f'{where} has mark = {table!r}; allowed is "none"')
        if name == "watermark" and "mark" in rule:
            raise ConfigurationError(f'{where} has both mark = "none" and settings of a mark: leave one of them out')
        if name in RECIPE_TABLES and not isinstance(table, dict):
            raise ConfigurationError(
                f"{where} has {name} = {table!r}; it must be a table: {name}.{next(iter(of_table(name)))}"
            )
    found = {name: dict(_values(where, name, rule[name])) for name in RECIPE_TABLES if name in rule}
    if not any(found.values()) and "mark" not in rule:
        raise ConfigurationError(
            f"{where} changes nothing", next_step='Give it a setting, such as watermark.text = "© A".'
        )
    return found


def _values(where: str, table: str, given: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    keys = of_table(table)
    for name, value in given.items():
        if name not in keys:
            raise _unknown(where, f"{table}.{name}", tuple(f"{table}.{key}" for key in keys))
        if not keys[name].check.allows(value):
            raise ConfigurationError(f"{where} has {table}.{name} = {value!r}; {keys[name].check.allowed}")
        yield name, value


def _unknown(where: str, name: str, known: tuple[str, ...]) -> ConfigurationError:
    near = difflib.get_close_matches(name, known, 1)
    return ConfigurationError(
        f"{where} has the unknown key {name!r}; known keys are {', '.join(known)}",
        next_step=f"Did you mean {near[0]!r}?" if near else "",
    )
