"""Settings of a command: flags > ``ZENOIMG_*`` environment > ``zenoimg.toml`` > defaults.

Credentials, profile and region follow AWS's own chain where neither flag nor file names them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zenoimg.errors import ConfigurationError, UsageError
from zenoimg.stack.names import DEFAULT_STACK, STACK_PATTERN, is_stack_name

CONFIG_FILE = "zenoimg.toml"

#: The tables of ``zenoimg.toml`` that are the recipe; ``zenoimg.imaging`` checks what is in them.
RECIPE_TABLES = ("watermark", "metadata", "encoder")

#: (table, key) of ``zenoimg.toml`` → (parameter of the template, lowest, highest).
_NUMBERS: Mapping[tuple[str, str], tuple[str, int, int]] = {
    ("processor", "memory"): ("ProcessorMemory", 512, 10240),
    ("processor", "timeout"): ("ProcessorTimeout", 30, 900),
    ("processor", "retries"): ("LiveRetries", 0, 2),
    ("backfill", "tries"): ("BackfillTries", 1, 1000),
    ("originals", "noncurrent_days"): ("NoncurrentVersionDays", 1, 36500),
    ("api", "rate_limit"): ("ApiRateLimit", 1, 10000),
    ("api", "burst_limit"): ("ApiBurstLimit", 1, 5000),
}
#: What CloudWatch Logs accepts, in days
#: (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html).
RETENTION_DAYS = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)

#: (table, key) → (parameter, text in the file → value of the parameter).
_CHOICES: Mapping[tuple[str, str], tuple[str, Mapping[str | int, str]]] = {
    ("processor", "architecture"): ("Architecture", {"arm64": "arm64", "x86_64": "x86_64"}),
    ("api", "auth"): ("ApiAuthorization", {"iam": "AWS_IAM", "none": "NONE"}),
    ("logs", "retention_days"): ("LogRetentionDays", {days: str(days) for days in RETENTION_DAYS}),
    ("logs", "level"): ("LogLevel", {level: level for level in ("DEBUG", "INFO", "WARNING", "ERROR")}),
}
#: The one number that is a literal of the template and not a parameter; see there.
_BACKFILL_CONCURRENCY = ("backfill", "concurrency")
_TOP_KEYS = ("stack", "region", "profile")
_NAMES = ("originals_bucket", "processed_bucket", "table")
_LIMITS = ("max_bytes", "max_pixels", "max_frames", "max_frame_pixels")


@dataclass(frozen=True)
class GlobalOptions:
    """The options that every command takes, as they stand on the command line."""

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    local: bool | None = None
    stack: str | None = None
    config: Path | None = None


@dataclass(frozen=True)
class Settings:
    """What a command works with.

    ``names`` (originals_bucket, processed_bucket, table) replace the stack's outputs for a pipeline without
    a stack: wherever S3 and DynamoDB are, ``upload``, ``reprocess --here`` and ``list`` work.
    """

    stack: str = DEFAULT_STACK
    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    local: bool = False
    names: Mapping[str, str] | None = None
    folder: Path = field(default_factory=Path)
    recipe_tables: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    backfill_concurrency: int = 5


def load(options: GlobalOptions, env: Mapping[str, str], cwd: Path) -> Settings:
    """The effective settings. Raises ``ConfigurationError`` or ``UsageError`` naming the key and what it allows."""
    path = options.config or _optional_path(env.get("ZENOIMG_CONFIG")) or _existing(cwd / CONFIG_FILE)
    table = {} if path is None else _read(path)
    _check_keys(table, path)
    stack = options.stack or env.get("ZENOIMG_STACK") or table.get("stack", DEFAULT_STACK)
    if not isinstance(stack, str) or not is_stack_name(stack):
        raise UsageError(
            f"{stack!r} cannot name a stack",
            next_step=f"Use a lower-case letter, then up to 15 letters, digits or hyphens ({STACK_PATTERN}).",
        )
    return Settings(
        stack=stack,
        # The AWS CLI knows AWS_REGION; botocore by itself only AWS_DEFAULT_REGION.
        region=(
            options.region or env.get("ZENOIMG_REGION") or _text(table, "region", path) or env.get("AWS_REGION") or None
        ),
        profile=options.profile or env.get("ZENOIMG_PROFILE") or _text(table, "profile", path),
        endpoint_url=_endpoint(options.endpoint_url),
        local=_flag(env, "ZENOIMG_LOCAL") if options.local is None else options.local,
        names=_names(env, table, path),
        folder=cwd if path is None else path.parent,
        recipe_tables={name: table[name] for name in RECIPE_TABLES if name in table},
        limits=_limits(table, path),
        parameters=_parameters(table, path),
        backfill_concurrency=_number(
            "backfill.concurrency", table.get("backfill", {}).get("concurrency", 5), 2, 1000, path
        ),
    )


def _endpoint(url: str | None) -> str | None:
    if url is not None and not re.match(r"https?://[^/]", url):
        raise UsageError(f"--endpoint-url {url!r} is no address", next_step="Write it as http://HOST:PORT.")
    return url


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigurationError(f"the configuration file {path} does not exist") from error
    except OSError as error:
        raise ConfigurationError(f"the configuration file {path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}") from error


def _check_keys(table: Mapping[str, Any], path: Path | None) -> None:
    keys: dict[str, set[str]] = {"names": set(_NAMES), "limits": set(_LIMITS)}
    for section, key in (*_NUMBERS, *_CHOICES, _BACKFILL_CONCURRENCY):
        keys.setdefault(section, set()).add(key)
    allowed = sorted({*_TOP_KEYS, *RECIPE_TABLES, *keys})
    for name, value in table.items():
        if name not in allowed:
            raise ConfigurationError(f"{path}: unknown key {name!r}; known are {', '.join(allowed)}")
        if name in _TOP_KEYS:
            continue
        if not isinstance(value, dict):
            raise ConfigurationError(f"{path}: {name} must be a table: [{name}]")
        unknown = sorted(set(value) - keys[name]) if name in keys else []
        if unknown:
            known = ", ".join(sorted(keys[name]))
            raise ConfigurationError(f"{path}: unknown key {unknown[0]!r} in [{name}]; known are {known}")


def _parameters(table: Mapping[str, Any], path: Path | None) -> dict[str, str]:
    chosen: dict[str, str] = {}
    for (section, key), (parameter, lowest, highest) in _NUMBERS.items():
        value = table.get(section, {}).get(key)
        if value is not None:
            chosen[parameter] = str(_number(f"{section}.{key}", value, lowest, highest, path))
    for (section, key), (parameter, choices) in _CHOICES.items():
        value = table.get(section, {}).get(key)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, str | int) or value not in choices:
            allowed = ", ".join(map(str, choices))
            raise ConfigurationError(f"{path}: {section}.{key} is {value!r}; allowed are {allowed}")
        chosen[parameter] = choices[value]
    return chosen


def _limits(table: Mapping[str, Any], path: Path | None) -> dict[str, int]:
    found: Mapping[str, Any] = table.get("limits", {})
    return {key: _number(f"limits.{key}", value, 1, 2**40, path) for key, value in found.items()}


def _number(name: str, value: object, lowest: int, highest: int, path: Path | None) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
        raise ConfigurationError(f"{path}: {name} is {value!r}; allowed is a whole number from {lowest} to {highest}")
    return value


def _names(env: Mapping[str, str], table: Mapping[str, Any], path: Path | None) -> dict[str, str] | None:
    found = {key: env.get(f"ZENOIMG_{key.upper()}") or table.get("names", {}).get(key) for key in _NAMES}
    given = {key: value for key, value in found.items() if value}
    if not given:
        return None
    if len(given) < len(_NAMES):
        missing = ", ".join(sorted(set(_NAMES) - set(given)))
        raise ConfigurationError(
            f"a pipeline without a stack needs all of {', '.join(_NAMES)}; missing: {missing}",
            next_step=f"Set them in [names] of {path or CONFIG_FILE} or as ZENOIMG_ORIGINALS_BUCKET and so on.",
        )
    return {key: str(value) for key, value in given.items()}


def _text(table: Mapping[str, Any], key: str, path: Path | None) -> str | None:
    value = table.get(key)
    if value is not None and not isinstance(value, str):
        raise ConfigurationError(f"{path}: {key} must be a text, not {value!r}")
    return value


def _flag(env: Mapping[str, str], name: str) -> bool:
    text = env.get(name, "").lower()
    if text in {"1", "true", "yes", "on"}:
        return True
    if text in {"", "0", "false", "no", "off"}:
        return False
    raise ConfigurationError(f"{name} is {text!r}; allowed are 1 and 0")


def _optional_path(text: str | None) -> Path | None:
    return Path(text) if text else None


def _existing(path: Path) -> Path | None:
    return path if path.is_file() else None
