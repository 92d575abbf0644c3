"""The allowed values of keys in ``zenoimg.toml``: one check per kind of value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

Value = str | int | float | None


class Check(Protocol):
    """The allowed values of a key."""

    @property
    def allowed(self) -> str:
        """Return a description that follows the wrong value: ``allowed is a whole number from 1 to 9``."""

    def allows(self, value: object) -> bool:
        """Return whether a value from the file, of any type, is allowed."""

    def read(self, text: str) -> Value:
        """Convert the text of an environment variable to the value that the file would contain."""


@dataclass(frozen=True)
class Whole:
    """A whole number, or ``word`` if it is set."""

    lowest: int
    highest: int
    word: str = ""

    @property
    def allowed(self) -> str:
        """See ``Check``."""
        otherwise = f', or "{self.word}"' if self.word else ""
        return f"allowed is a whole number from {self.lowest} to {self.highest}{otherwise}"

    def allows(self, value: object) -> bool:
        """See ``Check``."""
        if self.word and value == self.word:
            return True
        return isinstance(value, int) and not isinstance(value, bool) and self.lowest <= value <= self.highest

    def read(self, text: str) -> Value:
        """See ``Check``."""
        return int(text) if re.fullmatch(r"[+-]?[0-9]{1,18}", text) else text


@dataclass(frozen=True)
class Real:
    """A number."""

    lowest: float
    highest: float

    @property
    def allowed(self) -> str:
        """See ``Check``."""
        return f"allowed is a number from {self.lowest:g} to {self.highest:g}"

    def allows(self, value: object) -> bool:
        """See ``Check``."""
        return isinstance(value, int | float) and not isinstance(value, bool) and self.lowest <= value <= self.highest

    def read(self, text: str) -> Value:
        """See ``Check``."""
        try:
            return float(text)
        except ValueError:
            return text


@dataclass(frozen=True)
class OneOf:
    """One of several values, each mapped to the template's name for it."""

    choices: Mapping[str | int, str]

    @property
    def allowed(self) -> str:
        """See ``Check``."""
        return f"allowed are {', '.join(map(str, self.choices))}"

    def allows(self, value: object) -> bool:
        """See ``Check``."""
        return isinstance(value, str | int) and not isinstance(value, bool) and value in self.choices

    def read(self, text: str) -> Value:
        """See ``Check``."""
        return int(text) if text.isascii() and text.isdigit() and int(text) in self.choices else text


@dataclass(frozen=True)
class Flag:
    """``true`` or ``false``."""

    @property
    def allowed(self) -> str:
        """See ``Check``."""
        return "allowed are true and false"

    def allows(self, value: object) -> bool:
        """See ``Check``."""
        return isinstance(value, bool)

    def read(self, text: str) -> Value:
        """See ``Check``."""
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)


@dataclass(frozen=True)
class Text:
    """Text that matches ``pattern``, which ``what`` describes."""

    what: str = "a text"
    pattern: str = r"(?s).*"

    @property
    def allowed(self) -> str:
        """See ``Check``."""
        return f"it must be {self.what}"

    def allows(self, value: object) -> bool:
        """See ``Check``."""
        return isinstance(value, str) and re.fullmatch(self.pattern, value) is not None

    def read(self, text: str) -> Value:
        """See ``Check``."""
        return text


#: Prefixes of tags that AWS and zenoimg itself set. The limit on the others leaves room for these: 50 in total
#: (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html).
_RESERVED_TAGS, _MAX_TAGS = ("aws:", "zenoimg:"), 40


def parse_tags(text: str) -> dict[str, str]:
    """Parse tags from text such as ``team=photos, cost-center=42``.

    The allowed characters are those that every service accepts. Raises ``ValueError`` saying what is wrong.
    """
    tags: dict[str, str] = {}
    for each in filter(None, map(str.strip, text.split(","))):
        key, equals, value = (part.strip() for part in each.partition("="))
        if (
            not equals
            or not re.fullmatch(r"[\w .:/+@-]{1,128}", key)
            or not re.fullmatch(r"[\w .:/=+@-]{0,256}", value)
        ):
            raise ValueError(f"{each!r} is not a tag")
        if key.lower().startswith(_RESERVED_TAGS) or key in tags:
            raise ValueError(f"the tag {key!r} is reserved, or given twice")
        tags[key] = value
    if len(tags) > _MAX_TAGS:
        raise ValueError(f"more than {_MAX_TAGS} tags")
    return tags


@dataclass(frozen=True)
class Tags:
    """AWS tags in one string."""

    @property
    def allowed(self) -> str:
        """See ``Check``."""
        return (
            'it must be tags like "team=photos, cost-center=42": at most 40, each key once and not of '
            f"{' or '.join(_RESERVED_TAGS)}"
        )

    def allows(self, value: object) -> bool:
        """See ``Check``."""
        try:
            return isinstance(value, str) and parse_tags(value) is not None
        except ValueError:
            return False

    def read(self, text: str) -> Value:
        """See ``Check``."""
        return text
