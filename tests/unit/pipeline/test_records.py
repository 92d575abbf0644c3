from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, get_type_hints

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from tests.records import PROCESSED, REFUSED
from zenoimg.pipeline.records import STATUSES, ImageRecord, Status, from_item, to_item, to_json, utc_text

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
_TIME = st.datetimes(datetime(2006, 3, 14), datetime(2100, 1, 1)).map(utc_text)  # S3 began in 2006
_BY_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    int | None: st.none() | st.integers(0, 2**53),
    str | None: st.none() | _TEXT,
    Status: st.sampled_from(STATUSES),
    tuple[str, ...]: st.lists(_TEXT, max_size=3).map(tuple),
}
_BY_NAME: dict[str, st.SearchStrategy[Any]] = {"image_id": _TEXT.filter(bool), "created_at": _TIME, "updated_at": _TIME}
RECORDS = st.builds(
    ImageRecord,
    **{
        name: _BY_NAME[name] if name in _BY_NAME else _BY_TYPE[hint]
        for name, hint in get_type_hints(ImageRecord).items()
    },
)


def stored(record: ImageRecord) -> dict[str, Any]:
    """Return the item as DynamoDB returns it, with decimals for numbers."""
    wire = {name: TypeSerializer().serialize(value) for name, value in to_item(record).items()}
    return {name: TypeDeserializer().deserialize(value) for name, value in wire.items()}


def test_the_json_has_these_keys_in_this_order() -> None:
    assert list(to_json(PROCESSED)) == [
        "ImageId",
        "OriginalSize",
        "ProcessedSize",
        "ProcessedUrl",
        "CreatedAt",
        "Status",
        "UpdatedAt",
        "Format",
        "Width",
        "Height",
        "Frames",
        "ETag",
        "VersionId",
        "Recipe",
        "DurationMs",
        "Warnings",
        "Error",
        "CopyRecipe",
        "Limits",
        "Encoding",
        "Headers",
        "SourceFormat",
    ]


@given(RECORDS)
def test_every_key_is_in_the_json_of_every_record(record: ImageRecord) -> None:
    assert list(to_json(record)) == list(to_json(PROCESSED))


def test_the_json_has_the_values_under_their_names() -> None:
    shown = to_json(PROCESSED)
    assert shown["ImageId"] == "2025/a cat ü📷.jpg"
    assert shown["OriginalSize"] == 3_420_000
    assert shown["ProcessedSize"] == 3_437_100
    assert shown["CreatedAt"] == "2025-06-12T15:25:14Z"
    assert shown["Warnings"] == ["the gain map is not kept"]
    assert shown["Error"] is None


def test_fields_that_do_not_apply_are_null_in_the_json_and_absent_from_the_item() -> None:
    assert to_json(REFUSED)["ProcessedSize"] is None
    assert to_json(REFUSED)["Warnings"] == []
    assert "ProcessedSize" not in to_item(REFUSED)
    assert None not in to_item(REFUSED).values()


@given(RECORDS)
def test_a_record_comes_back_from_the_table_unchanged(record: ImageRecord) -> None:
    assert from_item(stored(record)) == record


@given(RECORDS)
def test_numbers_from_the_table_become_serializable_integers(record: ImageRecord) -> None:
    found = to_json(from_item(stored(record)))
    assert not [value for value in found.values() if isinstance(value, Decimal)]


@given(RECORDS)
def test_index_attributes_are_never_null_or_empty(record: ImageRecord) -> None:
    # DynamoDB refuses the whole item then.
    item = to_item(record)
    assert item["DayShard"]
    assert item["CreatedAt"]
    assert item["UpdatedAt"]


def test_a_record_is_filed_under_its_day_in_a_stable_one_of_four_shards() -> None:
    items = [to_item(replace(PROCESSED, image_id=f"{number}.jpg")) for number in range(200)]
    assert {item["DayShard"] for item in items} == {f"2025-06-12#{shard}" for shard in range(4)}
    again = to_item(replace(PROCESSED, image_id="7.jpg", status="failed", updated_at="2026-01-01T00:00:00Z"))
    assert again["DayShard"] == items[7]["DayShard"]


def test_records_of_zenoimg_itself_belong_to_no_day() -> None:
    assert "DayShard" not in to_item(replace(PROCESSED, image_id=".zenoimg/smoke-1/a.jpg"))


def test_only_refused_and_failed_records_are_in_the_attention_index() -> None:
    assert "Attention" not in to_item(PROCESSED)
    assert to_item(REFUSED)["Attention"] == "refused"
    assert to_item(replace(REFUSED, status="failed"))["Attention"] == "failed"


def test_an_item_with_only_the_first_five_fields_is_a_processed_record() -> None:
    found = from_item(
        {
            "ImageId": "cat.jpg",
            "OriginalSize": Decimal(10),
            "ProcessedSize": Decimal(9),
            "ProcessedUrl": "https://copies.example/processed/cat.jpg",
            "CreatedAt": "2025-06-12T15:25:14Z",
        }
    )
    assert found.status == "processed"
    assert found.updated_at == found.created_at
    assert found.warnings == ()
    assert found.width is None


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2025, 6, 12, 15, 25, 14, tzinfo=UTC), "2025-06-12T15:25:14Z"),
        (datetime(2025, 6, 12, 15, 25, 14, 999_999, tzinfo=UTC), "2025-06-12T15:25:14Z"),
        (datetime(2025, 6, 12, 15, 25, 14), "2025-06-12T15:25:14Z"),
        (datetime(2025, 6, 12, 23, 25, 14, tzinfo=timezone(timedelta(hours=-2))), "2025-06-13T01:25:14Z"),
    ],
)
def test_times_are_utc_in_whole_seconds(moment: datetime, text: str) -> None:
    assert utc_text(moment) == text


def test_outcomes_that_differ_only_in_time_are_equal() -> None:
    later = replace(PROCESSED, updated_at="2026-01-01T00:00:00Z", duration_ms=1)
    assert PROCESSED.same_outcome(later)


@pytest.mark.parametrize(
    "other",
    [
        None,
        replace(PROCESSED, version_id="v2"),
        replace(PROCESSED, recipe="another"),
        replace(PROCESSED, status="failed"),
        replace(PROCESSED, processed_size=1),
    ],
)
def test_a_different_version_recipe_status_or_copy_is_a_different_outcome(other: ImageRecord | None) -> None:
    assert not PROCESSED.same_outcome(other)


_ANY = st.one_of(st.none(), st.booleans(), st.integers(), st.decimals(), _TEXT, st.binary(max_size=9), st.lists(_TEXT))


@given(st.dictionaries(st.sampled_from([name for name in to_json(PROCESSED) if name != "ImageId"]), _ANY))
def test_an_item_written_by_another_program_is_still_a_record(item: dict[str, Any]) -> None:
    found = from_item({"ImageId": "a.jpg", **item})
    assert list(to_json(found)) == list(to_json(PROCESSED))
    assert found.status == (item["Status"] if isinstance(item.get("Status"), str) else "processed")
    assert json.loads(json.dumps(to_json(found))) == to_json(found)


@pytest.mark.parametrize("written", ["yesterday", "2025-06-12", "2025-13-12T15:25:14Z", 5, None])
def test_an_invalid_time_counts_as_unknown(written: Any) -> None:
    found = from_item({"ImageId": "a.jpg", "CreatedAt": written})
    assert (found.created_at, found.updated_at) == ("", "")
    assert to_json(found)["CreatedAt"] is None
