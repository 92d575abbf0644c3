"""Every coefficient outside the touched blocks, read by libjpeg 6b: a different library than the writer."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL.JpegImagePlugin import JpegImageFile

from tests.drawn import jpegs, pictures
from tests.unit.imaging.jpeg.coefficients.cases import CODINGS, SAMPLINGS, SIZE, drawn
from zenoimg.imaging import Recipe, Watermarked, WatermarkSpec, watermark
from zenoimg.imaging.formats.jpeg.coefficients import editor
from zenoimg.imaging.marking.mark import overlay_for
from zenoimg.imaging.marking.placement import clipped

PHOTOS = Path(__file__).parents[6] / "shared" / "photos"
FILES = sorted(path for folder in ("camera", "colour", "orientation") for path in (PHOTOS / folder).glob("*.jpg"))
LARGE = 6_000_000

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(
        importlib.util.find_spec("jpeglib") is None, reason="jpeglib has wheels only for Linux on x86_64"
    ),
]


class Reader:
    """Reads the coefficients of files, by component name, with jpeglib."""

    def __init__(self, folder: Path) -> None:
        self._jpeglib: Any = importlib.import_module("jpeglib")
        self._folder = folder

    def read(self, data: bytes) -> Any:
        path = self._folder / "picture.jpg"
        path.write_bytes(data)
        picture = self._jpeglib.read_dct(str(path))
        picture.load()
        return picture

    def blocks(self, data: bytes) -> dict[str, Any]:
        picture = self.read(data)
        planes = {name: getattr(picture, name) for name in ("Y", "Cb", "Cr", "K")}
        return {name: plane for name, plane in planes.items() if plane is not None}


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(tmp_path)


def touched(size: tuple[int, int], orientation: int, spec: WatermarkSpec, shape: Any) -> set[tuple[int, int]]:
    """Return row and column of the blocks of a component under each pixel of the mark."""
    overlay = overlay_for(spec, size, orientation)
    alpha = overlay.mark.getchannel("A")
    marked = {
        (left + index % alpha.width, top + index // alpha.width)
        for left, top, _, _ in overlay.boxes
        for index, level in enumerate(alpha.tobytes())
        if level
    }
    # One sample of a component stands for 1, 2, 3 or 4 of the picture.
    across, down = (
        next(factor for factor in (1, 2, 3, 4) if -(-length // (8 * factor)) <= blocks)
        for length, blocks in ((size[0], shape[1]), (size[1], shape[0]))
    )
    return {(y // (8 * down), x // (8 * across)) for x, y in marked if clipped((x, y, x + 1, y + 1), size)}


def check(data: bytes, reader: Reader, spec: WatermarkSpec | None = None) -> tuple[Watermarked, float]:
    """Check all blocks of a copy; return it, and the share of luma blocks in the mark's box that changed."""
    spec = spec or WatermarkSpec()
    done = watermark(data, Recipe(spec))
    assert done.encoding == "coefficients"
    picture = JpegImageFile(BytesIO(data))
    orientation = picture.getexif().get(0x0112, 1)
    before, after = reader.blocks(data), reader.blocks(done.data)
    assert before.keys() == after.keys()
    counts = []
    for name, plane in before.items():
        assert plane.shape == after[name].shape
        differ = (plane != after[name]).any(axis=(2, 3))
        rows, columns = differ.nonzero()
        changed = set(zip(rows.tolist(), columns.tolist(), strict=True))
        assert changed <= touched(picture.size, orientation, spec, plane.shape), name
        counts.append(len(changed))
    box = clipped(overlay_for(spec, picture.size, orientation).boxes[0], picture.size)
    assert box is not None
    inside = (-(-box[2] // 8) - box[0] // 8) * (-(-box[3] // 8) - box[1] // 8)
    return done, counts[0] / inside


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("coding", [*CODINGS, {"progressive": True}], ids=lambda coding: ", ".join(coding) or "plain")
def test_every_sampling_and_coding(sampling: str, coding: dict[str, bool], reader: Reader) -> None:
    check(drawn(sampling, **coding), reader)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("position", ["top-left", "bottom-right", "center"])
def test_every_orientation(orientation: int, position: str, reader: Reader) -> None:
    size = (203, 301) if orientation >= 5 else SIZE
    data = jpegs.jpeg_of(
        jpegs.drawn_planes(size, SAMPLINGS["4:2:0"]),
        size,
        segments=[pictures.exif_segment(pictures.exif(orientation))],
    )
    check(data, reader, WatermarkSpec(position=position, margin=0))  # type: ignore[arg-type]


MADE: dict[str, Callable[[], bytes]] = {
    "6 MP": lambda: pictures.jpeg(pictures.photo((3000, 2000)), quality=90),
    "6 MP, RGB-coded": lambda: pictures.jpeg(pictures.photo((3000, 2000)), keep_rgb=True),
    "6 MP, grey": lambda: pictures.jpeg(pictures.photo((3000, 2000), "L"), quality=90),
    "6 MP, CMYK": lambda: pictures.jpeg(pictures.photo((3000, 2000), "CMYK"), quality=90),
    "6 MP, optimized": lambda: pictures.jpeg(pictures.photo((3000, 2000)), quality=90, optimize=True),
    "6 MP, progressive": lambda: pictures.jpeg(pictures.photo((3000, 2000)), quality=90, progressive=True),
    "6 MP, restarts": lambda: pictures.jpeg(pictures.photo((3000, 2000)), quality=90, restart_marker_rows=1),
    **{path.name: path.read_bytes for path in FILES},
}

GROWN = {"6 MP, optimized": 1.002, "6 MP, progressive": 1.0001, "cmyk-sample.jpg": 1.002}
"""Copies that are beyond the bound, and how far: the mark has more details than the picture, which keeps its own."""


@pytest.mark.parametrize("name", MADE)
def test_photos(name: str, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    data = MADE[name]()
    done, share = check(data, reader)
    if done.width * done.height >= LARGE:
        assert share <= 0.65
    monkeypatch.setattr(editor, "bundled_libjpeg", lambda: None)
    bound = max(1.01 * len(data), len(watermark(data).data))
    assert len(done.data) <= bound * GROWN.get(name, 1.0)
