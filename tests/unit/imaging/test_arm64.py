"""The functions run on arm64: the same pictures give the same bytes there, by the same code path."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests import emulated_arm64
from tests.drawn import heifs, pictures, profiles
from tests.drawn.animations import moving_ball
from tests.drawn.ultra_hdr import smooth_map
from tests.unit.imaging.heif.test_heif_gain_map import about_apple, about_samsung
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
    "optimized": lambda: photo(optimize=True),
    "4:4:4": lambda: photo(subsampling=0),
    "4:1:0": lambda: drawn("4:1:0", restart=5),
    "YCCK": lambda: drawn("ycck", own_tables=True),
    "several scans": lambda: drawn("4:2:0", separate=True),
}


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        return emulated_arm64.python_for_arm64(tmp_path_factory.mktemp("arm64"))
    except emulated_arm64.UnavailableError as failure:
        pytest.skip(f"no Python for arm64: {failure}")


def test_the_same_pictures_give_the_same_bytes_on_arm64(tmp_path: Path, python: Path) -> None:
    sources = tmp_path / "sources"
    sources.mkdir()
    for name, make in PICTURES.items():
        (sources / name).write_bytes(make())
    there = json.loads(emulated_arm64.run(python, MARK_ALL, str(sources)))
    here = json.loads(native(MARK_ALL, str(sources)))
    assert there == here
    assert {copy[0] for copy in here.values()} == {"coefficients"}


def native(script: str, *arguments: str) -> str:
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=emulated_arm64.ROOT).stdout


SIZES = [(157, 121), (240, 160), (301, 333)]
STILL: dict[str, tuple[list[str], list[dict[str, Any]]]] = {
    "JPEG": (["RGB", "L", "CMYK"], [{"quality": 60}, {"quality": 90, "subsampling": 0}, {"progressive": True}]),
    "PNG": (["RGB", "RGBA", "L", "LA", "P", "1"], [{}]),
    "WebP": (["RGB", "RGBA"], [{"quality": 70}, {"lossless": True}]),
    "GIF": (["P", "L"], [{}]),
    "TIFF": (
        ["RGB", "RGBA", "L", "CMYK", "P", "1"],
        [{}, {"compression": "tiff_lzw"}, {"compression": "tiff_deflate"}],
    ),
    "BMP": (["RGB", "L", "P"], [{}]),
    "AVIF": (["RGB", "RGBA", "L"], [{"quality": 50, "speed": 9}, {"quality": 85, "speed": 9}]),
}
MOVING = ["PNG", "WebP", "GIF", "AVIF"]
SPECS: list[dict[str, Any]] = [
    {},
    {"position": "tile", "angle": 30, "opacity": 0.35},
    {"text": "Élodie\nŁ. Müller", "color": "#783c3c", "outline": "none", "opacity": 1.0, "position": "top-left"},
    {"text": "sample", "scale": 0.2, "angle": -17.5, "position": "center"},
]
MARK_WITH_ALL = """
import hashlib, json, sys
from pathlib import Path
from zenoimg.imaging import Recipe, Refused, WatermarkSpec, watermark
copies = {}
for number, spec in enumerate(json.loads(sys.argv[2])):
    recipe = Recipe(WatermarkSpec(**spec))
    for path in sorted(Path(sys.argv[1]).iterdir()):
        try:
            copies[f"{path.name} {number}"] = hashlib.sha256(watermark(path.read_bytes(), recipe).data).hexdigest()
        except Refused as refusal:
            copies[f"{path.name} {number}"] = str(refusal)
print(json.dumps(copies))
"""
TURN_ALL = """
import hashlib, json
from zenoimg.imaging import WatermarkSpec
from zenoimg.imaging.marking.mark import draw_mark
marks = {}
for angle in [*range(-44, 361, 11), 0.5, 33.3, 271.25]:
    for side in (90, 211, 333, 480, 700):
        for text in ("zeno", "odd and even"):
            mark = draw_mark(WatermarkSpec(text=text, angle=angle), side, (side, side)).picture
            marks[f"{text} {angle} {side}"] = [*mark.size, hashlib.sha256(mark.tobytes()).hexdigest()]
print(json.dumps(marks))
"""


@pytest.mark.nightly
def test_copies_of_every_format_are_the_same_on_arm64(tmp_path: Path, python: Path) -> None:
    sources = tmp_path / "sources"
    sources.mkdir()
    for name, (modes, codings) in STILL.items():
        for mode in modes:
            for size, (number, options) in product(SIZES, enumerate(codings)):
                picture = pictures.photo(size, "RGB" if mode in ("P", "1") else mode).convert(mode)
                picture.save(sources / f"{name} {mode} {size} {number}", name, **options)
    for name, mode in product(MOVING, ["RGB", "RGBA"]):
        first, *rest = moving_ball((121, 93), 4, mode)
        first.save(sources / f"moving {name} {mode}", name, save_all=True, append_images=rest, duration=70)
    arguments = (str(sources), json.dumps(SPECS))
    there = json.loads(emulated_arm64.run(python, MARK_WITH_ALL, *arguments))
    here = json.loads(native(MARK_WITH_ALL, *arguments))
    assert {name: there[name] for name in here if there[name] != here[name]} == {}
    assert sum(len(digest) == 64 for digest in here.values()) > 300


def heic(size: tuple[int, int] = (301, 223), mode: str = "RGB", **coding: Any) -> bytes:
    return heifs.encoded(pictures.photo(size, mode), **coding)


def heic_with_map(kind: str, about: bytes, mode: str = "L") -> bytes:
    return heifs.with_gain_map(heic((640, 480)), heifs.encoded(smooth_map((320, 240)).convert(mode)), kind, about=about)


HEICS: dict[str, Callable[[], bytes]] = {
    **{f"chroma {chroma}": partial(heic, chroma=chroma) for chroma in (420, 422, 444)},
    **{f"quality {quality}": partial(heic, quality=quality) for quality in (20, 60, 100)},
    **{f"orientation {number}": partial(heic, exif=pictures.exif(number)) for number in range(2, 9)},
    "grey": partial(heic, mode="L"),
    "transparent": partial(heic, mode="RGBA"),
    "deep": lambda: heifs.encoded(Image.linear_gradient("L").convert("I;16").resize((240, 160))),
    "tiles": partial(heic, tile_size=64),
    "Display P3": partial(heic, color_primaries=12, transfer_characteristics=13, full_range_flag=1),
    "Apple's map": lambda: heic_with_map(heifs.APPLE, about_apple()),
    "Samsung's map": lambda: heic_with_map(heifs.SAMSUNG, about_samsung(), "RGB"),
}


@pytest.mark.nightly
@heifs.needs_heic
def test_copies_of_heics_are_the_same_on_arm64(tmp_path: Path, python: Path) -> None:
    sources = tmp_path / "sources"
    sources.mkdir()
    for name, make in HEICS.items():
        (sources / name).write_bytes(make())
    arguments = (str(sources), json.dumps(SPECS))
    there = json.loads(emulated_arm64.run(python, MARK_WITH_ALL, *arguments))
    here = json.loads(native(MARK_WITH_ALL, *arguments))
    assert {name: there[name] for name in here if there[name] != here[name]} == {}
    assert {len(digest) for digest in here.values()} == {64}


@pytest.mark.nightly
def test_rotated_marks_are_the_same_on_arm64(python: Path) -> None:
    there, here = json.loads(emulated_arm64.run(python, TURN_ALL)), json.loads(native(TURN_ALL))
    assert {name: there[name] for name in here if there[name] != here[name]} == {}
    assert len(here) == 400
