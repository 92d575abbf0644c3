"""Keep the 16 bits of PNGs with 16 bits per sample and colour or alpha, which Pillow opens as 8 bits.

Pillow's unpackers for big- and little-endian samples each read one byte of every sample, so that decoding twice
yields two 8-bit pictures: the high bytes and the low bytes.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageMath

from zenoimg.imaging.formats.png.chunks import GREY_ALPHA, RGB, RGB_ALPHA, Chunk, Header
from zenoimg.imaging.formats.png.pixels import adam7_passes, decode
from zenoimg.imaging.formats.png.samples.color_key import key_mask, keyed_coverage
from zenoimg.imaging.marking.blend import deep_inks, lay_deep
from zenoimg.imaging.marking.mark import Overlay
from zenoimg.imaging.marking.overlap import overlaps
from zenoimg.imaging.marking.placement import Box

_BAND_SAMPLES = 1 << 22


@dataclass(frozen=True)
class DeepPicture:
    """16-bit samples as two pictures (mode RGB, RGBA or LA): high bytes and low bytes."""

    high: Image.Image
    low: Image.Image

    @property
    def has_alpha(self) -> bool:
        """Whether the last channel is alpha."""
        return self.high.mode in ("RGBA", "LA")

    def channels(self, box: Box) -> list[Image.Image]:
        """Return a box of the picture as one ``I;16`` picture per channel."""
        pairs = zip(self.high.crop(box).split(), self.low.crop(box).split(), strict=True)
        return [Image.frombytes("I;16", high.size, Image.merge("LA", (low, high)).tobytes()) for high, low in pairs]

    def paste(self, channels: list[Image.Image], box: Box) -> None:
        """Replace a box with channels, in place."""
        halves = [Image.frombytes("LA", channel.size, channel.tobytes()).split() for channel in channels]
        self.low.paste(Image.merge(self.low.mode, [low for low, _ in halves]), box)
        self.high.paste(Image.merge(self.high.mode, [high for _, high in halves]), box)


def decode_deep(chunks: list[Chunk], header: Header) -> DeepPicture:
    """Return a decoded PNG with 16 bits per sample and more than one channel."""
    if header.color_type == GREY_ALPHA:
        grey_high, grey_low, alpha_high, alpha_low = decode(chunks, "RGBA").split()
        return DeepPicture(Image.merge("LA", (grey_high, alpha_high)), Image.merge("LA", (grey_low, alpha_low)))
    mode = {RGB: "RGB", RGB_ALPHA: "RGBA"}[header.color_type]
    return DeepPicture(decode(chunks, f"{mode};16B"), decode(chunks, f"{mode};16L"))


def blend_deep(picture: DeepPicture, overlay: Overlay, key: tuple[int, ...] | None) -> None:
    """Draw the overlay on the picture, in place. ``key`` is the transparent colour."""
    colours, alpha = deep_inks(picture.high.mode, overlay), overlay.mark.getchannel("A")
    for overlap in overlaps(overlay, picture.high.size):
        coverage = alpha.crop(overlap.part)
        inks = [ink.crop(overlap.part) for ink in colours]
        channels = picture.channels(overlap.box)
        if picture.has_alpha:
            composite_deep(channels, inks, coverage)
        else:
            _paste(channels, inks, coverage, key)
        picture.paste(channels, overlap.box)


def encode_deep(picture: DeepPicture, header: Header, compression: int) -> list[Chunk]:
    """Return the IDAT chunks of the picture."""
    highs, lows = [picture.high], [picture.low]
    if header.interlaced:
        highs, lows = adam7_passes(picture.high), adam7_passes(picture.low)
    compressor = zlib.compressobj(compression)
    packed = [
        compressor.compress(lines) for high, low in zip(highs, lows, strict=True) for lines in _scanlines(high, low)
    ]
    return [Chunk(b"IDAT", b"".join((*packed, compressor.flush())))]


def composite_deep(channels: list[Image.Image], inks: list[Image.Image], coverage: Image.Image) -> None:
    """Composite ink over channels, the last of which is alpha, in place.

    All are ``I;16``, the coverage is ``L``; exact where that is 0 or 255.
    """
    alpha = channels[-1]
    alpha.paste(65535, (0, 0, *alpha.size), coverage)
    share = ImageMath.lambda_eval(
        lambda names: names["convert"](names["ink"] * 65535 / names["max"](names["whole"], 1), "L"),
        ink=coverage.convert("I"),
        whole=alpha.convert("I"),
    )
    channels[:-1] = [lay_deep(channel, ink, share) for channel, ink in zip(channels, inks, strict=False)]


def _paste(
    channels: list[Image.Image], inks: list[Image.Image], coverage: Image.Image, key: tuple[int, ...] | None
) -> None:
    if key is not None:
        coverage = keyed_coverage(coverage, key_mask(channels, key))
    channels[:] = [lay_deep(channel, ink, coverage) for channel, ink in zip(channels, inks, strict=True)]
    if key is not None:
        became_key = ImageChops.darker(key_mask(channels, key), coverage.point(lambda level: 255 * (level > 0)))
        channels[-1].paste(key[-1] ^ 1, (0, 0, *coverage.size), became_key)


def _scanlines(high: Image.Image, low: Image.Image) -> Iterator[bytes]:
    """Yield filtered scanlines in bands: filters take ten times the memory of the rows they work on."""
    band = max(1, _BAND_SAMPLES // (high.width * len(high.getbands())))
    for top in range(0, high.height, band):
        # One more row above, used by the filters of the first row.
        box = (0, max(0, top - 1), high.width, min(top + band, high.height))
        yield _filtered(high.crop(box), low.crop(box), skipped=min(top, 1))


def _filtered(high: Image.Image, low: Image.Image, skipped: int) -> bytes:
    """Return all but the first ``skipped`` rows, each with the filter of the smallest sum, as PNG 12.7 recommends.

    Pillow computes the filters for all rows at once, on bytes arranged as grey pixels.
    """
    channels = len(high.getbands())
    width, height = high.width * channels, high.height
    halves = [Image.frombytes("L", (width, height), plane.tobytes()) for plane in (high, low)]
    rows = Image.frombytes("L", (width * 2, height), Image.merge("LA", halves).tobytes())
    left, above = _shifted(rows, channels * 2, 0), _shifted(rows, 0, 1)
    filtered = [
        rows,
        ImageChops.subtract_modulo(rows, left),
        ImageChops.subtract_modulo(rows, above),
        ImageChops.subtract_modulo(rows, ImageChops.add(left, above, scale=2)),
    ]
    costs = [_row_costs(part) for part in filtered]
    lines = [part.tobytes() for part in filtered]
    stride = width * 2
    best = [(row, min(range(len(filtered)), key=lambda kind: costs[kind][row])) for row in range(skipped, height)]
    return b"".join(bytes((kind,)) + lines[kind][row * stride : (row + 1) * stride] for row, kind in best)


def _shifted(rows: Image.Image, across: int, down: int) -> Image.Image:
    shifted = Image.new("L", rows.size)
    shifted.paste(rows, (across, down))
    return shifted


def _row_costs(filtered: Image.Image) -> bytes:
    """Return the mean absolute value of each row's bytes, read as signed numbers."""
    sizes = filtered.point([min(level, 256 - level) for level in range(256)])
    return sizes.resize((1, filtered.height), Image.Resampling.BOX).tobytes()
