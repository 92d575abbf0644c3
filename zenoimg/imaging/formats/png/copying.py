"""PNG without a mark: image data and frames are the source's own, all other chunks follow the metadata rules."""

from __future__ import annotations

from zenoimg.imaging.formats.png.animation.animated import with_frames
from zenoimg.imaging.formats.png.animation.frames import FRAME_CHUNKS, read_animation
from zenoimg.imaging.formats.png.assembly import Written, assemble
from zenoimg.imaging.formats.png.chunks import first, png_file, read_chunks, read_header
from zenoimg.imaging.formats.png.metadata import orientation_in
from zenoimg.imaging.limits import Limits
from zenoimg.imaging.marking.placement import displayed_size
from zenoimg.imaging.metadata import carve
from zenoimg.imaging.recipe import Recipe
from zenoimg.imaging.result import Watermarked


def copied(data: bytes, recipe: Recipe, limits: Limits) -> Watermarked | None:
    """Return a copy, or ``None`` if its image data hold another picture."""
    chunks = read_chunks(data)
    header = read_header(chunks)
    is_animated = first(chunks, b"acTL") is not None
    count = sum(chunk.name == b"fcTL" for chunk in chunks) if is_animated else 1
    limits.check_picture(header.width, header.height, count)
    if carve.holds_picture(b"".join(chunk.data for chunk in chunks if chunk.name in (b"IDAT", b"fdAT"))):
        return None
    warnings: list[str] = []
    image_data = [chunk for chunk in chunks if chunk.name == b"IDAT"]
    palette = tuple(chunk for chunk in chunks if chunk.name in (b"PLTE", b"tRNS"))
    still = [chunk for chunk in chunks if chunk.name not in (b"acTL", *FRAME_CHUNKS)]
    copy = assemble(still, header, Written(header, palette, image_data), recipe, warnings)
    frames = 1
    if is_animated:
        animation = read_animation(chunks, header)
        warnings += animation.notes
        copy = with_frames(copy, animation.frames, animation.begins_with_default, first(chunks, b"acTL") or b"")
        frames = len(animation.frames)
    size = displayed_size((header.width, header.height), orientation_in(chunks))
    return Watermarked(png_file(copy), "PNG", *size, frames, tuple(warnings))
