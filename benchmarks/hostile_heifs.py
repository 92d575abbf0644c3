"""Hostile HEIFs: floods of boxes, tables that refer to the same bytes repeatedly, tiles shown again and again."""

from __future__ import annotations

import struct

from benchmarks.hostile_files import FLOOD, SMALL, Cases, noise, with_extents, with_references
from tests.drawn import heifs
from tests.drawn.avifs import box
from tests.drawn.pictures import photo

_TILE, _SIDE = (256, 256), 6


def heif_cases() -> Cases:
    """Return the cases; none where the extra that decodes them is not installed."""
    if not heifs.IS_THERE:
        return {}
    small, same_bytes = heifs.encoded(photo(SMALL)), heifs.encoded(noise((900, 700)), quality=95)
    tile = heifs.encoded(noise(_TILE), quality=95)
    size = _SIDE * _TILE[0], _SIDE * _TILE[1]
    whole = heifs.encoded(noise(size), quality=95, tile_size=_TILE[0])
    deep = b""
    for _ in range(800):
        deep = box(b"moov", deep)
    every = b"".join(box(b"moov", box(b"free", b"") * 9_000) for _ in range(FLOOD // 72_000))
    at = small.index(b"hvcC") + 4
    return {
        "free boxes": (small + box(b"free", b"") * 9_000, small),
        "boxes in boxes": (small + deep, small),
        "boxes in many boxes": (small + every, small, same_bytes),
        "extents of no bytes": (with_extents(small, 0, 40, 65_535), small),
        "extents of the whole file": (with_extents(small + bytes(FLOOD), 4, 1, 60_000), small, same_bytes),
        "pictures of the whole file": (with_extents(small + bytes(FLOOD), 4, 4_000, 1), small, same_bytes),
        "references": (with_references(small, 60, 30_000), small, same_bytes),
        "one tile again and again": (heifs.grid_of(tile, _SIDE, _SIDE), whole),
        "more tiles than pixels": (_of_smaller_size(heifs.grid_of(tile, 30, 30)), small, same_bytes),
        "parameter sets": (small[: at + 22] + struct.pack(">B", 255) + small[at + 23 :], small),
    }


def _of_smaller_size(data: bytes) -> bytes:
    """Return a grid whose boxes, and whose own content, say a small size."""
    width, height = 30 * _TILE[0], 30 * _TILE[1]
    return heifs.with_size(data, *SMALL).replace(struct.pack(">II", width, height), struct.pack(">II", *SMALL))
