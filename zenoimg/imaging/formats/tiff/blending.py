"""Draw the mark on the channels of a TIFF page."""

from __future__ import annotations

from PIL import Image, ImageChops, ImageMath

from zenoimg.imaging.formats.few_levels import on_levels
from zenoimg.imaging.formats.tiff.layout import ASSOCIATED, UNASSOCIATED, WHITE_IS_ZERO, Layout
from zenoimg.imaging.formats.tiff.pixels import Channels
from zenoimg.imaging.marking.blend import deep_inks, ink_for, inverted_deep, lay_deep
from zenoimg.imaging.marking.mark import Overlay
from zenoimg.imaging.marking.overlap import overlaps


def blend_channels(channels: Channels, layout: Layout, overlay: Overlay) -> None:
    """Draw the overlay on channels, in place: on the colours and on alpha; further channels are unchanged."""
    deep = layout.depth == 16
    inks = deep_inks(layout.mode, overlay) if deep else list(ink_for(layout.mode, overlay).split())
    if layout.photometric == WHITE_IS_ZERO:
        inks = [inverted_deep(ink) if deep else ImageChops.invert(ink) for ink in inks]
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
        inks = [*inks, _full(grounds[-1])]
        return [_lay(ground, ink, coverage) for ground, ink in zip(grounds, inks, strict=True)]
    if layout.alpha == UNASSOCIATED:
        *colors, alpha = grounds
        alpha = _lay(alpha, _full(alpha), coverage)
        share = _share(coverage, alpha)
        return [*(_lay(ground, ink, share) for ground, ink in zip(colors, inks, strict=True)), alpha]
    return [_lay(ground, ink, coverage) for ground, ink in zip(grounds, inks, strict=True)]


def _lay(ground: Image.Image, ink: Image.Image, coverage: Image.Image) -> Image.Image:
    """Return ink over a background of the same depth."""
    if ground.mode == "I;16":
        return lay_deep(ground, ink, coverage)
    return Image.composite(ink, ground, coverage)


def _full(channel: Image.Image) -> Image.Image:
    """Return an opaque channel with the size and mode of another one."""
    return Image.new(channel.mode, channel.size, 65535 if channel.mode == "I;16" else 255)


def _share(coverage: Image.Image, alpha: Image.Image) -> Image.Image:
    """Return the ink's share of colours with alpha: the more transparent the background, the larger."""
    most = 65535 if alpha.mode == "I;16" else 255
    share: Image.Image = ImageMath.lambda_eval(
        lambda names: names["convert"](names["ink"] * most / names["max"](names["whole"], 1), "L"),
        ink=coverage.convert("I"),
        whole=alpha.convert("I"),
    )
    return share
