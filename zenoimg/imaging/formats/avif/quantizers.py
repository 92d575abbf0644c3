"""Read how coarsely the colour and alpha planes of an AVIF are coded."""

from __future__ import annotations

from dataclasses import dataclass

from zenoimg.imaging.formats.avif.frame_header import base_q_idx
from zenoimg.imaging.formats.iso.items import Item, Items

_ALPHA = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1")


@dataclass(frozen=True)
class Quantizers:
    """AV1's ``base_q_idx``, 0 (finest) to 255, of colour and alpha; ``None`` where it cannot be read."""

    colour: int | None
    alpha: int | None


def of_still(items: Items) -> Quantizers:
    """Return the quantizers of a still picture; for a grid, those of its first tile, which all others share."""
    alpha = [item for item in items.by_number.values() if is_alpha(item.property(b"auxC"))]
    tiles = [tile for item in alpha for tile in items.coded(item.number)]
    return Quantizers(_first(items.colour), _first(tiles))


def of_animation(colour: bytes, alpha: bytes) -> Quantizers:
    """Return the quantizers of an animation, read from the first sample of each track, which is a key frame."""
    return Quantizers(base_q_idx(colour), base_q_idx(alpha))


def is_alpha(content: bytes) -> bool:
    """Return whether auxC or auxi holds the alpha URN, which follows version and flags (AV1 Image File Format, 4.1)."""
    return content[4:].startswith(_ALPHA)


def _first(tiles: list[Item]) -> int | None:
    coded = next((tile for tile in tiles if tile.kind == b"av01"), None)
    return base_q_idx(coded.content, coded.property(b"av1C")) if coded else None
