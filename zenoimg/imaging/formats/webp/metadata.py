"""Decide which chunks of a WebP, other than pixels, its copy keeps."""

from __future__ import annotations

from zenoimg.imaging.formats.webp.chunks import IMAGE_DATA, Chunk, WebP
from zenoimg.imaging.metadata import carve
from zenoimg.imaging.metadata.credentials import WEBP_CHUNK
from zenoimg.imaging.metadata.keeper import Keeper

PICTURE = {b"VP8X", b"ANIM", b"ANMF", *IMAGE_DATA}
"""Chunks that make up the picture."""

_ONCE = (b"ICCP", b"EXIF", b"XMP ")


def kept_chunks(source: WebP, keeper: Keeper) -> list[Chunk]:
    """Return the copy's chunks other than pixels, in the source's order, then the rights that it has to state."""
    chunks = [chunk for chunk in source.chunks if chunk.name not in PICTURE and chunk.data]
    pieces = _pieces_of_pictures(chunks, keeper)
    kept: dict[bytes, bytes] = {}
    others: list[Chunk] = []
    for chunk in chunks:
        if chunk.name in _ONCE:
            if chunk.name not in kept:
                kept[chunk.name] = _kept_once(chunk, keeper)
                others.append(Chunk(chunk.name, b""))
        elif chunk.name == WEBP_CHUNK:
            keeper.credentials_left_out()
        elif chunk.name in pieces:
            keeper.found_picture(_name(chunk))
        elif not keeper.strips:
            others.append(Chunk(chunk.name, keeper.other(chunk.data, _name(chunk))))
    for name, stamp in ((b"EXIF", keeper.stamp.exif), (b"XMP ", keeper.stamp.xmp)):
        if name not in kept:
            others.append(Chunk(name, b""))
        kept[name] = stamp(kept.get(name, b""))
    filled = [Chunk(chunk.name, kept.get(chunk.name, chunk.data)) for chunk in others]
    return [chunk for chunk in filled if chunk.data]


def _kept_once(chunk: Chunk, keeper: Keeper) -> bytes:
    if chunk.name == b"ICCP":
        return keeper.profile(chunk.data)
    return keeper.exif(chunk.data) if chunk.name == b"EXIF" else keeper.xmp(chunk.data)


def _pieces_of_pictures(chunks: list[Chunk], keeper: Keeper) -> set[bytes]:
    """Return the names of unknown chunks that together hold a picture."""
    unknown: dict[bytes, list[bytes]] = {}
    for chunk in chunks:
        if chunk.name not in (*_ONCE, WEBP_CHUNK) and not keeper.strips:
            unknown.setdefault(chunk.name, []).append(chunk.data)
    return {name for name, parts in unknown.items() if carve.holds_picture(b"".join(parts))}


def _name(chunk: Chunk) -> str:
    return f"chunk {chunk.name.decode('latin-1')!r}"
