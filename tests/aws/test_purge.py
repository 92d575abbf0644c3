"""Buckets are emptied permanently: all versions and delete markers, any number, and nothing outside a prefix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.aws.conftest import ACCOUNT, NAMES
from zenoimg.errors import RefusedByAwsError
from zenoimg.operations.removal import purge
from zenoimg.operations.removal.purge import Content

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = NAMES.originals_bucket  # versioned


def fill(s3: S3Client) -> None:
    """Create two versions of a key, a deleted key, another one, and one below a prefix."""
    for key in ("a.jpg", "a.jpg", "b.jpg", "c ü.jpg", "zeno/d.zip"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"12345")
    s3.delete_object(Bucket=BUCKET, Key="b.jpg")


def test_everything_is_counted_and_removed(s3: S3Client) -> None:
    fill(s3)
    seen: list[int] = []
    removed: list[int] = []
    assert purge.count(s3, BUCKET, ACCOUNT, on_count=seen.append) == Content(versions=5, markers=1, size=25)
    assert not purge.is_empty(s3, BUCKET, ACCOUNT)
    assert purge.empty(s3, BUCKET, ACCOUNT, on_removed=removed.append) == 6
    assert (sum(seen), sum(removed)) == (6, 6)
    assert purge.is_empty(s3, BUCKET, ACCOUNT)
    s3.delete_bucket(Bucket=BUCKET)


def test_only_keys_below_the_prefix_are_removed(s3: S3Client) -> None:
    fill(s3)
    assert purge.count(s3, BUCKET, ACCOUNT, prefix="zeno/").total == 1
    assert purge.empty(s3, BUCKET, ACCOUNT, prefix="zeno/") == 1
    assert purge.count(s3, BUCKET, ACCOUNT).total == 5


def test_a_bucket_with_nothing_but_a_marker_is_not_empty(s3: S3Client) -> None:
    version = s3.put_object(Bucket=BUCKET, Key="a.jpg", Body=b"")["VersionId"]
    s3.delete_object(Bucket=BUCKET, Key="a.jpg")
    s3.delete_object(Bucket=BUCKET, Key="a.jpg", VersionId=version)
    assert not purge.is_empty(s3, BUCKET, ACCOUNT)


def test_an_interrupted_run_can_be_repeated(s3: S3Client, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(s3)
    whole = s3.delete_objects

    def cut_off(Delete: Any, **more: Any) -> Any:  # noqa: N803 - AWS's own name
        whole(Delete={"Objects": Delete["Objects"][:4]}, **more)
        raise KeyboardInterrupt

    monkeypatch.setattr(s3, "delete_objects", cut_off)
    with pytest.raises(KeyboardInterrupt):
        purge.empty(s3, BUCKET, ACCOUNT)
    monkeypatch.undo()
    assert purge.empty(s3, BUCKET, ACCOUNT) == 2
    assert purge.is_empty(s3, BUCKET, ACCOUNT)


def test_objects_that_s3_does_not_delete_are_reported_after_all_others_are_gone(
    s3: S3Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(s3)
    whole = s3.delete_objects

    def hold(Bucket: str, Delete: Any, **more: Any) -> Any:  # noqa: N803 - AWS's own names
        held = [item for item in Delete["Objects"] if item["Key"] == "a.jpg"]
        rest = [item for item in Delete["Objects"] if item["Key"] != "a.jpg"]
        answer: dict[str, Any] = dict(whole(Bucket=Bucket, Delete={"Objects": rest}, **more)) if rest else {}
        return {**answer, "Errors": [{**item, "Code": "AccessDenied", "Message": "legal hold"} for item in held]}

    monkeypatch.setattr(s3, "delete_objects", hold)
    with pytest.raises(
        RefusedByAwsError, match=r"2 versions in .* could not be deleted: a\.jpg: legal hold"
    ) as refused:
        purge.empty(s3, BUCKET, ACCOUNT)
    assert "continues with what is left" in refused.value.next_step
    monkeypatch.undo()
    assert purge.count(s3, BUCKET, ACCOUNT).total == 2


def test_temporary_failures_are_retried(s3: S3Client, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(s3)
    whole = s3.delete_objects
    calls: list[int] = []

    def slow(Delete: Any, **more: Any) -> Any:  # noqa: N803 - AWS's own name
        calls.append(len(Delete["Objects"]))
        if len(calls) == 1:
            return {"Errors": [{**item, "Code": "SlowDown"} for item in Delete["Objects"]]}
        return whole(Delete=Delete, **more)

    monkeypatch.setattr(s3, "delete_objects", slow)
    assert purge.empty(s3, BUCKET, ACCOUNT, sleep=lambda seconds: None) == 6
    assert calls == [6, 6]


def test_a_key_that_xml_cannot_represent_is_removed_separately(s3: S3Client, monkeypatch: pytest.MonkeyPatch) -> None:
    class Pages:
        def paginate(self, **_: Any) -> list[dict[str, Any]]:
            return [{"Versions": [{"Key": "c\x01.jpg", "VersionId": "1", "Size": 5}]}]

    removed: list[tuple[str, str]] = []

    def delete_object(Key: str, VersionId: str, **_: Any) -> None:  # noqa: N803 - AWS's own names
        removed.append((Key, VersionId))

    monkeypatch.setattr(s3, "get_paginator", lambda name: Pages())
    monkeypatch.setattr(s3, "delete_object", delete_object)
    assert purge.empty(s3, BUCKET, ACCOUNT) == 1
    assert removed == [("c\x01.jpg", "1")]


def test_every_call_names_the_owner(s3: S3Client) -> None:
    fill(s3)
    owners: set[Any] = set()
    s3.meta.events.register(
        "provide-client-params.s3", lambda params, **_: owners.add(params.get("ExpectedBucketOwner"))
    )
    purge.count(s3, BUCKET, ACCOUNT)
    purge.is_empty(s3, BUCKET, ACCOUNT)
    purge.empty(s3, BUCKET, ACCOUNT)
    assert owners == {ACCOUNT}
