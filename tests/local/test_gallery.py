"""The gallery of a pipeline with running functions: from upload to a page, and again."""

from __future__ import annotations

import json
import re
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from tests.drawn.pictures import jpeg, photo
from tests.local.bench import ORIGINALS, Bench

pytestmark = [pytest.mark.local, pytest.mark.thorough]

AWKWARD = 'album/</script><b>ü & "50%".jpg'


def images(bench: Bench) -> dict[str, dict[str, Any]]:
    text = (bench.folder / "page" / "index.html").read_text(encoding="utf-8")
    found = re.search(r'id="data">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    return {image["id"]: image for image in json.loads(found[1])["images"]}


def test_uploaded_images_are_on_the_page_before_and_after(bench: Bench) -> None:
    sheet = BytesIO()
    photo((300, 200), seed=41).save(sheet, "TIFF")
    photos = {"album/a.jpg": jpeg(photo((240, 180), seed=40)), "album/b.tif": sheet.getvalue()}
    for name, data in photos.items():
        bench.write(name, data)
    bench.zenoimg("upload", "album", "-r", "--prefix", "album/")
    put = bench.client("s3").put_object
    put(Bucket=ORIGINALS, Key=AWKWARD, Body=jpeg(photo((120, 160), seed=42)))
    put(Bucket=ORIGINALS, Key="album/bad.jpg", Body=b"no picture")
    bench.until(lambda: {AWKWARD, "album/bad.jpg"} <= set(bench.records()), "records of all")

    result = bench.json("gallery", "--out", "page", "--prefix", "album/")
    assert (result["Processed"], result["Refused"], result["WithoutPictures"]) == (3, 1, [])
    shown = images(bench)
    assert set(shown) == {*photos, AWKWARD, "album/bad.jpg"}
    sizes = {"album/a.jpg": (240, 180), "album/b.tif": (300, 200), AWKWARD: (120, 160)}
    for key, size in sizes.items():
        before, after = (Image.open(bench.folder / "page" / shown[key][part]) for part in ("before", "after"))
        assert before.size == after.size == size
        assert before.convert("RGB").tobytes() != after.convert("RGB").tobytes(), "the mark is on one of them"

    bench.zenoimg("delete", "album/a.jpg", "--yes")
    bench.until(lambda: "album/a.jpg" not in bench.records(), "the record is gone")
    bench.zenoimg("gallery", "--out", "page", "--prefix", "album/")
    assert "album/a.jpg" not in images(bench)
    left = {path.name for path in (bench.folder / "page" / "pictures").iterdir()}
    assert not left & {shown["album/a.jpg"][part].rpartition("/")[2] for part in ("before", "after", "small")}
