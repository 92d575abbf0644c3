"""The mark drawn on the channels of a TIFF page."""

from __future__ import annotations

from PIL import Image, ImageChops, ImageMath

from zenoimg.imaging.blend import ink_for, lay_deep, sixteen_bit
from zenoimg.imaging.formats.few_levels import on_levels
from zenoimg.imaging.formats.tiff.layout import ASSOCIATED, UNASSOCIATED, WHITE_IS_ZERO, Layout
from zenoimg.imaging.formats.tiff.pixels import Channels
from zenoimg.imaging.mark import Overlay
from zenoimg.imaging.overlap import overlaps


def blend_channels(channels: Channels, layout: Layout, overlay: Overlay) -> None:
    """Draw the overlay on channels, in place: on the colours and on alpha; further channels stay as they are."""
    inks = list(ink_for(layout.mode, overlay.mark).split())
    if layout.photometric == WHITE_IS_ZERO:
        inks = [ImageChops.invert(ink) for ink in inks]
    coverage = overlay.mark.getchannel("A")
    count = len(inks) + bool(layout.alpha)
    for overlap in overlaps(overlay, channels[0].size):
        inside, part = overlap.box, overlap.part
        grounds = [channel.crop(inside) for channel in channels[:count]]
        laid = _laid(grounds, [ink.crop(part) for ink in inks], coverage.crop(part), layout)
        if layout.depth < 8:
            laid = [ground.point(on_levels(255 // ((1 << layout.depth) - 1))) for ground in laid]
        for channel, ground in zip(channels, laid, strict=False):
            channel.paste(ground, inside)


def _laid(grounds: Channels, inks: Channels, coverage: Image.Image, layout: Layout) -> Channels:
    if layout.alpha == ASSOCIATED:
        inks = [*inks, Image.new("L", coverage.size, 255)]
        return [_lay(ground, ink, coverage) for ground, ink in zip(grounds, inks, strict=True)]
    if layout.alpha == UNASSOCIATED:
        *colors, alpha = grounds
        alpha = _lay(alpha, Image.new("L", coverage.size, 255), coverage)
        share = _share(coverage, alpha)
        return [*(_lay(ground, ink, share) for ground, ink in zip(colors, inks, strict=True)), alpha]
    return [_lay(ground, ink, coverage) for ground, ink in zip(grounds, inks, strict=True)]


def _lay(ground: Image.Image, ink: Image.Image, coverage: Image.Image) -> Image.Image:
    """Return 8-bit ink composited over ground of 8 or 16 bits."""
    if ground.mode == "I;16":
        return lay_deep(ground, sixteen_bit(ink), coverage)
    return Image.composite(ink, ground, coverage)


def _share(coverage: Image.Image, alpha: Image.Image) -> Image.Image:
    """Return the ink's share of colours with alpha: the more transparent the ground, the larger."""
    most = 65535 if alpha.mode == "I;16" else 255
    share: Image.Image = ImageMath.lambda_eval(
        lambda names: names["convert"](names["ink"] * most / names["max"](names["whole"], 1), "L"),
        ink=coverage.convert("I"),
        whole=alpha.convert("I"),
    )
    return share
