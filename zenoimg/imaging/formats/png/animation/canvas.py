"""Draw, dispose of and mark the frames of an animated PNG, in samples of its own colour type and depth."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PIL import Image, ImageChops

from zenoimg.imaging.formats.animation import changed_pixels
from zenoimg.imaging.formats.palette import Color, blend_indices, in_colour
from zenoimg.imaging.formats.png.chunks import GREY, GREY_ALPHA, PALETTE, RGB, RGB_ALPHA, Chunk, Header
from zenoimg.imaging.formats.png.pixels import decode, encode
from zenoimg.imaging.formats.png.samples.color_key import blend_keyed, key_mask
from zenoimg.imaging.formats.png.samples.few_greys import drawn_on_few_greys
from zenoimg.imaging.formats.png.samples.rows import redrawn
from zenoimg.imaging.formats.png.samples.sixteen_bit import (
    DeepPicture,
    blend_deep,
    composite_deep,
    decode_deep,
    encode_deep,
)
from zenoimg.imaging.marking.blend import blend, lay_deep
from zenoimg.imaging.marking.mark import Overlay
from zenoimg.imaging.marking.placement import Box, Size

Picture = Image.Image | DeepPicture
_FULL = [255 * (level == 255) for level in range(256)]


@dataclass(frozen=True)
class Frame:
    """A frame of the source: its pixels, decoded and encoded."""

    picture: Picture
    image_data: tuple[Chunk, ...]

    @property
    def width(self) -> int:
        """Its width in pixels."""
        return self.picture.high.width if isinstance(self.picture, DeepPicture) else self.picture.width

    @property
    def height(self) -> int:
        """Its height in pixels."""
        return self.picture.high.height if isinstance(self.picture, DeepPicture) else self.picture.height


class UnseenMarkError(Exception):
    """The palette has no colours for the mark, or no slot for necessary transparency."""


class Pixels:
    """Decodes, composes, marks and encodes the pictures of one file, in samples as defined by the copy's header.

    ``palette`` grows as marks are drawn. ``key`` is the transparent colour. ``bare`` is set if transparent areas are
    shown. Raises ``UnseenMarkError`` if a palette has no room for that.
    """

    def __init__(
        self, source: Header, target: Header, key: tuple[int, ...] | None, palette: tuple[Color, ...], bare: bool
    ) -> None:
        self._source, self._target, self._key = source, target, key
        self.palette = palette
        self._is_deep = target.depth == 16 and target.color_type != GREY
        self._bare_index = 0
        if target.color_type == PALETTE and bare:
            self._bare_index = self._transparent_index(1 << target.depth)

    @property
    def are_the_sources(self) -> bool:
        """Whether pixels are stored as in the source, so that frames need not be re-encoded."""
        return self._source == self._target

    def _transparent_index(self, slots: int) -> int:
        for index, color in enumerate(self.palette):
            if color[3] == 0:
                return index
        if len(self.palette) >= slots:
            raise UnseenMarkError
        self.palette = (*self.palette, (0, 0, 0, 0))
        return len(self.palette) - 1

    def decode(self, box: Box, needed: list[Chunk], image_data: tuple[Chunk, ...]) -> Picture:
        """Return a decoded frame; ``needed`` are PLTE and tRNS."""
        header = replace(self._source, width=box[2] - box[0], height=box[3] - box[1])
        chunks = [header.chunk, *needed, *image_data, Chunk(b"IEND", b"")]
        if self._is_deep:
            return self._decode_deep(chunks, header)
        picture = decode(chunks)
        if self._source.color_type == PALETTE and self._target.color_type == RGB_ALPHA:
            return in_colour(picture, self.palette)
        if self._target.color_type == GREY_ALPHA:
            return picture if picture.mode == "LA" else picture.convert("L").convert("LA")
        if self._target.color_type == RGB_ALPHA:
            return picture.convert("RGBA")
        return picture.convert("L") if picture.mode == "1" else picture

    def _decode_deep(self, chunks: list[Chunk], header: Header) -> Picture:
        if header.color_type == GREY:
            low, high = Image.frombytes("LA", (header.width, header.height), decode(chunks).tobytes()).split()
            return DeepPicture(high.convert("LA"), low.convert("LA"))
        deep = decode_deep(chunks, header)
        if self._target.color_type == RGB_ALPHA and header.color_type == RGB:
            return DeepPicture(deep.high.convert("RGBA"), deep.low.convert("RGBA"))
        return deep

    def empty(self) -> Picture:
        """Return an empty canvas."""
        size = (self._target.width, self._target.height)
        canvas = self._new(size)
        self.clear(canvas, (0, 0, *size))
        return canvas

    def _new(self, size: Size) -> Picture:
        if self._is_deep:
            mode = {GREY_ALPHA: "LA", RGB: "RGB", RGB_ALPHA: "RGBA"}[self._target.color_type]
            return DeepPicture(Image.new(mode, size), Image.new(mode, size))
        depth = "I;16" if self._target.depth == 16 else "L"
        modes = {GREY: depth, RGB: "RGB", PALETTE: "P", GREY_ALPHA: "LA", RGB_ALPHA: "RGBA"}
        return Image.new(modes[self._target.color_type], size)

    def clear(self, canvas: Picture, box: Box) -> None:
        """Clear a box of a canvas, in place."""
        if isinstance(canvas, DeepPicture):
            channels = self._key or (0,) * len(canvas.high.getbands())
            canvas.high.paste(tuple(value >> 8 for value in channels), box)
            canvas.low.paste(tuple(value & 255 for value in channels), box)
        elif canvas.mode == "P":
            canvas.paste(self._bare_index, box)
        else:
            fill = self._key or (0,) * len(canvas.getbands())
            size = (box[2] - box[0], box[3] - box[1])
            # Pasting a 16-bit number would repeat its low byte.
            canvas.paste(Image.new(canvas.mode, size, fill if len(fill) > 1 else fill[0]), box)

    def copied(self, canvas: Picture) -> Picture:
        """Return a copy of a canvas."""
        return copied(canvas)

    def cropped(self, canvas: Picture, box: Box) -> Picture:
        """Return the part of a canvas inside a box."""
        return cropped(canvas, box)

    def blank(self, size: Size) -> Picture | None:
        """Return an entirely transparent frame, or ``None`` if the picture has no transparency."""
        if self._target.color_type == PALETTE:
            index = next((index for index, color in enumerate(self.palette) if color[3] == 0), None)
            return None if index is None else Image.new("P", size, index)
        if self._key is None and self._target.color_type not in (GREY_ALPHA, RGB_ALPHA):
            return None
        frame = self._new(size)
        self.clear(frame, (0, 0, *size))
        return frame

    def put(self, canvas: Picture, source: Picture, box: Box, mask: Image.Image | None) -> None:
        """Replace the pixels of a box where a mask is 255, in place."""
        if isinstance(canvas, DeepPicture) and isinstance(source, DeepPicture):
            canvas.high.paste(source.high, box, mask)
            canvas.low.paste(source.low, box, mask)
        elif isinstance(canvas, Image.Image) and isinstance(source, Image.Image):
            if mask is not None and canvas.mode == "I;16":
                source, mask = lay_deep(canvas.crop(box), source, mask), None
            canvas.paste(source, box, mask)

    def differing(self, one: Picture, other: Picture) -> Image.Image:
        """Return a mask: 255 where two pictures differ."""
        if isinstance(one, DeepPicture) and isinstance(other, DeepPicture):
            return ImageChops.lighter(changed_pixels(one.high, other.high), changed_pixels(one.low, other.low))
        assert isinstance(one, Image.Image), "both are of one kind"
        assert isinstance(other, Image.Image), "both are of one kind"
        return changed_pixels(_in_bytes(one), _in_bytes(other))

    def is_exact(self, before: Picture, after: Picture) -> Image.Image:
        """Return a mask: 255 where blending ``after`` over ``before`` shows ``after``."""
        opaque = self._opaque_pixels(after)
        if self._target.color_type not in (GREY_ALPHA, RGB_ALPHA):
            return opaque
        if isinstance(before, DeepPicture):
            alphas = ImageChops.lighter(before.high.getchannel("A"), before.low.getchannel("A"))
        else:
            alphas = before.getchannel("A")
        return ImageChops.lighter(opaque, alphas.point([255 * (level == 0) for level in range(256)]))

    def _opaque_pixels(self, picture: Picture) -> Image.Image:
        if isinstance(picture, DeepPicture):
            if not picture.has_alpha:
                return self._not_key(picture.channels((0, 0, *picture.high.size)))
            alphas = ImageChops.darker(picture.high.getchannel("A"), picture.low.getchannel("A"))
            return alphas.point(_FULL)
        if picture.mode in ("LA", "RGBA"):
            return picture.getchannel("A").point(_FULL)
        return self._opaque(picture) or Image.new("L", picture.size, 255)

    def _not_key(self, channels: list[Image.Image]) -> Image.Image:
        if self._key is None:
            return Image.new("L", channels[0].size, 255)
        return ImageChops.invert(key_mask(channels, self._key))

    def lay(self, canvas: Picture, frame: Picture, box: Box, *, blends: bool) -> None:
        """Draw a frame on a canvas, in place: blended over it, or replacing it."""
        if isinstance(canvas, DeepPicture) and isinstance(frame, DeepPicture):
            self._lay_deep(canvas, frame, box, blends)
        elif isinstance(canvas, Image.Image) and isinstance(frame, Image.Image):
            if blends and canvas.mode in ("LA", "RGBA"):
                canvas.paste(Image.alpha_composite(canvas.crop(box), frame), box)
                return
            opaque = self._opaque(frame) if blends else None
            if opaque is not None and canvas.mode == "I;16":
                frame, opaque = lay_deep(canvas.crop(box), frame, opaque), None
            canvas.paste(frame, box, opaque)

    def _opaque(self, frame: Image.Image) -> Image.Image | None:
        if frame.mode == "P":
            grey = Image.frombytes("L", frame.size, frame.tobytes())
            alphas = [color[3] for color in self.palette] + [255] * (256 - len(self.palette))
            return grey.point([255 * (alpha > 0) for alpha in alphas])
        return None if self._key is None else ImageChops.invert(key_mask(frame.split(), self._key))

    def _lay_deep(self, canvas: DeepPicture, frame: DeepPicture, box: Box, blends: bool) -> None:
        whole = (0, 0, *frame.high.size)
        if blends and canvas.has_alpha:
            channels, (*inks, alpha) = canvas.channels(box), frame.channels(whole)
            composite_deep(channels, inks, _coverage(alpha))
            canvas.paste(channels, box)
            return
        mask = None
        if blends and self._key is not None:
            mask = ImageChops.invert(key_mask(frame.channels(whole), self._key))
        canvas.high.paste(frame.high, box, mask)
        canvas.low.paste(frame.low, box, mask)

    def marked(self, canvas: Picture, overlay: Overlay) -> Picture:
        """Return a canvas with the mark on it. Raises ``UnseenMarkError``."""
        if isinstance(canvas, DeepPicture):
            deep = copied(canvas)
            assert isinstance(deep, DeepPicture), "a copy is of the same kind"
            blend_deep(deep, overlay, self._key)
            return deep
        if self._target.color_type == GREY and self._target.depth < 8:
            return drawn_on_few_greys(canvas, self._target, overlay, self._key)
        picture = canvas.copy()
        if self._target.color_type == PALETTE:
            drawn = blend_indices(picture, self.palette, 1 << self._target.depth, overlay)
            if not drawn.visible:
                raise UnseenMarkError
            self.palette = drawn.palette
        elif self._key is not None:
            blend_keyed(picture, overlay, self._key)
        else:
            blend(picture, overlay)
        return picture

    def encode(self, picture: Picture, compression: int, source: Frame | None = None) -> tuple[Chunk, ...]:
        """Return the IDAT chunks of a picture; rows identical to those of a ``source`` frame keep their filters."""
        if source is not None and self.are_the_sources:
            changed = self.differing(picture, source.picture).getbbox()
            header = replace(self._target, width=source.width, height=source.height)
            return tuple(redrawn(source.image_data, picture, header, [changed] if changed else [], compression))
        if isinstance(picture, DeepPicture):
            header = replace(self._target, width=picture.high.width, height=picture.high.height)
            return tuple(encode_deep(picture, header, compression))
        return tuple(encode(picture, replace(self._target, width=picture.width, height=picture.height), compression))


def copied(canvas: Picture) -> Picture:
    """Return a copy of a canvas."""
    if isinstance(canvas, DeepPicture):
        return DeepPicture(canvas.high.copy(), canvas.low.copy())
    return canvas.copy()


def cropped(canvas: Picture, box: Box) -> Picture:
    """Return the part of a canvas inside a box."""
    if isinstance(canvas, DeepPicture):
        return DeepPicture(canvas.high.crop(box), canvas.low.crop(box))
    return canvas.crop(box)


def _coverage(alpha: Image.Image) -> Image.Image:
    """Return 16-bit alpha as an 8-bit coverage that is 0 or 255 only where alpha is 0 or the maximum."""
    low, high = Image.frombytes("LA", alpha.size, alpha.tobytes()).split()
    some = high.point([max(1, min(level, 254)) for level in range(256)])
    nothing = ImageChops.lighter(high, low).point([255 * (level == 0) for level in range(256)])
    everything = ImageChops.darker(high, low).point([255 * (level == 255) for level in range(256)])
    return Image.composite(everything, some, ImageChops.lighter(nothing, everything))


def _in_bytes(picture: Image.Image) -> Image.Image:
    """Return a picture with the same bytes whose channels have 8 bits each."""
    if picture.mode in ("P", "I;16"):
        return Image.frombytes("L" if picture.mode == "P" else "LA", picture.size, picture.tobytes())
    return picture
