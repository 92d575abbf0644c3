"""WebP: lossless stays lossless, lossy is re-encoded at the recipe's quality; frames that the mark does not touch stay.

A WebP does not record the quality it was written at. At the default, 90, lossy photos written at quality 60, 80 and
90 keep 43 to 50 dB (PSNR against the source as decoded) at 1.5, 1.2 and 0.95 times the source's bytes. Alpha is kept
without loss. In animations only frames that the mark touches are re-encoded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO

from PIL import Image
from PIL.WebPImagePlugin import WebPImageFile

from zenoimg.imaging.blend import blend
from zenoimg.imaging.colour.tags import ColourTags
from zenoimg.imaging.errors import Refused
from zenoimg.imaging.formats.animation import over_previous
from zenoimg.imaging.formats.webp.chunks import (
    ALPHA,
    ANIMATION,
    EXIF,
    ICC,
    IMAGE_DATA,
    XMP,
    Chunk,
    Frame,
    WebP,
    extended_header,
    has_alpha,
    is_lossless,
    read_chunks,
    read_webp,
    write_webp,
)
from zenoimg.imaging.formats.webp.metadata import PICTURE, kept_chunks
from zenoimg.imaging.limits import Limits
from zenoimg.imaging.mark import Overlay, overlay_for
from zenoimg.imaging.metadata.exif import orientation_of
from zenoimg.imaging.metadata.keeper import Keeper, tiff_block
from zenoimg.imaging.overlap import covered_box, touches, union
from zenoimg.imaging.placement import Box, displayed_size
from zenoimg.imaging.recipe import EncoderSettings, Recipe
from zenoimg.imaging.result import Watermarked

_METHOD = 4
"""libwebp's effort: 6 takes two to three times as long for 1 to 2% fewer bytes."""


def watermarked(data: bytes, recipe: Recipe, limits: Limits) -> Watermarked:
    """Return a watermarked copy of a WebP, still or animated."""
    source = read_webp(data, limits)
    limits.check_memory(*source.size, _bytes_a_pixel(source))
    orientation = orientation_of(tiff_block(source.first(b"EXIF")))
    colours = ColourTags(icc=source.first(b"ICCP"))
    overlay = overlay_for(recipe.watermark, source.size, orientation, colours)
    keeper = Keeper(recipe.metadata, recipe.rights)
    metadata = kept_chunks(source, keeper)
    drawn = _animated if source.frames else _still
    encoded = _assembled(source, drawn(source, overlay, recipe.encoder), metadata)
    width, height = displayed_size(source.size, orientation)
    frames = max(1, len(source.frames))
    return Watermarked(encoded, "WebP", width, height, frames, (*overlay.warnings, *keeper.warnings))


def _bytes_a_pixel(source: WebP) -> int:
    """Return the measured peak memory for each pixel: the lossless encoder, which also writes alpha, needs most."""
    if source.frames:
        return 62
    return 34 if is_lossless(source.image_data) or has_alpha(source.image_data) else 18


def _still(source: WebP, overlay: Overlay, settings: EncoderSettings) -> list[Chunk]:
    picture = _decoder(source).copy()  # frees the decoder and its canvases before the encoder needs memory
    blend(picture, overlay)
    return list(_encoded(picture, is_lossless(source.image_data), settings))


def _animated(source: WebP, overlay: Overlay, settings: EncoderSettings) -> list[Chunk]:
    """Return ANIM and the frames: unchanged where the mark does not touch them, otherwise redrawn with the mark."""
    chunks = [Chunk(b"ANIM", source.first(b"ANIM"))]
    # Before the first frame nothing is shown: all of the mark has to be drawn.
    stale: Box | None = covered_box(overlay, source.size)
    before = Image.new("RGBA", source.size)
    for frame, after in zip(source.frames, _marked_canvases(source, overlay), strict=True):
        if stale is None and not touches(frame.box, overlay):
            written = replace(frame, disposes=False)
        else:
            box = _even(frame.box if stale is None else union((frame.box, stale)))
            written = _redrawn(frame, box, before, after, settings)
        chunks.append(written.chunk)
        stale = frame.box if frame.disposes else None
        before = after
    return chunks


def _redrawn(frame: Frame, box: Box, before: Image.Image, after: Image.Image, settings: EncoderSettings) -> Frame:
    part = after.crop(box)
    transparent = over_previous(before.crop(box), part) if frame.blends and has_alpha(frame.image_data) else None
    image_data = _encoded(transparent or part, is_lossless(frame.image_data), settings)
    return Frame(box, frame.duration, transparent is not None, False, image_data)


def _marked_canvases(source: WebP, overlay: Overlay) -> Iterator[Image.Image]:
    """Yield what is on screen at each frame, RGBA and with the mark."""
    animation = _decoder(source)
    if animation.n_frames != len(source.frames):
        raise Refused("corrupt", f"the WebP has {len(source.frames)} frames, {animation.n_frames} can be decoded")
    for number in range(animation.n_frames):
        animation.seek(number)
        animation.load()
        canvas = animation.copy()
        blend(canvas, overlay)
        yield canvas


def _decoder(source: WebP) -> WebPImageFile:
    """Return a decoder of the pixels alone; animations always have alpha: their canvas may be transparent in places."""
    pixels = [chunk for chunk in source.chunks if chunk.name in PICTURE and chunk.name != b"VP8X"]
    if source.frames:
        pixels.insert(0, extended_header(source.size, ANIMATION | ALPHA))
    elif source.chunks[0].name == b"VP8X":
        pixels.insert(0, extended_header(source.size, source.flags & ALPHA))
    return WebPImageFile(BytesIO(write_webp(pixels)))


def _encoded(picture: Image.Image, lossless: bool, settings: EncoderSettings) -> tuple[Chunk, ...]:
    """Return the encoded pixels; lossless keeps colours under full transparency, and alpha is always lossless."""
    encoded = BytesIO()
    quality = settings.webp_lossless_effort if lossless else settings.webp_quality
    picture.save(encoded, "WEBP", lossless=lossless, quality=quality, method=_METHOD, exact=lossless)
    return tuple(chunk for chunk in read_chunks(encoded.getvalue()[12:]) if chunk.name in IMAGE_DATA)


def _even(box: Box) -> Box:
    """Return the box with left and top moved to even coordinates: frames can only begin there."""
    return box[0] & ~1, box[1] & ~1, box[2], box[3]


def _assembled(source: WebP, pixels: list[Chunk], metadata: list[Chunk]) -> bytes:
    """Return the file: the profile before the pixels, everything else after them, as the container requires."""
    pictures = [read_chunks(chunk.data[16:]) for chunk in pixels if chunk.name == b"ANMF"] or [pixels]
    flags = ANIMATION if source.frames else 0
    flags |= ALPHA if any(has_alpha(image_data) for image_data in pictures) else 0
    for chunk in metadata:
        flags |= {b"ICCP": ICC, b"EXIF": EXIF, b"XMP ": XMP}.get(chunk.name, 0)
    if not metadata and len(pixels) == 1:
        return write_webp(pixels)
    profile = [chunk for chunk in metadata if chunk.name == b"ICCP"]
    others = [chunk for chunk in metadata if chunk.name != b"ICCP"]
    return write_webp([extended_header(source.size, flags), *profile, *pixels, *others])
