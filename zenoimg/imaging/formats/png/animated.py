"""Animated PNG: colour type, depth and interlacing stay, frames that the mark leaves alone stay byte for byte.

Pixels outside the mark are bit for bit the same. The default image, which readers that know no animation show,
gets the mark too, whether it is the first frame or stands apart.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

from PIL import Image

from zenoimg.imaging.errors import Refused
from zenoimg.imaging.formats.animation import marked_box, over_previous, touches, union
from zenoimg.imaging.formats.palette import Color
from zenoimg.imaging.formats.png.canvas import Picture, Pixels, UnseenMarkError, copied, cropped
from zenoimg.imaging.formats.png.chunks import GREY, GREY_ALPHA, PALETTE, RGB, RGB_ALPHA, Chunk, Header, first
from zenoimg.imaging.formats.png.pixels import Written, assemble, color_key, palette_chunks, palette_of
from zenoimg.imaging.limits import Limits
from zenoimg.imaging.mark import Overlay
from zenoimg.imaging.placement import Box
from zenoimg.imaging.recipe import Recipe

KEEP, BACKGROUND, PREVIOUS = 0, 1, 2
"""What becomes of a frame when its time is over."""

FRAME_CHUNKS = (b"fcTL", b"fdAT")
_BYTES_A_PIXEL = 28  # of memory, as measured; twice of that for 16 bits a sample
_CONTROL = struct.Struct(">IIIIIHHBB")

# At zlib's level 6 smooth colours take 0.9 s a megapixel: the longest animations would outlive a function. Level 4
# takes a third of that, for 2% fewer to 1% more bytes.
_LONG, _SWIFT = 50_000_000, 4


@dataclass(frozen=True)
class ApngFrame:
    """A frame: its box, how long it lasts (two numbers, a fraction of a second), how it is put and taken away.

    ``blends`` lays it over what is there, else it overwrites. ``image_data`` are its IDAT chunks: those of the
    file for the first frame where it is the default image too, and others made of fdAT.
    """

    box: Box
    delay: tuple[int, int]
    disposal: int
    blends: bool
    image_data: tuple[Chunk, ...]

    def control(self, number: int) -> Chunk:
        """The frame as fcTL, the sequence number given."""
        left, top, right, bottom = self.box
        fields = (number, right - left, bottom - top, left, top, *self.delay, self.disposal, self.blends)
        return Chunk(b"fcTL", _CONTROL.pack(*fields))


@dataclass(frozen=True)
class Animation:
    """The frames of a file, and whether its default image, for readers that know no APNG, is the first of them."""

    frames: tuple[ApngFrame, ...]
    begins_with_default: bool


def read_animation(chunks: list[Chunk], header: Header) -> Animation:
    """Read the frames. Raises ``Refused("corrupt")`` when they are not as many as announced, or out of place."""
    begins_with_default = False
    controls: list[ApngFrame] = []
    pixels: list[list[Chunk]] = []
    seen_default = False
    for chunk in chunks:
        if chunk.name in (b"acTL", *FRAME_CHUNKS) and not chunk.intact:
            raise Refused("corrupt", f"the PNG's chunk {chunk.name.decode()!r} fails its checksum")
        if chunk.name == b"IDAT":
            begins_with_default = begins_with_default or (bool(controls) and not seen_default)
            seen_default = True
            if begins_with_default:
                pixels[0].append(chunk)
        elif chunk.name == b"fcTL":
            controls.append(_read_control(chunk.data, header))
            pixels.append([])
        elif chunk.name == b"fdAT" and controls:
            pixels[-1].append(Chunk(b"IDAT", chunk.data[4:]))
    frames = [replace(control, image_data=tuple(data)) for control, data in zip(controls, pixels, strict=True)]
    (announced,) = struct.unpack_from(">I", (first(chunks, b"acTL") or b"").ljust(4, b"\0"))
    if not frames or announced != len(frames) or not all(frame.image_data for frame in frames):
        raise Refused("corrupt", f"the animated PNG announces {announced} frames and holds {len(frames)}")
    if begins_with_default and frames[0].box != (0, 0, header.width, header.height):
        raise Refused("corrupt", "the animated PNG's first frame is not as large as the picture")
    if frames[0].disposal == PREVIOUS:
        # Before the first frame there was nothing.
        frames[0] = replace(frames[0], disposal=BACKGROUND)
    return Animation(tuple(frames), begins_with_default)


def frame_chunks(frames: list[ApngFrame], begins_with_default: bool) -> Iterator[tuple[bool, Chunk]]:
    """Give fcTL and fdAT of frames, each with whether it belongs in front of the file's IDAT; IDAT are not given."""
    number = 0
    for index, frame in enumerate(frames):
        is_default = begins_with_default and index == 0
        yield is_default, frame.control(number)
        number += 1
        for chunk in () if is_default else frame.image_data:
            yield False, Chunk(b"fdAT", struct.pack(">I", number) + chunk.data)
            number += 1


def bares_ground(animation: Animation, header: Header) -> bool:
    """Tell whether pixels are shown that no frame has painted, or that a frame cleared: they are transparent."""
    whole = (0, 0, header.width, header.height)
    if animation.frames[0].box != whole:
        return True
    return any(
        frame.disposal == BACKGROUND and not _contains(after.box, frame.box)
        for frame, after in zip(animation.frames, animation.frames[1:], strict=False)
    )


def _contains(outer: Box, inner: Box) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and outer[2] >= inner[2] and outer[3] >= inner[3]


def _read_control(data: bytes, header: Header) -> ApngFrame:
    if len(data) != _CONTROL.size:
        raise Refused("corrupt", "the animated PNG has a frame control of a wrong length")
    _, width, height, left, top, number, unit, disposal, blending = _CONTROL.unpack(data)
    box = (left, top, left + width, top + height)
    if not width or not height or box[2] > header.width or box[3] > header.height or disposal > PREVIOUS:
        raise Refused("corrupt", f"the animated PNG has a frame of {width} x {height} at {left}, {top}")
    return ApngFrame(box, (number, unit), disposal, blending == 1, ())


@dataclass(frozen=True)
class MarkedAnimation:
    """The chunks of the copy, how many frames there are, and what could not be kept."""

    chunks: list[Chunk]
    frames: int
    warnings: list[str]


@dataclass(frozen=True)
class _Drawn:
    """The frames of the copy, its default image where that is none of them, and the palette as it has grown."""

    frames: list[ApngFrame]
    default: tuple[Chunk, ...]
    palette: tuple[Color, ...]


@dataclass(frozen=True)
class _Target:
    """A header that the copy may have, and a warning of what it does not keep."""

    header: Header
    warning: str = ""


def marked_animation(
    chunks: list[Chunk], header: Header, overlay: Overlay, recipe: Recipe, limits: Limits
) -> MarkedAnimation:
    """Draw the mark on all frames of an animated PNG. Raises ``Refused``."""
    limits.check_picture(header.width, header.height, sum(chunk.name == b"fcTL" for chunk in chunks))
    animation = read_animation(chunks, header)
    limits.check_memory(header.width, header.height, _BYTES_A_PIXEL * (1 + header.depth // 16))
    palette = palette_of(chunks) if header.color_type == PALETTE else ()
    compression = recipe.encoder.png_compression
    if header.width * header.height * len(animation.frames) > _LONG:
        compression = min(compression, _SWIFT)
    target, drawn = _drawn_somehow(chunks, header, animation, palette, overlay, compression)
    grown = palette_chunks(drawn.palette, chunks) if target.header.color_type == PALETTE else ()
    warnings = [target.warning] if target.warning else []
    image_data = [*(drawn.frames[0].image_data if animation.begins_with_default else drawn.default)]
    still = [chunk for chunk in chunks if chunk.name not in (b"acTL", *FRAME_CHUNKS)]
    copy = assemble(still, header, Written(target.header, grown, image_data), recipe, warnings)
    controls = list(frame_chunks(drawn.frames, animation.begins_with_default))
    at = next(index for index, chunk in enumerate(copy) if chunk.name == b"IDAT")
    copy[at:at] = [chunk for leads, chunk in controls if leads]
    copy[-1:] = [*(chunk for leads, chunk in controls if not leads), copy[-1]]
    copy.insert(1, Chunk(b"acTL", first(chunks, b"acTL") or b""))
    return MarkedAnimation(copy, len(drawn.frames), warnings)


def _drawn_somehow(
    chunks: list[Chunk],
    header: Header,
    animation: Animation,
    palette: tuple[Color, ...],
    overlay: Overlay,
    compression: int,
) -> tuple[_Target, _Drawn]:
    """Draw in the first form of pixels that shows the mark."""
    key = color_key(chunks, header)
    bare = bares_ground(animation, header)
    *targets, last = _targets(header, animation, bare and key is None, palette)
    for target in targets:
        try:
            pixels = Pixels(header, target.header, key, palette, bare=bare)
            return target, _drawn(chunks, header, animation, overlay, pixels, compression)
        except UnseenMarkError:
            continue
    pixels = Pixels(header, last.header, key, palette, bare=bare)
    return last, _drawn(chunks, header, animation, overlay, pixels, compression)


def _targets(header: Header, animation: Animation, bare: bool, palette: tuple[Color, ...]) -> list[_Target]:
    """Give the headers that the copy may have, best first; the last one shows any mark."""
    if header.color_type in (GREY, RGB) and bare:
        alpha = {GREY: GREY_ALPHA, RGB: RGB_ALPHA}[header.color_type]
        target = replace(header, color_type=alpha, depth=max(8, header.depth))
        return [_Target(target, "bare ground shows between frames: the picture got alpha")]
    if header.color_type != PALETTE:
        return [_Target(header)]
    true_colour = replace(header, depth=8, color_type=RGB_ALPHA)
    if any(0 < color[3] < 255 for color in palette) and any(frame.blends for frame in animation.frames[1:]):
        return [_Target(true_colour, "half-transparent colours of a palette are mixed: the picture became RGBA")]
    targets = [_Target(header)]
    if header.depth < 8:
        warning = f"{header.depth}-bit palette had no room for the mark or for bare ground and became 8-bit"
        targets.append(_Target(replace(header, depth=8), warning))
    return [*targets, _Target(true_colour, "the palette had no room for the mark or for bare ground and became RGBA")]


def _drawn(
    chunks: list[Chunk], header: Header, animation: Animation, overlay: Overlay, pixels: Pixels, compression: int
) -> _Drawn:
    needed = [chunk for chunk in chunks if chunk.name in (b"PLTE", b"tRNS")]
    canvas = pixels.empty()
    whole = (0, 0, header.width, header.height)
    default: tuple[Chunk, ...] = ()
    if not animation.begins_with_default:
        image_data = tuple(chunk for chunk in chunks if chunk.name == b"IDAT")
        pixels.lay(canvas, pixels.decode(whole, needed, image_data), whole, blends=False)
        default = pixels.encode(pixels.marked(canvas, overlay), compression)
        canvas = pixels.empty()
    # Before the first frame nothing is there, and the mark must be on the whole of it.
    stale: Box | None = marked_box(overlay, (header.width, header.height))
    before: Picture = copied(canvas)
    frames = []
    for frame in animation.frames:
        kept = copied(canvas) if frame.disposal == PREVIOUS else None
        pixels.lay(canvas, pixels.decode(frame.box, needed, frame.image_data), frame.box, blends=frame.blends)
        if pixels.are_the_sources and stale is None and not touches(frame.box, overlay):
            frames.append(replace(frame, disposal=KEEP))
            before = pixels.marked(canvas, overlay) if pixels.mix else before
        else:
            box = frame.box if stale is None else union((frame.box, stale))
            after = pixels.marked(canvas, overlay)
            part, blends = _laid_or_put(cropped(before, box), cropped(after, box), frame.blends and pixels.mix)
            image_data = pixels.encode(part, compression)
            frames.append(replace(frame, box=box, disposal=KEEP, blends=blends, image_data=image_data))
            before = after
        stale = None if frame.disposal == KEEP else frame.box
        if kept is not None:
            canvas = kept
        elif frame.disposal == BACKGROUND:
            pixels.clear(canvas, frame.box)
    return _Drawn(frames, default, pixels.palette)


def _laid_or_put(before: Picture, after: Picture, may_blend: bool) -> tuple[Picture, bool]:
    """Give a frame that shows ``after``, and whether it is to be laid over ``before``, which takes fewer bytes."""
    if may_blend and isinstance(before, Image.Image) and isinstance(after, Image.Image):
        frame = over_previous(before, after)
        if frame is not None:
            return frame, True
    return after, False
