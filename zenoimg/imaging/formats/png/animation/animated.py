"""Animated PNG: keep colour type, depth and interlacing, and frames that the mark does not touch byte for byte.

Pixels outside the mark are identical. The default image, which readers without animation support show, gets the
mark as well, whether or not it is the first frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from zenoimg.imaging.formats.animation import BACKGROUND, PREVIOUS, CopyCanvas, Redrawn
from zenoimg.imaging.formats.palette import Color
from zenoimg.imaging.formats.png.animation.canvas import Frame, Pixels, UnseenMarkError, copied
from zenoimg.imaging.formats.png.animation.frames import (
    FRAME_CHUNKS,
    Animation,
    ApngFrame,
    bares_ground,
    frame_chunks,
    read_animation,
)
from zenoimg.imaging.formats.png.assembly import Written, assemble
from zenoimg.imaging.formats.png.chunks import GREY, GREY_ALPHA, PALETTE, RGB, RGB_ALPHA, Chunk, Header, first
from zenoimg.imaging.formats.png.samples.color_key import color_key
from zenoimg.imaging.formats.png.samples.palette import palette_chunks, palette_of
from zenoimg.imaging.limits import Limits
from zenoimg.imaging.marking.mark import Overlay
from zenoimg.imaging.recipe import Recipe

_BYTES_A_PIXEL = 28  # bytes of memory per pixel, as measured; twice that for 16 bits per sample

# At zlib's level 6, smooth colours take 0.9 s per megapixel: the longest animations would exceed a function's timeout.
# Level 4 takes a third of that, for 2% fewer to 1% more bytes.
_LONG, _SWIFT = 50_000_000, 4


@dataclass(frozen=True)
class MarkedAnimation:
    """The chunks of the copy, the number of frames, and what could not be kept."""

    chunks: list[Chunk]
    frames: int
    warnings: list[str]


@dataclass(frozen=True)
class _Drawn:
    """The frames of the copy, its default image unless that is one of them, and the grown palette."""

    frames: list[ApngFrame]
    default: tuple[Chunk, ...]
    palette: tuple[Color, ...]


@dataclass(frozen=True)
class _Target:
    """A header that the copy may have, and a warning about what it does not keep."""

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
    target, drawn = _drawn_in_best_target(chunks, header, animation, palette, overlay, compression)
    grown = palette_chunks(drawn.palette, chunks) if target.header.color_type == PALETTE else ()
    warnings = [*animation.notes, *([target.warning] if target.warning else [])]
    image_data = [*(drawn.frames[0].image_data if animation.begins_with_default else drawn.default)]
    still = [chunk for chunk in chunks if chunk.name not in (b"acTL", *FRAME_CHUNKS)]
    copy = assemble(still, header, Written(target.header, grown, image_data), recipe, warnings)
    copy = with_frames(copy, drawn.frames, animation.begins_with_default, first(chunks, b"acTL") or b"")
    return MarkedAnimation(copy, len(drawn.frames), warnings)


def with_frames(
    still: list[Chunk], frames: Sequence[ApngFrame], begins_with_default: bool, control: bytes
) -> list[Chunk]:
    """Return the chunks of a still picture with frames; ``control`` is the source's acTL, which has the play count."""
    copy = list(still)
    controls = list(frame_chunks(list(frames), begins_with_default))
    at = next(index for index, chunk in enumerate(copy) if chunk.name == b"IDAT")
    copy[at:at] = [chunk for leads, chunk in controls if leads]
    copy[-1:] = [*(chunk for leads, chunk in controls if not leads), copy[-1]]
    copy.insert(1, Chunk(b"acTL", len(frames).to_bytes(4, "big") + control[4:8].ljust(4, b"\0")))
    return copy


def _drawn_in_best_target(
    chunks: list[Chunk],
    header: Header,
    animation: Animation,
    palette: tuple[Color, ...],
    overlay: Overlay,
    compression: int,
) -> tuple[_Target, _Drawn]:
    """Return the first target in which the mark is visible, with its frames."""
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
    """Return the headers that the copy may have, best first; the last one shows any mark."""
    if header.color_type in (GREY, RGB) and bare:
        alpha = {GREY: GREY_ALPHA, RGB: RGB_ALPHA}[header.color_type]
        target = replace(header, color_type=alpha, depth=max(8, header.depth))
        return [_Target(target, "transparent areas appear between frames: the picture got alpha")]
    if header.color_type != PALETTE:
        return [_Target(header)]
    true_colour = replace(header, depth=8, color_type=RGB_ALPHA)
    if any(0 < color[3] < 255 for color in palette) and any(frame.blends for frame in animation.frames[1:]):
        return [_Target(true_colour, "partly transparent colours of a palette are blended: the picture became RGBA")]
    targets = [_Target(header)]
    if header.depth < 8:
        warning = f"{header.depth}-bit palette had no room for the mark or for transparency and was converted to 8-bit"
        targets.append(_Target(replace(header, depth=8), warning))
    return [
        *targets,
        _Target(true_colour, "the palette had no room for the mark or for transparency and was converted to RGBA"),
    ]


def _drawn(
    chunks: list[Chunk], header: Header, animation: Animation, overlay: Overlay, pixels: Pixels, compression: int
) -> _Drawn:
    needed = [chunk for chunk in chunks if chunk.name in (b"PLTE", b"tRNS")]
    canvas = pixels.empty()
    size = header.width, header.height
    whole = (0, 0, *size)
    default: tuple[Chunk, ...] = ()
    if not animation.begins_with_default:
        image_data = tuple(chunk for chunk in chunks if chunk.name == b"IDAT")
        picture = pixels.decode(whole, needed, image_data)
        default = pixels.encode(pixels.marked(picture, overlay), compression, Frame(picture, image_data))
    copy = CopyCanvas(pixels, copied(canvas), size, overlay, lambda box: box)
    frames = []
    # Without a mark, the writer is used because the source's bytes must not be published unchanged.
    is_kept = pixels.are_the_sources and bool(overlay.boxes)
    for frame in animation.frames:
        kept = copied(canvas) if frame.disposal == PREVIOUS else None
        own = pixels.decode(frame.box, needed, frame.image_data)
        pixels.lay(canvas, own, frame.box, blends=frame.blends)
        after = pixels.marked(canvas, overlay)
        written = frame
        if not (is_kept and copy.leaves_alone(frame.box)):
            redrawn = copy.redrawn(own, frame.box, frame.blends, after)
            if redrawn is None and not is_kept:
                redrawn = Redrawn(frame.box, frame.blends, own)
            if redrawn is not None:
                source = Frame(own, frame.image_data) if redrawn.box == frame.box else None
                image_data = pixels.encode(redrawn.picture, compression, source)
                written = replace(frame, box=redrawn.box, blends=redrawn.blends, image_data=image_data)
        disposal = copy.advance(after, frame.box, written.box, frame.disposal)
        frames.append(replace(written, disposal=disposal))
        if kept is not None:
            canvas = kept
        elif frame.disposal == BACKGROUND:
            pixels.clear(canvas, frame.box)
    return _Drawn(frames, default, pixels.palette)
