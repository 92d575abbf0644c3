"""``restore`` on the embedded AWS: the functions create copy and record of the restored version."""

from __future__ import annotations

import pytest

from tests.drawn.pictures import jpeg, photo
from tests.local.bench import ORIGINALS, Bench

pytestmark = [pytest.mark.local, pytest.mark.thorough]


def test_deleted_and_replaced_images_are_restored_with_copy_and_record(bench: Bench) -> None:
    s3 = bench.client("s3")
    pictures = [jpeg(photo((96, 64), "RGB", seed=number)) for number in (1, 2)]
    for data in pictures:
        bench.write("restored.jpg", data)
        bench.zenoimg("upload", "restored.jpg", "--overwrite")
    second, first = (each["VersionId"] for each in bench.json("versions", "restored.jpg"))
    (back,) = bench.json("restore", "restored.jpg", "--version", first, "--yes")
    assert (back["Result"], back["RestoredVersion"]) == ("processed", first)
    assert bench.records()["restored.jpg"]["VersionId"] == back["VersionId"] not in (first, second)
    done = bench.zenoimg("delete", "restored.jpg", "--yes")
    assert "To undo: `zenoimg restore restored.jpg`" in done.stderr
    bench.until(lambda: "restored.jpg" not in bench.copies(), "the copy is deleted")
    (again,) = bench.json("restore", "--deleted", "--prefix", "restored", "--yes")
    assert (again["Result"], again["RestoredVersion"]) == ("processed", back["VersionId"])
    assert bench.records()["restored.jpg"]["VersionId"] == again["VersionId"]
    assert "restored.jpg" in bench.copies()
    assert s3.get_object(Bucket=ORIGINALS, Key="restored.jpg")["Body"].read() == pictures[0]
    states = [(each["IsCurrent"], each["IsDeleteMarker"]) for each in bench.json("versions", "restored.jpg")]
    assert states == [(True, False), (False, True), (False, False), (False, False), (False, False)]
    assert bench.json("status", "--check", code=None)["audit"]["findings"] == {}
