"""Which of a WebP's chunks that are not pixels its copy keeps."""

from __future__ import annotations

from zenoimg.imaging.formats.webp.chunks import IMAGE_DATA, Chunk, WebP
from zenoimg.imaging.metadata.keeper import Keeper

PICTURE = {b"VP8X", b"ANIM", b"ANMF", *IMAGE_DATA}
"""Chunks that the picture is made of."""

_ONCE = {b"ICCP", b"EXIF", b"XMP "}


def kept_chunks(source: WebP, keeper: Keeper) -> list[Chunk]:
    """Return the copy's chunks that are not pixels, in the source's order."""
    kept: list[Chunk] = []
    seen: set[bytes] = set()
    for chunk in source.chunks:
        if chunk.name in PICTURE or not chunk.data or (chunk.name in _ONCE and chunk.name in seen):
            continue
        seen.add(chunk.name)
        match chunk.name:
            case b"ICCP":
                kept.append(chunk)
            case b"EXIF":
                kept.append(Chunk(b"EXIF", keeper.exif(chunk.data)))
            case b"XMP ":
                kept.append(Chunk(b"XMP ", keeper.xmp(chunk.data)))
            case b"C2PA":
                keeper.warn("Content Credentials vouch for the unmarked picture and were left out")
            case _ if not keeper.strips:
                kept.append(chunk)
    return [chunk for chunk in kept if chunk.data]
