"""Bodies that arrive damaged from S3 are retried, then reported as failed, and never used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import BotoCoreError

from tests.cli.conftest import ACCOUNT, ORIGINALS, PROCESSED, TABLE, Terminal, make_resources
from tests.conftest import REGION
from tests.damaging_proxy import Damage, DamagingProxy, damaging_proxy
from tests.drawn.pictures import jpeg, photo
from zenoimg.pipeline.objects import bodies
from zenoimg.stack.bundle.store import ArtifactStore

PHOTO = jpeg(photo((160, 120)))
KINDS: list[tuple[Damage, bool]] = [("flip", True), ("flip", False), ("cut", True), ("cut", False)]

pytestmark = [pytest.mark.parametrize(("damage", "checksums"), KINDS), pytest.mark.slow]


@pytest.fixture
def proxy(
    terminal: Terminal, moto_server: str, monkeypatch: pytest.MonkeyPatch, damage: Damage, checksums: bool
) -> Iterator[DamagingProxy]:
    """Yield a proxy in front of S3 that commands use; it damages nothing yet."""
    make_resources(endpoint_url=moto_server)
    boto3.client("s3", endpoint_url=moto_server).put_object(Bucket=ORIGINALS, Key="a.jpg", Body=PHOTO)
    with damaging_proxy(moto_server) as proxy:
        proxy.damage, proxy.checksums = damage, checksums
        for name, value in (("ORIGINALS_BUCKET", ORIGINALS), ("PROCESSED_BUCKET", PROCESSED), ("TABLE", TABLE)):
            monkeypatch.setenv(f"ZENOIMG_{name}", value)
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        yield proxy


def copies(proxy: DamagingProxy) -> list[bytes]:
    s3: Any = boto3.client("s3", endpoint_url=proxy.url)
    found = s3.list_objects_v2(Bucket=PROCESSED).get("Contents", [])
    return [s3.get_object(Bucket=PROCESSED, Key=each["Key"])["Body"].read() for each in found]


def result(terminal: Terminal, *arguments: str, code: int = 0) -> dict[str, Any]:
    (found,) = terminal.json(*arguments, code=code)
    return dict(found)


def test_a_damaged_original_is_neither_processed_nor_refused(terminal: Terminal, proxy: DamagingProxy) -> None:
    proxy.times = bodies.TRIES
    assert result(terminal, "reprocess", "--here", code=1)["Result"] == "failed"
    assert len(proxy.damaged) == bodies.TRIES
    assert copies(proxy) == []
    (record,) = terminal.json("list")
    assert (record["Status"], record["CopyRecipe"]) == ("failed", None)
    assert result(terminal, "reprocess", "--here")["Result"] == "processed", "the next attempt gets intact bytes"


def test_an_original_that_arrives_intact_in_time_is_processed(terminal: Terminal, proxy: DamagingProxy) -> None:
    proxy.times = bodies.TRIES - 1
    assert result(terminal, "reprocess", "--here")["Result"] == "processed"
    (damaged_before,) = copies(proxy)
    result(terminal, "reprocess", "--here", "a.jpg")
    assert copies(proxy) == [damaged_before], "the copy of the intact bytes"


@pytest.mark.parametrize("options", [(), ("--original",)], ids=["copy", "original"])
def test_a_damaged_download_leaves_no_file(
    options: tuple[str, ...], terminal: Terminal, proxy: DamagingProxy, tmp_path: Path
) -> None:
    terminal.json("reprocess", "--here")
    proxy.times, target = bodies.TRIES, tmp_path / "out"
    assert result(terminal, "download", "a.jpg", *options, "-o", str(target), code=1)["Result"] == "failed"
    assert list(target.rglob("*.jpg")) == []
    proxy.damaged.clear()
    proxy.times = bodies.TRIES - 1
    assert result(terminal, "download", "a.jpg", *options, "-o", str(target))["Result"] == "downloaded"
    if options:
        assert (target / "a.jpg").read_bytes() == PHOTO


def test_a_damaged_picture_is_not_in_the_gallery(terminal: Terminal, proxy: DamagingProxy, tmp_path: Path) -> None:
    terminal.json("reprocess", "--here")
    proxy.times, proxy.key = bodies.TRIES, ORIGINALS
    terminal.run("gallery", "-o", str(tmp_path / "page"), code=1)
    assert len(proxy.damaged) == bodies.TRIES
    proxy.damaged.clear()
    proxy.times = bodies.TRIES - 1
    terminal.run("gallery", "-o", str(tmp_path / "page"))


def test_a_damaged_zip_is_not_returned(proxy: DamagingProxy) -> None:
    s3: Any = boto3.client("s3", endpoint_url=proxy.url)
    store = ArtifactStore(s3, ACCOUNT, REGION)
    s3.create_bucket(Bucket=store.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=store.bucket, Key="zeno/recipe.zip", Body=b"a zip")
    proxy.times = bodies.TRIES
    with pytest.raises(BotoCoreError):
        store.read("zeno/recipe.zip")
    assert store.read("zeno/recipe.zip") == b"a zip"
