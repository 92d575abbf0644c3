"""Codes under a mark: where it is opaque, HDR equals SDR; elsewhere, the picture shows through in HDR as in SDR."""

from __future__ import annotations

import math
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from PIL import Image

from tests.drawn.pictures import photo
from tests.drawn.ultra_hdr import Gain, UltraHdr, iso_segment, pictures_in, smooth_map
from zenoimg.imaging import Recipe, WatermarkSpec, watermark
from zenoimg.imaging.formats.jpeg.gain_map.coverage import Coverage
from zenoimg.imaging.formats.jpeg.gain_map.gains import codes_under
from zenoimg.imaging.formats.jpeg.gain_map.metadata import APPLE, Channel, GainMapMetadata
from zenoimg.imaging.formats.jpeg.profile import colours_in
from zenoimg.imaging.formats.jpeg.stream import read_stream
from zenoimg.imaging.marking.mark import overlay_for

SIZE = (320, 240)
SPEC = WatermarkSpec(opacity=1.0)


def opaque_pixels(data: bytes) -> list[tuple[int, int]]:
    alpha = alpha_on(data)
    return [(x, y) for y in range(alpha.height) for x in range(alpha.width) if alpha.getpixel((x, y)) == 255]


def alpha_on(data: bytes) -> Image.Image:
    """Return how much of each pixel the mark covers."""
    stream = read_stream(data)
    overlay = overlay_for(SPEC, (stream.width, stream.height), 1, colours_in(stream))
    alpha = Image.new("L", (stream.width, stream.height))
    for box in overlay.boxes:
        alpha.paste(overlay.mark.getchannel("A"), box[:2])
    return alpha


@pytest.mark.parametrize("scale", [1, 2, 4, 8])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("quality", [75, 95])
@pytest.mark.parametrize(("low", "neutral"), [(0.0, 0), (-1.0, 85)])
def test_codes_are_neutral_around_each_opaque_pixel(
    scale: int, channels: int, quality: int, low: float, neutral: int
) -> None:
    columns = [(number,) * channels for number in (low, 2.0, 1.0, 1 / 64, 1 / 64)]
    source = UltraHdr(
        picture=photo(SIZE),
        gain_map=smooth_map((SIZE[0] // scale, SIZE[1] // scale), channels),
        about=(iso_segment(Gain(*columns)),),
        map_quality=quality,
    ).data
    with Image.open(BytesIO(pictures_in(watermark(source, Recipe(SPEC)).data)[1])) as opened:
        gain_map = opened.convert("RGB")
    off = set()
    for x, y in opaque_pixels(source):
        column, row = x // scale, y // scale
        for near in ((column + right, row + down) for right in (-1, 0, 1) for down in (-1, 0, 1)):
            if 0 <= near[0] < gain_map.width and 0 <= near[1] < gain_map.height:
                codes = gain_map.getpixel(near)
                assert isinstance(codes, tuple)
                off |= {abs(code - neutral) for code in codes}
    assert max(off) <= 1


def linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else math.pow((value + 0.055) / 1.055, 2.4)


def encoded(light: float) -> float:
    return 12.92 * light if light <= 0.0031308 else 1.055 * math.pow(light, 1 / 2.4) - 0.055


def stops_of(code: int, channel: Channel) -> float:
    return channel.low + (channel.high - channel.low) * math.pow(code / 255, 1 / channel.gamma)


CHANNELS = some.builds(
    Channel,
    some.floats(-4, 0),
    some.floats(1, 6),
    some.floats(0.4, 2),
    some.floats(0.001, 0.05),
    some.floats(0.001, 0.05),
)
LEVELS = some.integers(0, 255)


@pytest.mark.slow
@settings(max_examples=200)
@given(channel=CHANNELS, old=LEVELS, ground=LEVELS, ink=LEVELS, alpha=LEVELS)
def test_hdr_is_blended_like_sdr(channel: Channel, old: int, ground: int, ink: int, alpha: int) -> None:
    covered = Coverage((0, 0, 1, 1), Image.new("L", (1, 1), alpha), Image.new("RGB", (1, 1), (ink,) * 3))
    metadata = GainMapMetadata("XMP", (channel,))
    new = codes_under(Image.new("L", (1, 1), old), Image.new("RGB", (1, 1), (ground,) * 3), covered, metadata)
    code = new.getpixel((0, 0))
    assert isinstance(code, int)

    share, below = alpha / 255, ground / 255
    light = (linear(below) + channel.offset_sdr) * 2 ** stops_of(old, channel) - channel.offset_hdr
    sdr = below * (1 - share) + ink / 255 * share
    hdr = encoded(max(0.0, light)) * (1 - share) + ink / 255 * share
    wanted = math.log2((linear(hdr) + channel.offset_hdr) / (linear(sdr) + channel.offset_sdr))
    wanted = min(max(wanted, channel.low), channel.high)
    best = min(range(256), key=lambda each: abs(stops_of(each, channel) - wanted))
    # Where a small gamma puts many codes into a hundredth of a stop, the difference is invisible.
    assert abs(code - best) <= 1 or abs(stops_of(code, channel) - wanted) < 0.01


@given(old=LEVELS, alpha=LEVELS)
def test_an_apple_map_fades_to_no_gain(old: int, alpha: int) -> None:
    covered = Coverage((0, 0, 1, 1), Image.new("L", (1, 1), alpha), Image.new("RGB", (1, 1)))
    code = codes_under(Image.new("L", (1, 1), old), Image.new("RGB", (1, 1)), covered, APPLE).getpixel((0, 0))
    assert isinstance(code, int)
    assert abs(code - old * (255 - alpha) / 255) <= 1
