"""Decide which of an original's S3 headers and user metadata its copy gets. Pure functions.

Cache-Control, Content-Disposition, Content-Language, Expires and user metadata are carried over, and object tags if
the pipeline is configured to do so. Not carried over are Content-Encoding, which describes the original's bytes;
``sha256``, which ``zenoimg upload`` sets for them; ``immutable``, since the next recipe rewrites a copy; what S3 would
reject or return in another form; and, if the metadata policy removes locations, user metadata and tags whose name
denotes one. Warnings name what was left out.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from zenoimg.pipeline.objects.disposition import disposition

#: S3's limit for user metadata: bytes of all names and values in UTF-8
#: (https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html).
MAX_METADATA_BYTES = 2048
#: Prefix of the pipeline's own user metadata entries.
OWN_PREFIX = "zenoimg-"
#: Entry of an original with the SHA-256 of its bytes.
DIGEST_ENTRY = "sha256"

#: Where ``carry`` finds the object tags of an original, which S3 returns in a separate request.
TAGS = "Tags"

_WARNING = "not carried from the original's S3 headers: "
_HEADERS = ("CacheControl", "ContentDisposition", "ContentLanguage", "Expires")
_TITLES = {
    "CacheControl": "Cache-Control",
    "ContentDisposition": "Content-Disposition",
    "ContentLanguage": "Content-Language",
}
#: Incremented when the same original and settings give different headers than before.
_VERSION = 1

# fmt: off
_COORDINATES = frozenset({
    "gps", "latitude", "longitude", "lat", "lon", "lng", "coordinate", "coordinates", "geolocation", "geotag",
    "geohash", "altitude",
})
#: A name that contains one of these words denotes a location.
_PLACES = frozenset({"location", "sublocation", "city", "country", "countrycode", "countryname"})
#: These words have other meanings as well, so they must be the entire name.
_WHOLE_PLACES = frozenset({
    "state", "province", "provincestate", "region", "place", "placename", "address", "venue", "geo", "district",
})
# fmt: on


@dataclass(frozen=True)
class HeaderRules:
    """What determines a copy's headers besides the original.

    ``cache_control`` is the Cache-Control of all copies, ``None`` for that of the original. ``policy`` is the recipe's
    metadata policy. ``carries_tags`` is set if copies get the object tags of their originals.
    """

    cache_control: str | None
    policy: str
    carries_tags: bool = False

    @property
    def fingerprint(self) -> str:
        """Return 16 hexadecimal digits that change with the rules, apart from the policy: it is part of the recipe."""
        return headers_fingerprint(self.cache_control, carries_tags=self.carries_tags)


@dataclass(frozen=True)
class CopyHeaders:
    """Headers and user metadata of a copy. ``arguments`` are those for PutObject and CopyObject."""

    arguments: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def headers_fingerprint(cache_control: str | None, *, carries_tags: bool = False) -> str:
    """Return the fingerprint that copies get with these settings of ``HeaderRules``."""
    settings = [_VERSION, cache_control, *(["tags"] if carries_tags else [])]
    return hashlib.sha256(json.dumps(settings).encode()).hexdigest()[:16]


def headers_of(response: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of a GetObject or HeadObject response that ``carry`` reads."""
    names = (*_HEADERS, "ExpiresString", "Metadata", "MissingMeta")
    return {name: response[name] for name in names if response.get(name)}


def carry(original: Mapping[str, Any], rules: HeaderRules, own: Mapping[str, str], file_name: str = "") -> CopyHeaders:
    """Return the headers of a copy from those of its original; ``own`` entries of user metadata always win.

    ``file_name`` is suggested by the Content-Disposition of a copy in another format; empty for others.
    """
    arguments = {name: original[name] for name in _HEADERS if name in original}
    warnings: list[str] = []
    if rules.cache_control is not None:
        arguments["CacheControl"] = rules.cache_control
    elif "CacheControl" in arguments:
        kept, removed = _without_immutable(arguments["CacheControl"])
        arguments["CacheControl"] = kept
        warnings += ["immutable in Cache-Control: copies are rewritten"] if removed else []
    if "ExpiresString" in original and "Expires" not in original:
        warnings.append("Expires, which is not a date")
    for name, title in _TITLES.items():
        value = arguments.get(name)
        if value is not None and not value.isascii():
            # Requests are signed as UTF-8 but sent as Latin-1: S3 would reject the request.
            warnings.append(f"{title}, which is not ASCII")
            del arguments[name]
    if file_name:
        arguments["ContentDisposition"] = disposition(arguments.get("ContentDisposition", ""), file_name)
    tags, untagged = _carried_tags(original.get(TAGS, {}), rules)
    if tags:
        arguments["Tagging"] = urlencode(tags)
    metadata, reasons = _carried_metadata(original.get("Metadata", {}), rules, own)
    if original.get("MissingMeta"):
        reasons.append(f"{original['MissingMeta']} entries of user metadata that S3 does not return")
    return CopyHeaders(
        {name: value for name, value in arguments.items() if value},
        metadata,
        tuple(_WARNING + reason for reason in (*warnings, *untagged, *reasons)),
    )


def without_header_warnings(warnings: tuple[str, ...]) -> tuple[str, ...]:
    """Return the warnings about the picture, without those about headers."""
    return tuple(warning for warning in warnings if not warning.startswith(_WARNING))


def _carried_metadata(
    given: Mapping[str, str], rules: HeaderRules, own: Mapping[str, str]
) -> tuple[dict[str, str], list[str]]:
    """Return the entries of a copy, including the pipeline's own, and what was left out."""
    carried = dict(own)
    left_out: dict[str, list[str]] = {}
    size = sum(map(_size, own.items()))
    for name, value in sorted(given.items()):
        if name == DIGEST_ENTRY or name.startswith(OWN_PREFIX):
            continue
        if _is_place(name, rules.policy):
            left_out.setdefault("whose name is a place", []).append(name)
        elif not (name + value).isascii() or (value.startswith("=?") and value.endswith("?=")):
            left_out.setdefault("that S3 returns encoded", []).append(name)
        elif size + _size((name, value)) > MAX_METADATA_BYTES:
            left_out.setdefault(f"beyond S3's {MAX_METADATA_BYTES:,} bytes", []).append(name)
        else:
            carried[name] = value
            size += _size((name, value))
    return carried, [f"user metadata {reason}: {', '.join(names)}" for reason, names in left_out.items()]


def _carried_tags(given: Mapping[str, str], rules: HeaderRules) -> tuple[dict[str, str], list[str]]:
    """Return the tags of a copy, and what was left out. Names that begin with ``aws:`` are for AWS to set."""
    if not rules.carries_tags:
        return {}, []
    places = sorted(name for name in given if _is_place(name, rules.policy))
    tags = {name: value for name, value in given.items() if name not in places and not name.startswith("aws:")}
    return tags, [f"object tags whose name is a place: {', '.join(places)}"] if places else []


def _size(entry: tuple[str, str]) -> int:
    name, value = entry
    return len(name.encode()) + len(value.encode())


def _without_immutable(cache_control: str) -> tuple[str, bool]:
    directives = [each.strip() for each in cache_control.split(",")]
    kept = [each for each in directives if each.lower() != "immutable"]
    return (", ".join(kept), True) if len(kept) < len(directives) else (cache_control, False)


def _is_place(name: str, policy: str) -> bool:
    """Return whether the metadata policy removes an entry because of its name."""
    if policy == "keep":
        return False
    words = [word for word in re.split(r"[^a-z0-9]+", name.lower()) if word]
    joined = "".join(words)
    if joined.startswith("gps") or not _COORDINATES.isdisjoint({*words, joined}):
        return True
    is_place = not _PLACES.isdisjoint({*words, joined}) or joined in _WHOLE_PLACES
    return is_place and policy != "keep-no-gps"
