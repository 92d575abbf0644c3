"""What a copy inherits from the headers and user metadata of its original."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from zenoimg.pipeline.objects.headers import (
    MAX_METADATA_BYTES,
    HeaderRules,
    carry,
    headers_fingerprint,
    headers_of,
    without_header_warnings,
)

RULES = HeaderRules(None, "keep-no-location")
OWN = {"zenoimg-recipe": "00ff00ff00ff00ff"}
EXPIRES = datetime(2030, 1, 1, tzinfo=UTC)


def metadata(entries: dict[str, str], policy: str = "keep-no-location") -> tuple[dict[str, str], str]:
    """Return the user's entries that are carried over, and all warnings as one text."""
    carried = carry({"Metadata": entries}, HeaderRules(None, policy), OWN)
    assert carried.metadata.items() >= OWN.items()
    return {name: value for name, value in carried.metadata.items() if name not in OWN}, "\n".join(carried.warnings)


def test_headers_and_user_metadata_are_carried_over() -> None:
    response = {
        "CacheControl": "public, max-age=60",
        "ContentDisposition": 'inline; filename="sea.jpg"',
        "ContentLanguage": "de",
        "Expires": EXPIRES,
        "ExpiresString": "Tue, 01 Jan 2030 00:00:00 GMT",
        "Metadata": {"photographer": "A"},
        "ContentEncoding": "gzip",
        "ContentType": "image/jpeg",
        "ETag": '"e"',
    }
    carried = carry(headers_of(response), RULES, OWN)
    names = ("CacheControl", "ContentDisposition", "ContentLanguage", "Expires")
    assert carried.arguments == {name: response[name] for name in names}
    assert carried.metadata == {"photographer": "A", **OWN}
    assert carried.warnings == ()


def test_without_headers_the_copy_has_only_its_own_entries() -> None:
    carried = carry(headers_of({"ETag": '"e"', "Metadata": {}}), RULES, OWN)
    assert (carried.arguments, carried.metadata, carried.warnings) == ({}, OWN, ())


def test_own_entries_take_precedence_and_user_entries_with_former_names_are_carried_over() -> None:
    carried, warnings = metadata({"zenoimg-recipe": "forged", "zenoimg-x": "1", "recipe": "cake", "sha256": "00"})
    assert (carried, warnings) == ({"recipe": "cake"}, "")


@pytest.mark.parametrize(
    ("given", "carried", "is_reported"),
    [
        ("max-age=60", "max-age=60", False),
        ("public, max-age=31536000, immutable", "public, max-age=31536000", True),
        ("Immutable,max-age=1", "max-age=1", True),
        ("immutable", None, True),
    ],
)
def test_immutable_is_not_carried_over(given: str, carried: str | None, is_reported: bool) -> None:
    found = carry({"CacheControl": given}, RULES, OWN)
    assert found.arguments.get("CacheControl") == carried
    assert bool(found.warnings) is is_reported


@pytest.mark.parametrize("original", [{}, {"CacheControl": "immutable, max-age=9"}])
def test_the_configured_cache_control_overrides_the_originals(original: dict[str, Any]) -> None:
    found = carry(original, HeaderRules("no-cache", "keep"), OWN)
    assert (found.arguments, found.warnings) == ({"CacheControl": "no-cache"}, ())


@pytest.mark.parametrize("value", ["=?UTF-8?B?w6k=?=", "é"])
def test_entries_that_s3_returns_encoded_are_left_out_with_a_warning(value: str) -> None:
    carried, warnings = metadata({"caption": value, "photographer": "A"})
    assert carried == {"photographer": "A"}
    assert "that S3 returns encoded: caption" in warnings


def test_headers_that_s3_would_reject_are_left_out_with_a_warning() -> None:
    found = carry({"ContentDisposition": 'inline; filename="é.jpg"', "ExpiresString": "soon"}, RULES, OWN)
    assert found.arguments == {}
    assert "Content-Disposition" in "".join(found.warnings)
    assert "Expires" in "".join(found.warnings)


def test_entries_that_s3_does_not_return_are_reported() -> None:
    found = carry(headers_of({"Metadata": {}, "MissingMeta": 2}), RULES, OWN)
    assert "2 entries of user metadata that S3 does not return" in "".join(found.warnings)


def test_user_metadata_is_cut_at_the_limit_of_s3() -> None:
    own = sum(len(name) + len(value) for name, value in OWN.items())
    fitting = {"a": "x" * (MAX_METADATA_BYTES - own - 1)}
    assert metadata(fitting) == (fitting, "")
    carried, warnings = metadata({**fitting, "b": ""})
    assert carried == fitting
    assert "beyond S3's 2,048 bytes: b" in warnings
    assert metadata({"a": fitting["a"] + "x", "b": "y"})[0] == {"b": "y"}


PLACES = [
    "location",
    "city",
    "shoot-location",
    "Country",
    "country-code",
    "gps",
    "gpslatitude",
    "lat",
    "geo_lat",
    "state",
]
NO_PLACES = ["photographer", "latest", "capacity", "processing-state", "plateau", "longname", "email-address"]


@pytest.mark.parametrize("policy", ["keep-no-location", "strip"])
@pytest.mark.parametrize("name", PLACES)
def test_entries_named_like_locations_are_removed_with_locations(name: str, policy: str) -> None:
    carried, warnings = metadata({name: "x"}, policy)
    assert carried == {}
    assert f"whose name is a place: {name}" in warnings


@pytest.mark.parametrize("name", PLACES)
def test_locations_are_kept_under_keep(name: str) -> None:
    assert metadata({name: "x"}, "keep") == ({name: "x"}, "")


def test_keep_no_gps_removes_coordinates_and_keeps_place_names() -> None:
    carried, _ = metadata({"city": "x", "gps": "1", "longitude": "2"}, "keep-no-gps")
    assert carried == {"city": "x"}


@pytest.mark.parametrize("name", NO_PLACES)
def test_entries_with_other_names_are_kept(name: str) -> None:
    assert metadata({name: "x"}) == ({name: "x"}, "")


def test_header_rules_have_a_fingerprint() -> None:
    assert RULES.fingerprint == headers_fingerprint(None) != headers_fingerprint("no-cache")
    assert HeaderRules(None, "keep", carries_tags=True).fingerprint != RULES.fingerprint
    assert HeaderRules(None, "keep").fingerprint == RULES.fingerprint, "the policy belongs to the recipe's fingerprint"


def test_warnings_about_headers_are_distinguished_from_others() -> None:
    found = carry({"CacheControl": "immutable", "Metadata": {"city": "x"}}, RULES, OWN)
    assert len(found.warnings) == 2
    assert without_header_warnings(("the gain map is not kept", *found.warnings)) == ("the gain map is not kept",)
