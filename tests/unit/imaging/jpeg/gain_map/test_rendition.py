"""HDR renditions by libultrahdr 1.4 (imagecodecs), which is independent of the code that computes the map."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from tests.drawn.pictures import photo
from tests.drawn.ultra_hdr import Gain, UltraHdr, iso_segment, smooth_map, xmp_gain_segment
from tests.unit.imaging.jpeg.gain_map.test_gains import opaque_pixels
from zenoimg.imaging import Recipe, WatermarkSpec, watermark

numpy = pytest.importorskip("numpy")
imagecodecs = pytest.importorskip("imagecodecs", reason="its wheels are for x86_64 Linux")

pytestmark = pytest.mark.thorough
SIZE = (320, 240)
OPAQUE = Recipe(WatermarkSpec(opacity=1.0))


def rendered(data: bytes) -> Any:
    """Return linear light, 1 is SDR white, height x width x 3."""
    return imagecodecs.ultrahdr_decode(data)[..., :3].astype("f8")


def in_sdr(data: bytes) -> Any:
    with Image.open(BytesIO(data)) as picture:
        encoded = numpy.asarray(picture.convert("RGB")) / 255
    return numpy.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def source_of(
    scale: int, channels: int, quality: int, low: float, *, by_xmp: bool, map_size: tuple[int, int] | None = None
) -> bytes:
    gain = Gain(*[(number,) * channels for number in (low, 2.0, 1.0, 1 / 64, 1 / 64)])
    return UltraHdr(
        picture=photo(SIZE),
        gain_map=smooth_map(map_size or (SIZE[0] // scale, SIZE[1] // scale), channels),
        declaring=(xmp_gain_segment(gain),) if by_xmp else UltraHdr().declaring,
        about=(xmp_gain_segment(gain),) if by_xmp else (iso_segment(gain),),
        map_quality=quality,
    ).data


@pytest.mark.parametrize("by_xmp", [False, True])
@pytest.mark.parametrize("low", [0.0, -1.0])
@pytest.mark.parametrize("quality", [75, 85, 95])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("scale", [1, 2, 4, 8])
def test_an_opaque_mark_is_as_bright_in_hdr_as_in_sdr(
    scale: int, channels: int, quality: int, low: float, by_xmp: bool
) -> None:
    source = source_of(scale, channels, quality, low, by_xmp=by_xmp)
    done = watermark(source, OPAQUE)
    assert done.warnings == ()
    hdr, sdr, before = rendered(done.data), in_sdr(done.data), rendered(source)
    columns, rows = zip(*opaque_pixels(source), strict=True)
    offset = 1 / 64  # of the map: darker pixels have almost no gain
    error = abs(hdr - sdr)[rows, columns] / (sdr[rows, columns] + offset)
    assert error.max() < 0.02
    # The mark was not neutral before, and the rest of the picture is rendered as before.
    assert (abs(before - in_sdr(source))[rows, columns] / (sdr[rows, columns] + offset)).max() > 0.2
    block = 16 if channels == 3 else 8
    # The mark's soft edge, one more sample, the rest of its block, and one interpolated sample.
    samples = ((min(each) - 2) // scale - 1 for each in (columns, rows))
    left, top = (max(0, (sample // block * block - 1) * scale) for sample in samples)
    assert (hdr[:top] == before[:top]).all()
    assert (hdr[:, :left] == before[:, :left]).all()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("map_size", [(77, 59), (107, 80), (213, 161), (319, 239)])
def test_a_map_of_a_fractional_scale_is_neutral_under_the_mark(map_size: tuple[int, int], channels: int) -> None:
    source = source_of(1, channels, 90, 0.0, by_xmp=False, map_size=map_size)
    done = watermark(source, OPAQUE)
    hdr, sdr = rendered(done.data), in_sdr(done.data)
    columns, rows = zip(*opaque_pixels(source), strict=True)
    assert (abs(hdr - sdr)[rows, columns] / (sdr[rows, columns] + 1 / 64)).max() < 0.02


def test_the_renderer_detects_an_unmarked_map() -> None:
    source = source_of(4, 1, 90, 0.0, by_xmp=False)
    done = watermark(source, OPAQUE).data
    kept = done[: done.rindex(b"\xff\xd8\xff")] + source[source.rindex(b"\xff\xd8\xff") :]
    columns, rows = zip(*opaque_pixels(source), strict=True)
    assert (rendered(kept)[rows, columns] > 1.5 * in_sdr(done)[rows, columns]).any()


def test_files_of_libultrahdr_itself_keep_their_hdr() -> None:
    light = numpy.ones((240, 320, 4), "f2")
    light[..., :3] = numpy.linspace(0.1, 5, 320)[None, :, None]
    source = imagecodecs.ultrahdr_encode(light)
    done = watermark(source, OPAQUE)
    assert done.warnings == ()
    hdr, before = rendered(done.data), rendered(source)
    assert before.max() > 2
    assert (hdr[:120] == before[:120]).all()
    columns, rows = zip(*opaque_pixels(source), strict=True)
    sdr = in_sdr(done.data)[rows, columns]
    assert (abs(hdr[rows, columns] - sdr) / (sdr + 1 / 64)).max() < 0.1
