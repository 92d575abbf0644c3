"""WebP without a mark: frames and image data are the source's own, and so is the orientation."""

from __future__ import annotations

from zenoimg.imaging.formats.webp.chunks import Chunk, read_webp
from zenoimg.imaging.formats.webp.metadata import kept_chunks
from zenoimg.imaging.formats.webp.writer import assembled
from zenoimg.imaging.limits import Limits
from zenoimg.imaging.marking.placement import displayed_size
from zenoimg.imaging.metadata import carve
from zenoimg.imaging.metadata.exif import orientation_of
from zenoimg.imaging.metadata.keeper import Keeper, tiff_block
from zenoimg.imaging.recipe import Recipe
from zenoimg.imaging.result import Watermarked


def copied(data: bytes, recipe: Recipe, limits: Limits) -> Watermarked | None:
    """Return a copy, or ``None`` if its image data hold another picture."""
    source = read_webp(data, limits)
    image_data = [chunk for frame in source.frames for chunk in frame.image_data] or list(source.image_data)
    if carve.holds_picture(b"".join(chunk.data for chunk in image_data)):
        return None
    orientation = orientation_of(tiff_block(source.first(b"EXIF")))
    keeper = Keeper(recipe.metadata, recipe.rights, orientation=orientation)
    metadata = kept_chunks(source, keeper)
    pixels = list(source.image_data)
    if source.frames:
        pixels = [Chunk(b"ANIM", source.first(b"ANIM")), *(frame.chunk for frame in source.frames)]
    size = displayed_size(source.size, orientation)
    copy = assembled(source.size, pixels, metadata)
    return Watermarked(copy, "WebP", *size, max(1, len(source.frames)), tuple(keeper.warnings))
