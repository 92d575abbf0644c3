"""HDR renditions by the formulas, for the maps that libultrahdr does not read: Apple's, and Camera Raw's lists in XMP.

The renderer is checked against libultrahdr first, on maps that both read.
"""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image, ImageFilter

from tests.drawn.pictures import photo
from tests.drawn.ultra_hdr import Gain, UltraHdr, apple_segment, iso_segment, smooth_map, xmp_gain_segment
from tests.hdr_renderer import in_sdr, numpy, rendered
from tests.unit.imaging.jpeg.gain_map.test_gains import alpha_on, opaque_pixels
from zenoimg.imaging import Recipe, WatermarkSpec, watermark

pytestmark = pytest.mark.thorough
SIZE = (320, 240)
OPAQUE = Recipe(WatermarkSpec(opacity=1.0))
HEADROOM = 4.887384
"""Of an iPhone's HEIC."""


def gain_of(channels: int, low: float = 0.0) -> Gain:
    return Gain(*[(number,) * channels for number in (low, 2.0, 1.0, 1 / 64, 1 / 64)])


def source_of(kind: str, scale: int, channels: int, quality: int, **options: Any) -> bytes:
    gain = gain_of(channels, -1.0 if "-1" in kind else 0.0)
    own = Gain((-1.0, -0.5, -2.0), (2.5, 2.0, 3.0), (0.8, 1.0, 1.4), (0.01,) * 3, (0.01,) * 3)
    declaring, about = {
        "Apple": ((), apple_segment(HEADROOM)),
        "ISO": (UltraHdr().declaring, iso_segment(gain)),
        "XMP": ((xmp_gain_segment(gain),), xmp_gain_segment(gain)),
        "lists": ((xmp_gain_segment(gain),), xmp_gain_segment(gain, as_lists=True)),
        "lists, from -1": ((xmp_gain_segment(gain),), xmp_gain_segment(gain, as_lists=True)),
        "lists, one for each channel": ((xmp_gain_segment(own),), xmp_gain_segment(own, as_lists=True)),
    }[kind]
    options = {"gain_map": smooth_map((SIZE[0] // scale, SIZE[1] // scale), channels), **options}
    return UltraHdr(picture=photo(SIZE), declaring=declaring, about=(about,), map_quality=quality, **options).data


@pytest.mark.parametrize("kind", ["ISO", "XMP"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("scale", [1, 2, 4, 8])
def test_the_renderer_agrees_with_libultrahdr(scale: int, channels: int, kind: str) -> None:
    imagecodecs = pytest.importorskip("imagecodecs", reason="its wheels are for x86_64 Linux")
    for data in (source := source_of(kind, scale, channels, 90), watermark(source, OPAQUE).data):
        theirs, ours = imagecodecs.ultrahdr_decode(data)[..., :3].astype("f8"), rendered(data)
        assert ours.max() > 2
        error = abs(ours - theirs) / (theirs + 1 / 64)
        # libultrahdr does not round the picture's colours to 8 bits in between.
        assert numpy.median(error) < 0.005
        assert error.max() < 0.02


@pytest.mark.parametrize("quality", [75, 85, 95])
@pytest.mark.parametrize("scale", [1, 2, 4, 8])
@pytest.mark.parametrize(
    ("kind", "channels"),
    [
        ("Apple", 1),
        ("Apple", 3),
        ("lists", 1),
        ("lists", 3),
        ("lists, from -1", 1),
        ("lists, from -1", 3),
        ("lists, one for each channel", 3),
    ],
)
def test_an_opaque_mark_is_as_bright_in_hdr_as_in_sdr(kind: str, channels: int, scale: int, quality: int) -> None:
    source = source_of(kind, scale, channels, quality)
    done = watermark(source, OPAQUE)
    assert (done.warnings, done.encoding) == ((), "coefficients")
    columns, rows = zip(*opaque_pixels(source), strict=True)
    for centred in (False, True):
        assert brightest(source, columns, rows, centred=centred) > 0.2
        assert brightest(done.data, columns, rows, centred=centred) < 0.02
        hdr, before = rendered(done.data, centred=centred), rendered(source, centred=centred)
        # The mark's soft edge, one more sample, the rest of its block, and one interpolated sample;
        # decoders smooth subsampled chroma over one sample beyond its blocks.
        block, around = (16, 2) if channels == 3 else (8, 1)
        samples = ((min(each) - 2) // scale - 1 for each in (columns, rows))
        left, top = (max(0, (sample // block * block - around) * scale) for sample in samples)
        assert max(left, top) > 0
        assert (hdr[:top] == before[:top]).all()
        assert (hdr[:, :left] == before[:, :left]).all()


@pytest.mark.parametrize("subsampling", [0, 2])
@pytest.mark.parametrize("scale", [1, 2, 4, 8])
@pytest.mark.parametrize("colour", ["red", "lime", "blue"])
@pytest.mark.parametrize("kind", ["lists", "lists, from -1", "lists, one for each channel"])
def test_no_colour_of_the_map_reaches_an_opaque_mark(kind: str, colour: str, scale: int, subsampling: int) -> None:
    """Decoders smooth subsampled chroma across the edges of blocks."""
    saturated = Image.new("RGB", (SIZE[0] // scale, SIZE[1] // scale), colour)
    for quality in (75, 85, 95):
        source = source_of(kind, scale, 3, quality, gain_map=saturated, map_subsampling=subsampling)
        done = watermark(source, OPAQUE)
        assert (done.warnings, done.encoding) == ((), "coefficients")
        columns, rows = zip(*opaque_pixels(source), strict=True)
        for centred in (False, True):
            assert brightest(source, columns, rows, centred=centred) > 0.2
            assert brightest(done.data, columns, rows, centred=centred) < 0.02


def brightest(data: bytes, columns: Any, rows: Any, *, centred: bool) -> float:
    """Return the largest difference of HDR from SDR under some pixels, as a share of SDR's light."""
    hdr, sdr = rendered(data, centred=centred), in_sdr(data)
    return float((abs(hdr - sdr)[rows, columns] / (sdr[rows, columns] + 1 / 64)).max())


@pytest.mark.parametrize("quality", [75, 85, 95])
@pytest.mark.parametrize("scale", [1, 2, 4, 8])
@pytest.mark.parametrize(("kind", "channels"), [("Apple", 1), ("ISO", 1), ("lists", 3)])
def test_the_photo_around_an_opaque_mark_keeps_its_gain(kind: str, channels: int, scale: int, quality: int) -> None:
    source = source_of(kind, scale, channels, quality)
    hdr, before = rendered(watermark(source, OPAQUE).data), rendered(source)
    near = alpha_on(source).filter(ImageFilter.MaxFilter(2 * 3 * scale + 1))  # a sample around each, interpolated
    ratios = ((hdr + 1 / 64) / (before + 1 / 64))[numpy.asarray(near) == 0]
    assert ratios.min() > 0.6
