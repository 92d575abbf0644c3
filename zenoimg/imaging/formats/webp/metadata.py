"""Which chunks of a WebP its copy keeps."""

from __future__ import annotations

from zenoimg.imaging.formats.webp.chunks import IMAGE_DATA, Chunk, WebP
from zenoimg.imaging.metadata.kept import kept_exif, kept_xmp
from zenoimg.imaging.recipe import Recipe

PICTURE = {b"VP8X", b"ANIM", b"ANMF", *IMAGE_DATA}
_ONCE = {b"ICCP", b"EXIF", b"XMP "}


def kept_chunks(source: WebP, recipe: Recipe, warnings: list[str]) -> list[Chunk]:
    """Give the copy's chunks that are not pixels, in the source's order."""
    kept: list[Chunk] = []
    seen: set[bytes] = set()
    for chunk in source.chunks:
        if chunk.name in PICTURE or (chunk.name in _ONCE and chunk.name in seen):
            continue
        seen.add(chunk.name)
        match chunk.name:
            case b"ICCP":
                kept.append(chunk)
            case b"EXIF":
                kept.append(Chunk(b"EXIF", kept_exif(chunk.data, recipe.metadata, warnings)))
            case b"XMP ":
                kept.append(Chunk(b"XMP ", kept_xmp(chunk.data, recipe.metadata, warnings)))
            case b"C2PA":
                warnings.append("Content Credentials vouch for the unmarked picture and were left out")
            case _ if recipe.metadata != "strip":
                kept.append(chunk)
    return [chunk for chunk in kept if chunk.data]
