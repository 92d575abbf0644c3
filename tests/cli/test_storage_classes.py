"""``storage_class`` of originals and copies: what is requested from S3, and when."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient

from tests.cli.conftest import ORIGINALS, PROCESSED, Terminal
from tests.cli.test_upload import write
from tests.drawn.pictures import jpeg, photo
from zenoimg.pipeline.settings import PipelineSettings

pytestmark = pytest.mark.slow


def classes(bucket: str) -> dict[str, str]:
    """Return the storage class of each object in a bucket by key."""
    return {
        found["Key"]: found["StorageClass"]
        for found in boto3.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])
    }


def configure(tmp_path: Path, text: str) -> None:
    (tmp_path / "zenoimg.toml").write_text(text)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("", "STANDARD"),
        ('storage_class = "STANDARD_IA"\ntransition_days = 0', "STANDARD_IA"),
        ('storage_class = "GLACIER_IR"\ntransition_days = 0', "GLACIER_IR"),
        ('storage_class = "GLACIER_IR"', "STANDARD"),
        ('storage_class = "INTELLIGENT_TIERING"\ntransition_days = 7', "STANDARD"),
    ],
)
def test_upload_stores_originals_in_their_class_directly_if_transition_days_is_zero(
    no_stack: Terminal, tmp_path: Path, settings: str, expected: str
) -> None:
    configure(tmp_path, f"[originals]\n{settings}\n")
    write(tmp_path, "small.jpg")
    (tmp_path / "large.bmp").write_bytes(_bmp())
    no_stack.run("upload", "small.jpg", "large.bmp", "--no-wait")
    assert classes(ORIGINALS) == {"small.jpg": expected, "large.bmp": expected}


def test_a_pipeline_of_default_classes_sends_no_storage_class(
    no_stack: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3-compatible servers may not support storage classes."""
    asked: list[tuple[str, Any]] = []
    call = vars(BaseClient)["_make_api_call"]

    def recording(client: Any, operation: str, parameters: Any) -> Any:
        asked.append((operation, parameters))
        return call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", recording)
    write(tmp_path, "a.jpg")
    no_stack.run("upload", "a.jpg", "--no-wait")
    no_stack.json("reprocess", "--here")
    assert [operation for operation, _ in asked].count("PutObject") == 2
    assert not [operation for operation, parameters in asked if "StorageClass" in parameters]


def test_new_copies_are_in_the_configured_class_and_older_ones_are_unchanged(
    no_stack: Terminal, tmp_path: Path
) -> None:
    s3 = boto3.client("s3")
    s3.put_object(Bucket=ORIGINALS, Key="a.jpg", Body=jpeg(photo((64, 48))))
    no_stack.json("reprocess", "--here")
    configure(tmp_path, '[copies]\nstorage_class = "GLACIER_IR"\n')
    s3.put_object(Bucket=ORIGINALS, Key="b.jpg", Body=jpeg(photo((64, 48))))
    (result,) = no_stack.json("reprocess", "--missing", "--here")
    assert (result["ImageId"], result["Result"]) == ("b.jpg", "processed")
    assert classes(PROCESSED) == {"processed/a.jpg": "STANDARD", "processed/b.jpg": "GLACIER_IR"}
    # The class does not make copies stale.
    assert no_stack.json("status", "--check")["audit"]["findings"] == {}
    assert no_stack.json("reprocess", "--stale", "--here") == []
    no_stack.json("reprocess", "--all", "--here", "--yes")
    assert set(classes(PROCESSED).values()) == {"GLACIER_IR"}


def test_a_copy_whose_headers_are_rewritten_keeps_its_class(no_stack: Terminal, tmp_path: Path) -> None:
    s3 = boto3.client("s3")
    configure(tmp_path, '[copies]\nstorage_class = "STANDARD_IA"\n')
    s3.put_object(Bucket=ORIGINALS, Key="a.jpg", Body=jpeg(photo((64, 48))))
    no_stack.json("reprocess", "--here")
    configure(tmp_path, '[copies]\nstorage_class = "GLACIER_IR"\ncache_control = "no-cache"\n')
    (result,) = no_stack.json("reprocess", "--stale", "--here")
    assert result["Result"] == "processed"
    head = s3.head_object(Bucket=PROCESSED, Key="processed/a.jpg")
    assert (head["CacheControl"], head["StorageClass"]) == ("no-cache", "STANDARD_IA")


def test_a_dry_run_reports_retrieval_charges_of_s3(no_stack: Terminal) -> None:
    s3, data = boto3.client("s3"), jpeg(photo((64, 48)))
    s3.put_object(Bucket=ORIGINALS, Key="a.jpg", Body=data, StorageClass="GLACIER_IR")
    s3.put_object(Bucket=ORIGINALS, Key="b.jpg", Body=data)
    found = no_stack.json("reprocess", "--here", "--dry-run")
    assert found["retrieved_bytes"] == {"GLACIER_IR": len(data)}


def test_the_class_changes_no_fingerprint() -> None:
    settings = PipelineSettings("in", "out", "table", "https://out")
    cold = PipelineSettings("in", "out", "table", "https://out", copies_storage_class="GLACIER_IR")
    assert cold.headers_fingerprint == settings.headers_fingerprint


def _bmp() -> bytes:
    """Return more than 1 MB, which s3transfer sends."""
    file = BytesIO()
    photo((1000, 700)).save(file, "BMP")
    return file.getvalue()
