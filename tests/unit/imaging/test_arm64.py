"""The functions run on arm64: the same pictures give the same bytes there, and go the same way."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import emulated_arm64
from tests.drawn import pictures, profiles
from tests.unit.imaging.jpeg.coefficients.cases import drawn

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(emulated_arm64.EMULATOR is None, reason="needs Debian's qemu-user-static"),
]

PHOTO = (640, 480)
MARK_ALL = """
import hashlib, json, sys
from pathlib import Path
from zenoimg.imaging import watermark
copies = {}
for path in sorted(Path(sys.argv[1]).iterdir()):
    done = watermark(path.read_bytes())
    copies[path.name] = [done.encoding, len(done.data), hashlib.sha256(done.data).hexdigest()]
print(json.dumps(copies))
"""


def photo(mode: str = "RGB", profile: bytes | None = None, **coding: Any) -> bytes:
    segments = [] if profile is None else [pictures.icc_segment(profile)]
    return pictures.jpeg(pictures.photo(PHOTO, mode), segments, **coding)


PICTURES: dict[str, Callable[[], bytes]] = {
    "plain": photo,
    "Adobe RGB": lambda: photo(profile=profiles.ADOBE_RGB),
    "P3": lambda: photo(profile=profiles.DISPLAY_P3),
    "CMYK": lambda: photo("CMYK"),
    "CMYK with a profile": lambda: photo("CMYK", profiles.cmyk_profile()),
    "grey": lambda: photo("L"),
    "grey with a profile": lambda: photo("L", profiles.grey_profile(profiles.gamma_curve(1.8))),
    "progressive": lambda: photo(progressive=True),
    "optimised": lambda: photo(optimize=True),
    "4:4:4": lambda: photo(subsampling=0),
    "4:1:0": lambda: drawn("4:1:0", restart=5),
    "YCCK": lambda: drawn("ycck", own_tables=True),
    "several scans": lambda: drawn("4:2:0", separate=True),
}


def test_the_same_pictures_give_the_same_bytes_on_arm64(tmp_path: Path) -> None:
    sources = tmp_path / "sources"
    sources.mkdir()
    for name, make in PICTURES.items():
        (sources / name).write_bytes(make())
    try:
        python = emulated_arm64.python_for_arm64(tmp_path / "arm64")
    except emulated_arm64.UnavailableError as failure:
        pytest.skip(f"no Python for arm64: {failure}")
    there = json.loads(emulated_arm64.run(python, MARK_ALL, str(sources)))
    here = json.loads(native(sources))
    assert there == here
    assert {copy[0] for copy in here.values()} == {"coefficients"}


def native(sources: Path) -> str:
    command = [sys.executable, "-c", MARK_ALL, str(sources)]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=emulated_arm64.ROOT).stdout
