"""PNG: pixels go through Pillow, everything else travels as the source's own chunks."""

from __future__ import annotations

from io import BytesIO

from PIL.PngImagePlugin import PngImageFile

from zenoimg.imaging.blend import BLENDABLE, blend
from zenoimg.imaging.errors import Refused
from zenoimg.imaging.formats.png_chunks import read_chunks, read_header
from zenoimg.imaging.limits import Limits
from zenoimg.imaging.mark import overlay_for
from zenoimg.imaging.recipe import Recipe
from zenoimg.imaging.result import Watermarked


def watermarked(data: bytes, recipe: Recipe, limits: Limits) -> Watermarked:
    """Give a watermarked copy of a PNG."""
    chunks = read_chunks(data)
    header = read_header(chunks)
    limits.check_picture(header.width, header.height)
    if any(chunk.name == b"acTL" for chunk in chunks):
        raise Refused("unsupported-format", "APNG (animated PNG) is not supported; supported are JPEG, PNG")
    overlay = overlay_for(recipe.watermark, (header.width, header.height))
    picture = PngImageFile(BytesIO(data))
    picture.load()
    drawn = picture if picture.mode in BLENDABLE else picture.convert("RGBA")
    blend(drawn, overlay)
    encoded = BytesIO()
    drawn.save(encoded, "PNG", compress_level=recipe.encoder.png_compression)
    return Watermarked(encoded.getvalue(), "PNG", "image/png", header.width, header.height, 1, ())
