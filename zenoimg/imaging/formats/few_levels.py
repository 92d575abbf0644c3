"""Pictures with few levels: samples of 1, 2 or 4 bits, black and white, and all-or-nothing transparency."""

from __future__ import annotations

from dataclasses import replace

from PIL import Image

from zenoimg.imaging.marking.mark import Overlay
from zenoimg.imaging.recipe import WatermarkSpec


def on_levels(step: int) -> list[int]:
    """Return the table that rounds 8-bit samples to multiples of ``step``."""
    return [(level + step // 2) // step * step for level in range(256)]


def decided_levels(coverage: Image.Image) -> list[int]:
    """Return the table that makes a coverage all or nothing, with the threshold at half of its maximum."""
    most = max(level for level, count in enumerate(coverage.histogram()) if count)
    return [255 * (level > most / 2) for level in range(256)]


def visible_on_two_levels(spec: WatermarkSpec) -> WatermarkSpec:
    """Return a spec whose letters have an outline, since without one they vanish on a background of their colour."""
    if spec.logo is not None or spec.outline != "none":
        return spec
    light = Image.new("RGB", (1, 1), spec.color).convert("L").getextrema()[0]
    return replace(spec, outline="#000000" if isinstance(light, int) and light >= 128 else "#ffffff")


def on_two_levels(overlay: Overlay) -> Overlay:
    """Return an overlay of black and white, opaque or absent, since a faint one would not be visible on two levels."""
    alpha = overlay.mark.getchannel("A")
    opaque = overlay.mark.convert("L").point([255 * (level >= 128) for level in range(256)]).convert("RGBA")
    opaque.putalpha(alpha.point(decided_levels(alpha)))
    return Overlay(opaque, overlay.boxes)
