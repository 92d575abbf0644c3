"""List, show, download and delete on the embedded AWS, where functions run and events are delivered."""

from __future__ import annotations

import json

import pytest

from tests.drawn.pictures import jpeg, photo
from tests.local.bench import ORIGINALS, Bench

pytestmark = [pytest.mark.local, pytest.mark.thorough]

AWKWARD = "browse/b+c ü & 50%/📷 (1).jpg"


def versions(bench: Bench, prefix: str) -> int:
    page = bench.client("s3").list_object_versions(Bucket=ORIGINALS, Prefix=prefix)
    return len(page.get("Versions", [])) + len(page.get("DeleteMarkers", []))


def test_uploaded_images_are_listed_shown_downloaded_and_deleted(bench: Bench) -> None:
    for number, name in enumerate(("browse/a.jpg", AWKWARD)):
        bench.write(name, jpeg(photo((240, 180), "RGB", seed=20 + number)))
    bench.client("s3").put_object(Bucket=ORIGINALS, Key="browse/bad.jpg", Body=b"no picture")
    bench.zenoimg("upload", "browse", "-r", "--prefix", "browse/")
    bench.until(lambda: "browse/bad.jpg" in bench.records(), "a record of what is refused")

    listed = bench.json("list", "--prefix", "browse/", "--sort", "id")
    assert [found["ImageId"] for found in listed] == ["browse/a.jpg", AWKWARD, "browse/bad.jpg"]
    by_api = bench.json("list", "--via", "api", "--prefix", "browse/", "--sort", "id")
    assert by_api == listed
    (refused,) = bench.json("list", "--status", "refused", "--prefix", "browse/")
    assert refused["ImageId"] == "browse/bad.jpg"
    assert bench.json("show", AWKWARD) == listed[1]
    assert len(bench.zenoimg("list", "--since", "1h", "--jsonl").stdout.splitlines()) >= 3

    bench.json("download", "browse/a.jpg", AWKWARD, "-o", "fetched")
    for key in ("browse/a.jpg", AWKWARD):
        assert (bench.folder / "fetched" / key).read_bytes() == bench.copy(key)
    bench.json("download", AWKWARD, "-o", "originals", "--original")
    assert (bench.folder / "originals" / AWKWARD).read_bytes() == (bench.folder / AWKWARD).read_bytes()

    assert bench.json("delete", AWKWARD, "--yes")[0]["Result"] == "deleted"
    bench.until(lambda: AWKWARD not in bench.records() and AWKWARD not in bench.copies(), "copy and record are gone")
    assert versions(bench, AWKWARD) == 2
    purged = bench.json("delete", AWKWARD, "browse/a.jpg", "--purge", "--yes")
    assert {found["Result"] for found in purged} == {"purged"}
    bench.until(lambda: "browse/a.jpg" not in bench.records() and "browse/a.jpg" not in bench.copies(), "gone too")
    assert versions(bench, "browse/a.jpg") == versions(bench, AWKWARD) == 0
    assert "browse/bad.jpg" in bench.records()


def test_all_pages_of_the_api_are_followed(bench: Bench) -> None:
    for number in range(3):
        bench.write(f"pages/{number}.jpg", jpeg(photo((64, 48), "RGB", seed=30 + number)))
    bench.zenoimg("upload", "pages", "--prefix", "pages/")
    there = {found["ImageId"] for found in bench.json("list")}
    first = bench.zenoimg("api", "/images?limit=1")
    assert len(json.loads(first.stdout)) == 1
    assert 'rel="next"' in first.stderr
    assert {found["ImageId"] for found in bench.json("list", "--via", "api")} == there
