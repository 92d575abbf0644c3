"""The single transparent colour of a grey or RGB PNG (tRNS), which the mark must never use.

Such a picture has no partial transparency: where it is transparent, the mark is opaque or absent.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from PIL import Image, ImageChops

from zenoimg.imaging.formats.few_levels import decided_levels, on_levels
from zenoimg.imaging.formats.png.chunks import GREY, RGB, Chunk, Header, first
from zenoimg.imaging.marking.blend import ink_for, lay_deep
from zenoimg.imaging.marking.mark import Overlay
from zenoimg.imaging.marking.overlap import overlaps

_ANY = [255 * (level > 0) for level in range(256)]


def color_key(chunks: list[Chunk], header: Header) -> tuple[int, ...] | None:
    """Return the transparent colour of a grey or RGB picture, in samples as scaled by Pillow."""
    transparency = first(chunks, b"tRNS")
    channels = {GREY: 1, RGB: 3}.get(header.color_type)
    if transparency is None or channels is None or len(transparency) < 2 * channels:
        return None
    values = struct.unpack_from(f">{channels}H", transparency)
    scale = 255 // ((1 << header.depth) - 1) if header.depth < 8 else 1
    return tuple((value & ((1 << header.depth) - 1)) * scale for value in values)


def blend_keyed(picture: Image.Image, overlay: Overlay, key: tuple[int, ...], step: int = 1) -> None:
    """Draw the overlay on a picture (``L``, ``RGB`` or ``I;16``), in place, so that the mark never has the key colour.

    Where the picture is transparent, the mark is opaque or absent; samples are multiples of ``step``.
    """
    alpha = overlay.mark.getchannel("A")
    ink = ink_for(picture.mode, overlay)
    for overlap in overlaps(overlay, picture.size):
        inside, part = overlap.box, overlap.part
        ground = picture.crop(inside)
        coverage = keyed_coverage(alpha.crop(part), key_mask(ground.split(), key))
        if picture.mode == "I;16":
            ground = lay_deep(ground, ink.crop(part), coverage)
        else:
            ground.paste(ink.crop(part), (0, 0), coverage)
        if step > 1:
            ground = ground.point(on_levels(step))
        became_key = ImageChops.darker(key_mask(ground.split(), key), coverage.point(_ANY))
        ground.paste(_next_to(key, step), (0, 0, *ground.size), became_key)
        picture.paste(ground, inside)


def key_mask(channels: Sequence[Image.Image], key: tuple[int, ...]) -> Image.Image:
    """Return a mask: 255 where all channels (``L`` or ``I;16``) have the key's values."""
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
    """Return the coverage of a mark, made all or nothing where the picture is transparent."""
    decided = coverage.point(decided_levels(coverage))
    return Image.composite(decided, coverage, transparent)


def _next_to(key: tuple[int, ...], step: int) -> int | tuple[int, ...]:
    last = key[-1] - step if key[-1] >= step else key[-1] + step
    return last if len(key) == 1 else (*key[:-1], last)
