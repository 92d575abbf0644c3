"""``[copies] cache_control``: a change makes copies stale, and their headers are rewritten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.cli.conftest import ORIGINALS, PROCESSED, Terminal
from tests.drawn.pictures import jpeg, photo


def head() -> Any:
    return boto3.client("s3").head_object(Bucket=PROCESSED, Key="processed/a.jpg")


def test_a_changed_cache_control_makes_copies_stale_until_their_headers_are_rewritten(
    no_stack: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boto3.client("s3").put_object(
        Bucket=ORIGINALS, Key="a.jpg", Body=jpeg(photo((64, 48))), CacheControl="max-age=1", ContentLanguage="de"
    )
    no_stack.json("reprocess", "--here")
    assert head()["CacheControl"] == "max-age=1"
    etag = head()["ETag"]
    (tmp_path / "zenoimg.toml").write_text('[copies]\ncache_control = "no-cache"\n')
    assert no_stack.json("status", "--check", code=1)["audit"]["findings"] == {"stale": 1}
    (result,) = no_stack.json("reprocess", "--stale", "--here")
    assert (result["ImageId"], result["Result"]) == ("a.jpg", "processed")
    assert (head()["CacheControl"], head()["ContentLanguage"], head()["ETag"]) == ("no-cache", "de", etag)
    assert no_stack.json("reprocess", "--stale", "--here") == []
    assert no_stack.json("status", "--check")["audit"]["findings"] == {}
