"""Animated WebP: frames that the mark does not touch stay identical, the others keep their pixels outside it.

Animations with an orientation are rotated, since browsers ignore it in WebP. All of their frames are re-encoded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from PIL import Image, ImageChops

from zenoimg.imaging.errors import Refused
from zenoimg.imaging.formats.animation import BACKGROUND, KEEP, CopyCanvas, changed_pixels
from zenoimg.imaging.formats.webp.chunks import Chunk, Frame, WebP, is_lossless
from zenoimg.imaging.formats.webp.pixels import decoder, encoded, upright, upright_box
from zenoimg.imaging.marking.blend import blend
from zenoimg.imaging.marking.mark import Overlay
from zenoimg.imaging.marking.placement import Box, Size, displayed_size
from zenoimg.imaging.recipe import EncoderSettings

_OPAQUE = [255 * (level == 255) for level in range(256)]
_SOME = [255 * (level > 0) for level in range(256)]
_TRANSPARENT = [255 * (level == 0) for level in range(256)]


def marked_frames(source: WebP, orientation: int, overlay: Overlay, settings: EncoderSettings) -> list[Chunk]:
    """Return ANIM and the frames, upright and with the mark. The overlay is that of the upright picture."""
    size = displayed_size(source.size, orientation)
    chunks = [Chunk(b"ANIM", source.first(b"ANIM"))]
    canvas = CopyCanvas(_Rgba(), Image.new("RGBA", size), size, overlay, _even)
    # Without a mark, the writer is used because the source's bytes must not be published unchanged.
    is_again = orientation != 1 or not overlay.boxes
    for frame, after in zip(source.frames, _marked_canvases(source, orientation, overlay), strict=True):
        box = upright_box(frame.box, source.size, orientation)
        written = frame
        if is_again or not canvas.leaves_alone(box):
            own = upright(_own_pixels(frame), orientation)
            redrawn = canvas.redrawn(own, box, frame.blends, after)
            if redrawn is not None:
                written = _encoded_frame(frame, redrawn.box, redrawn.blends, redrawn.picture, settings)
            elif is_again:
                written = _encoded_frame(frame, box, frame.blends, own, settings)
        disposal = canvas.advance(after, box, written.box, BACKGROUND if frame.disposes else KEEP)
        chunks.append(replace(written, disposes=disposal == BACKGROUND).chunk)
    return chunks


class _Rgba:
    """Canvases and frames of mode RGBA."""

    def copied(self, canvas: Image.Image) -> Image.Image:
        return canvas.copy()

    def cropped(self, canvas: Image.Image, box: Box) -> Image.Image:
        return canvas.crop(box)

    def clear(self, canvas: Image.Image, box: Box) -> None:
        canvas.paste((0, 0, 0, 0), box)

    def blank(self, size: Size) -> Image.Image | None:
        return Image.new("RGBA", size)

    def lay(self, canvas: Image.Image, frame: Image.Image, box: Box, *, blends: bool) -> None:
        canvas.paste(Image.alpha_composite(canvas.crop(box), frame) if blends else frame, box)

    def put(self, canvas: Image.Image, source: Image.Image, box: Box, mask: Image.Image | None) -> None:
        canvas.paste(source, box, mask)

    def differing(self, one: Image.Image, other: Image.Image) -> Image.Image:
        # libwebp's canvases have arbitrary colours where they are transparent.
        visible = ImageChops.lighter(one.getchannel("A"), other.getchannel("A")).point(_SOME)
        return ImageChops.darker(changed_pixels(one, other), visible)

    def is_exact(self, before: Image.Image, after: Image.Image) -> Image.Image:
        opaque = after.getchannel("A").point(_OPAQUE)
        return ImageChops.lighter(opaque, before.getchannel("A").point(_TRANSPARENT))


def _encoded_frame(frame: Frame, box: Box, blends: bool, picture: Image.Image, settings: EncoderSettings) -> Frame:
    return Frame(box, frame.duration, blends, False, encoded(picture, is_lossless(frame.image_data), settings))


def _own_pixels(frame: Frame) -> Image.Image:
    """Return a frame's own pixels (RGBA)."""
    size = frame.box[2] - frame.box[0], frame.box[3] - frame.box[1]
    return decoder(WebP(size, 0, frame.image_data, ())).convert("RGBA")


def _marked_canvases(source: WebP, orientation: int, overlay: Overlay) -> Iterator[Image.Image]:
    """Yield what is on screen at each frame (RGBA), upright and with the mark."""
    animation = decoder(source)
    if animation.n_frames != len(source.frames):
        raise Refused("corrupt", f"the WebP has {len(source.frames)} frames, {animation.n_frames} can be decoded")
    for number in range(animation.n_frames):
        animation.seek(number)
        animation.load()
        canvas = upright(animation.copy(), orientation)
        blend(canvas, overlay)
        yield canvas


def _even(box: Box) -> Box:
    """Return the box with left and top moved to even coordinates, where alone frames can begin."""
    return box[0] & ~1, box[1] & ~1, box[2], box[3]
