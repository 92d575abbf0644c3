"""ExifTool, libvips and sharp find the HDR gain map of a copy if they find that of its source."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.drawn.ultra_hdr import pictures_in
from tests.unit.imaging.jpeg.gain_map.test_carrying import KINDS, OPAQUE
from zenoimg.imaging import watermark

pytestmark = pytest.mark.thorough

_PACKAGES = Path(__file__).parents[2] / ".peers" / "node_modules"
_EXIFTOOL = _PACKAGES / "exiftool-vendored.pl" / "bin" / "exiftool"
_SHARP = """
const sharp = require("sharp");
const chunks = [];
process.stdin.on("data", chunk => chunks.push(chunk)).on("end", async () => {
    const found = await sharp(Buffer.concat(chunks)).metadata();
    console.log(JSON.stringify({width: found.width, map: found.gainMap ? found.gainMap.image.length : 0}));
});
"""
WITHOUT_MPF = {"wrong directory", "no directory"}
"""Sources whose directory of pictures does not lead to the map; that of their copies does."""
BY_LIBVIPS = {
    "ISO, libultrahdr",
    "ISO, one denominator",
    "ISO, sharp",
    "ISO, MPF before the scan",
    "XMP, Pixel",
    "ISO and XMP",
    "progressive",
    "wrong directory",
}
"""The kinds that libvips 8.18 reads: ISO, and XMP with attributes."""


def extracted(data: bytes, tag: str) -> bytes:
    """Return a picture in a file by ExifTool 13.59; Debian's 12.57 does not know GainMapImage."""
    if shutil.which("perl") is None or not _EXIFTOOL.is_file():
        pytest.skip("needs perl, and ExifTool from npm: make peers")
    command = ["perl", str(_EXIFTOOL), "-b", f"-{tag}", "-"]
    return subprocess.run(command, input=data, capture_output=True, check=True, timeout=60).stdout


@pytest.mark.parametrize("kind", KINDS)
def test_exiftool_extracts_the_map_by_the_directory_of_pictures(kind: str) -> None:
    source = KINDS[kind].data
    copy = watermark(source, OPAQUE).data
    if kind not in WITHOUT_MPF:
        assert extracted(source, "MPImage2") == KINDS[kind].map_bytes
    assert extracted(copy, "MPImage2") == pictures_in(copy)[1]
    assert copy.endswith(extracted(copy, "MPImage2"))


def test_exiftool_extracts_the_map_by_the_directory_in_xmp() -> None:
    source = KINDS["XMP, Pixel"].data
    copy = watermark(source, OPAQUE).data
    assert extracted(source, "GainMapImage") == KINDS["XMP, Pixel"].map_bytes
    assert extracted(copy, "GainMapImage") == pictures_in(copy)[1]


def fields(data: bytes) -> dict[str, Any]:
    """Return what libvips reports about the map, except its bytes."""
    pyvips: Any = pytest.importorskip("pyvips", reason="its wheels with libvips are for x86_64 Linux")
    picture = pyvips.Image.new_from_buffer(data, "")
    named = (name for name in picture.get_fields() if name.startswith("gainmap-") and name != "gainmap-data")
    return {name: picture.get(name) for name in named}


@pytest.mark.parametrize("kind", sorted(BY_LIBVIPS))
def test_libvips_reads_the_same_map_metadata_as_in_the_source(kind: str) -> None:
    source = KINDS[kind].data
    before, after = fields(source), fields(watermark(source, OPAQUE).data)
    assert before["gainmap-max-content-boost"] == [4.0, 4.0, 4.0]
    assert before == after


@pytest.mark.parametrize("kind", sorted(BY_LIBVIPS - {"wrong directory"}))
def test_sharp_finds_the_map(kind: str) -> None:
    if shutil.which("node") is None or not (_PACKAGES / "sharp").is_dir():
        pytest.skip("needs node, and sharp from npm: make peers")
    command = ["node", "-e", _SHARP]
    copy = watermark(KINDS[kind].data, OPAQUE).data
    run = subprocess.run(command, input=copy, cwd=_PACKAGES, capture_output=True, check=True, timeout=60)
    found = json.loads(run.stdout)
    assert found["width"] == KINDS[kind].picture.width
    assert found["map"] > 0
