"""Load the settings of a command: flags > ``ZENOIMG_*`` environment > ``zenoimg.toml`` > defaults.

Credentials, profile and region come from AWS's own chain unless a flag, a variable or the file sets them.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from zenoimg.config.checks import Value, parse_tags
from zenoimg.config.file import ConfigFile, read
from zenoimg.config.keys import KEYS, RECIPE_TABLES, Key
from zenoimg.config.keys import RETENTION_DAYS as RETENTION_DAYS
from zenoimg.config.rules import RuleSettings, rules_of
from zenoimg.errors import ConfigurationError, UsageError
from zenoimg.stack.names import DEFAULT_STACK, STACK_PATTERN, is_stack_name

CONFIG_FILE = "zenoimg.toml"
DEFAULT, FILE = "default", "file"
_PREFIX = "ZENOIMG_"
#: Variables that do not set a key.
_VARIABLES = ("ZENOIMG_CONFIG", "ZENOIMG_LOCAL", "ZENOIMG_LOCAL_HOME", "ZENOIMG_LOCAL_IAM", "ZENOIMG_LOCAL_PORT")


@dataclass(frozen=True)
class GlobalOptions:
    """The options of every command that decide where it acts, as given on the command line."""

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    local: bool | None = None
    stack: str | None = None
    config: Path | None = None

    def words(self) -> list[str]:
        """Return the command-line words that repeat these options."""
        words = [] if self.local is None else ["--local" if self.local else "--no-local"]
        for name in ("stack", "region", "profile", "endpoint_url", "config"):
            value = getattr(self, name)
            words += [] if value is None else [f"--{name.replace('_', '-')}", str(value)]
        return words


@dataclass(frozen=True)
class Settings:
    """The effective settings of a command.

    ``names`` (originals_bucket, processed_bucket, table) replace the stack's outputs for a pipeline without
    a stack: ``upload``, ``reprocess --here`` and ``list`` need only S3 and DynamoDB. ``parameters``
    are the template parameters that are set; the others keep the template's defaults. ``tags`` are put on everything
    that a deploy creates. ``stack_flag`` is set if the stack was named on the command line. ``notices`` are sentences
    for the operator about how the settings are written. ``heic`` is ``None`` if it depends on the installation.
    """

    stack: str = DEFAULT_STACK
    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    local: bool = False
    names: Mapping[str, str] | None = None
    folder: Path = field(default_factory=Path)
    recipe_tables: Mapping[str, Any] = field(default_factory=dict)
    rules: tuple[RuleSettings, ...] = ()
    limits: Mapping[str, int] = field(default_factory=dict)
    heic: bool | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    backfill_concurrency: int = 5
    tags: Mapping[str, str] = field(default_factory=dict)
    stack_flag: bool = False
    notices: tuple[str, ...] = ()
    file: ConfigFile = field(default_factory=ConfigFile, compare=False, repr=False)


@dataclass(frozen=True)
class Effective:
    """A value and its source: the name of a flag or a variable, ``FILE`` or ``DEFAULT``."""

    key: Key
    value: Value
    source: str


def load(options: GlobalOptions, env: Mapping[str, str], cwd: Path) -> Settings:
    """Return the effective settings. Raises ``ConfigurationError`` or ``UsageError`` naming the key and its values."""
    file = file_of(options, env, cwd)
    found = {each.key.full_name: each for each in effective(options, env, file)}
    is_local = _is_local(options, env)
    given = [each for each in found.values() if each.source != DEFAULT]
    return Settings(
        stack=str(found["stack"].value),
        region=_text(found["region"].value),
        profile=_text(found["profile"].value),
        endpoint_url=_endpoint(options.endpoint_url),
        local=is_local,
        names=_names({each.key.name: each for each in given if each.key.table == "names"}, file),
        folder=cwd if file.path is None else file.path.parent,
        recipe_tables=_recipe_tables(given),
        rules=rules_of(file),
        limits={each.key.name: int(each.value or 0) for each in given if each.key.table == "limits"},
        heic=next((bool(each.value) for each in given if each.key.full_name == "formats.heic"), None),
        parameters={each.key.parameter: each.key.parameter_value(each.value) for each in given if each.key.parameter},
        backfill_concurrency=int(found["backfill.concurrency"].value or 0),
        tags=parse_tags(str(found["aws.tags"].value or "")),
        stack_flag=options.stack is not None,
        notices=tuple(_notices(env, file, cwd)),
        file=file,
    )


def _is_local(options: GlobalOptions, env: Mapping[str, str]) -> bool:
    """Return whether to use the embedded AWS. Raises ``UsageError`` for flags that it would ignore.

    AWS's and our own variables and the file may still name a region or a profile: they are meant for AWS.
    """
    is_local = _flag(env, "ZENOIMG_LOCAL") if options.local is None else options.local
    ignored = [
        f"--{name.replace('_', '-')}"
        for name in ("region", "profile", "endpoint_url")
        if getattr(options, name) is not None
    ]
    if is_local and ignored:
        if options.local:
            raise UsageError(
                f"--local and {ignored[0]} exclude each other",
                next_step=f"Leave out {ignored[0]} to use the embedded AWS, or --local to use AWS.",
            )
        raise UsageError(
            f"{ignored[0]} has no effect on the embedded AWS, which ZENOIMG_LOCAL selects",
            next_step=f"Add --no-local to use AWS, or leave out {ignored[0]}.",
        )
    return is_local


def _notices(env: Mapping[str, str], file: ConfigFile, cwd: Path) -> Iterator[str]:
    if file.path is not None and file.path.name == CONFIG_FILE and file.path.parent in cwd.parents:
        yield f"Using the settings of {os.path.relpath(file.path, cwd)}."
    variables = {*_VARIABLES, *(name for key in KEYS for name in (key.variable, key.former_variable))}
    known = [name.removeprefix(_PREFIX) for name in variables]
    for name in sorted(env):
        if name.startswith(_PREFIX) and name not in variables:
            near = difflib.get_close_matches(name.removeprefix(_PREFIX), known, 1)
            yield f"{name} is not a variable of zenoimg" + (f"; did you mean {_PREFIX}{near[0]}?" if near else ".")
    for key in KEYS:
        if file.uses_former_name(key):
            former = f"{key.table}.{key.former_name}"
            yield f"{file.place(key.table, key.former_name)}: {former} is now called {key.full_name}; please rename it."
        if key.former_variable and env.get(key.former_variable):
            yield f"{key.former_variable} is now called {key.variable}; please rename it."


def effective(options: GlobalOptions, env: Mapping[str, str], file: ConfigFile) -> list[Effective]:
    """Return every key with its validated value and source. Raises what ``load`` raises."""
    found = [_effective(key, options, env, file) for key in KEYS]
    has_logo = any(each.key.full_name == "watermark.logo" and each.value for each in found)
    # A logo replaces the default text.
    return [replace(each, value=None) if has_logo and _is_default_text(each) else each for each in found]


def _is_default_text(each: Effective) -> bool:
    return each.key.full_name == "watermark.text" and each.source == DEFAULT


def _effective(key: Key, options: GlobalOptions, env: Mapping[str, str], file: ConfigFile) -> Effective:
    flag = getattr(options, key.name, None) if not key.table else None
    if flag is not None:
        return _checked(Effective(key, flag, f"--{key.name}"), file)
    for variable in filter(None, (key.variable, key.former_variable)):
        if text := env.get(variable):
            return _checked(Effective(key, key.check.read(text), variable), file)
    in_file: Any = file.value(key)
    if in_file is not None:
        return _checked(Effective(key, in_file, FILE), file)
    # The AWS CLI knows AWS_REGION, botocore itself only AWS_DEFAULT_REGION.
    if key.full_name == "region" and env.get("AWS_REGION"):
        return Effective(key, env["AWS_REGION"], "AWS_REGION")
    return Effective(key, key.default, DEFAULT)


def _checked(each: Effective, file: ConfigFile) -> Effective:
    key, value = each.key, each.value
    if not key.check.allows(value):
        raise ConfigurationError(f"{_shown(each, file)} is {value!r}; {key.check.allowed}")
    if key.full_name == "stack" and not is_stack_name(str(value)):
        wrong = ConfigurationError if each.source == FILE else UsageError
        raise wrong(
            f"{_shown(each, file)} is {value!r}, which is not a valid stack name",
            next_step=f"Use a lower-case letter, then up to 15 letters, digits or hyphens ({STACK_PATTERN}).",
        )
    return each


def _shown(each: Effective, file: ConfigFile) -> str:
    return f"{file.place_of(each.key)}: {each.key.full_name}" if each.source == FILE else each.source


def _recipe_tables(given: list[Effective]) -> dict[str, dict[str, Value]]:
    chosen: dict[str, dict[str, Value]] = {}
    for each in given:
        if each.key.table in RECIPE_TABLES:
            chosen.setdefault(each.key.table, {})[each.key.name] = each.value
    return chosen


def file_of(options: GlobalOptions, env: Mapping[str, str], cwd: Path) -> ConfigFile:
    """Return the file that a command reads: the named one, or else the nearest one from ``cwd`` upwards.

    Return an empty one if there is none. Raises ``ConfigurationError`` for a file that cannot be read, or one that
    belongs to another user in a folder above.
    """
    named = options.config or (Path(env["ZENOIMG_CONFIG"]) if env.get("ZENOIMG_CONFIG") else None)
    if named is not None:
        return read(named)
    path = next((folder / CONFIG_FILE for folder in (cwd, *cwd.parents) if (folder / CONFIG_FILE).is_file()), None)
    if path is None:
        return ConfigFile()
    if path.parent != cwd and _belongs_to_another_user(path):
        raise ConfigurationError(
            f"{path} in a folder above belongs to another user and is ignored",
            next_step=f"To use it anyway, add --config {path}; or write your own file here.",
        )
    return read(path)


def _belongs_to_another_user(path: Path) -> bool:
    """Return whether someone else controls a file's content, which is normal for root."""
    own = os.geteuid()
    return own != 0 and path.stat().st_uid not in (own, 0)


def _endpoint(url: str | None) -> str | None:
    if url is not None and not re.match(r"https?://[^/]", url):
        raise UsageError(f"--endpoint-url {url!r} is not a valid URL", next_step="Write it as http://HOST:PORT.")
    return url


def _names(given: Mapping[str, Effective], file: ConfigFile) -> dict[str, str] | None:
    wanted = [key.name for key in KEYS if key.table == "names"]
    named = {name: str(each.value) for name, each in given.items() if each.value}
    if not named:
        return None
    if missing := ", ".join(name for name in wanted if name not in named):
        raise ConfigurationError(
            f"a pipeline without a stack needs all of {', '.join(wanted)}; missing: {missing}",
            next_step=f"Set them in [names] of {file.path or CONFIG_FILE} or as ZENOIMG_ORIGINALS_BUCKET and so on.",
        )
    return named


def _text(value: Value) -> str | None:
    return str(value) if value else None


def _flag(env: Mapping[str, str], name: str) -> bool:
    text = env.get(name, "").lower()
    if text in {"1", "true", "yes", "on"}:
        return True
    if text in {"", "0", "false", "no", "off"}:
        return False
    raise ConfigurationError(f"{name} is {text!r}; allowed are 1 and 0")
