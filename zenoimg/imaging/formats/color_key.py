"""Pictures in which one colour counts as transparent (PNG tRNS of grey and RGB): all or nothing."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageChops

from zenoimg.imaging.blend import ink_for, lay_deep
from zenoimg.imaging.mark import Overlay
from zenoimg.imaging.placement import clipped


def blend_keyed(picture: Image.Image, overlay: Overlay, key: tuple[int, ...], step: int = 1) -> None:
    """Draw the overlay on a picture (``L``, ``RGB`` or ``I;16``), in place, so that the mark is never the key.

    Where the picture is transparent the mark is opaque or absent; samples are multiples of ``step``.
    """
    alpha = overlay.mark.getchannel("A")
    ink = ink_for(picture.mode, overlay.mark)
    for box in overlay.boxes:
        inside = clipped(box, picture.size)
        if inside is None:
            continue
        part = (inside[0] - box[0], inside[1] - box[1], inside[2] - box[0], inside[3] - box[1])
        ground = picture.crop(inside)
        coverage = keyed_coverage(alpha.crop(part), key_mask(ground.split(), key))
        if picture.mode == "I;16":
            ground = lay_deep(ground, ink.crop(part), coverage)
        else:
            ground.paste(ink.crop(part), (0, 0), coverage)
        if step > 1:
            ground = ground.point(on_levels(step))
        became_key = ImageChops.darker(key_mask(ground.split(), key), coverage.point(_ANY))
        ground.paste(_beside(key, step), (0, 0, *ground.size), became_key)
        picture.paste(ground, inside)


def key_mask(channels: Sequence[Image.Image], key: tuple[int, ...]) -> Image.Image:
    """Give a mask, 255 where all channels (``L`` or ``I;16``) have the key's values."""
    mask = Image.new("L", channels[0].size, 255)
    planes: tuple[Image.Image, ...]
    values: tuple[int, ...]
    for channel, value in zip(channels, key, strict=True):
        if channel.mode == "I;16":
            planes = Image.frombytes("LA", channel.size, channel.tobytes()).split()
            values = (value & 255, value >> 8)
        else:
            planes, values = (channel,), (value,)
        for plane, wanted in zip(planes, values, strict=True):
            mask = ImageChops.darker(mask, plane.point([255 * (level == wanted) for level in range(256)]))
    return mask


def keyed_coverage(coverage: Image.Image, transparent: Image.Image) -> Image.Image:
    """Give the coverage of a mark with all or nothing on transparent ground."""
    decided = coverage.point(decided_levels(coverage))
    return Image.composite(decided, coverage, transparent)


def decided_levels(coverage: Image.Image) -> list[int]:
    """Give the table that makes a coverage all or nothing, divided at half of the most that it reaches."""
    most = max(level for level, count in enumerate(coverage.histogram()) if count)
    return [255 * (level > most / 2) for level in range(256)]


def on_levels(step: int) -> list[int]:
    """Give the table that rounds samples of 8 bits to multiples of ``step``."""
    return [(level + step // 2) // step * step for level in range(256)]


def _beside(key: tuple[int, ...], step: int) -> int | tuple[int, ...]:
    last = key[-1] - step if key[-1] >= step else key[-1] + step
    return last if len(key) == 1 else (*key[:-1], last)


_ANY = [255 * (level > 0) for level in range(256)]
