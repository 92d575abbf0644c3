"""Draws a mark on the channels of a TIFF page: any depth, photometric interpretation and kind of alpha."""

from __future__ import annotations

from dataclasses import replace

from PIL import Image, ImageChops, ImageMath

from zenoimg.imaging.blend import ink_for, lay_deep, sixteen_bit
from zenoimg.imaging.formats.color_key import decided_levels, on_levels
from zenoimg.imaging.formats.tiff_layout import ASSOCIATED, UNASSOCIATED, WHITE_IS_ZERO, Layout
from zenoimg.imaging.formats.tiff_pixels import Channels
from zenoimg.imaging.mark import Overlay
from zenoimg.imaging.placement import clipped
from zenoimg.imaging.recipe import WatermarkSpec


def blend_channels(channels: Channels, layout: Layout, overlay: Overlay) -> None:
    """Draw the overlay on channels, in place: the colours, alpha if there is any, and others as they are."""
    inks = list(ink_for(layout.mode, overlay.mark).split())
    if layout.photometric == WHITE_IS_ZERO:
        inks = [ImageChops.invert(ink) for ink in inks]
    coverage = overlay.mark.getchannel("A")
    count = len(inks) + bool(layout.alpha)
    for box in overlay.boxes:
        inside = clipped(box, channels[0].size)
        if inside is None:
            continue
        part = (inside[0] - box[0], inside[1] - box[1], inside[2] - box[0], inside[3] - box[1])
        grounds = [channel.crop(inside) for channel in channels[:count]]
        laid = _laid(grounds, [ink.crop(part) for ink in inks], coverage.crop(part), layout)
        if layout.depth < 8:
            laid = [ground.point(on_levels(255 // ((1 << layout.depth) - 1))) for ground in laid]
        for channel, ground in zip(channels, laid, strict=False):
            channel.paste(ground, inside)


def visible_on_two_levels(spec: WatermarkSpec) -> WatermarkSpec:
    """Give a spec whose letters have an outline: without one they vanish on paper of their own colour."""
    if spec.logo is not None or spec.outline != "none":
        return spec
    light = Image.new("RGB", (1, 1), spec.color).convert("L").getextrema()[0]
    return replace(spec, outline="#000000" if isinstance(light, int) and light >= 128 else "#ffffff")


def on_two_levels(overlay: Overlay) -> Overlay:
    """Give an overlay of black and white, opaque or absent: a faint one would be no mark on two levels."""
    alpha = overlay.mark.getchannel("A")
    opaque = overlay.mark.convert("L").point([255 * (level >= 128) for level in range(256)]).convert("RGBA")
    opaque.putalpha(alpha.point(decided_levels(alpha)))
    return Overlay(opaque, overlay.boxes)


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
    """Lay ink of 8 bits over ground of 8 or 16."""
    if ground.mode == "I;16":
        return lay_deep(ground, sixteen_bit(ink), coverage)
    return Image.composite(ink, ground, coverage)


def _share(coverage: Image.Image, alpha: Image.Image) -> Image.Image:
    """Give how much the ink counts in colours that have alpha: the less of the ground is there, the more."""
    most = 65535 if alpha.mode == "I;16" else 255
    share: Image.Image = ImageMath.lambda_eval(
        lambda names: names["convert"](names["ink"] * most / names["max"](names["whole"], 1), "L"),
        ink=coverage.convert("I"),
        whole=alpha.convert("I"),
    )
    return share
