"""Read the frames of an animated PNG from fcTL and fdAT, and write them."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

from zenoimg.imaging.errors import Refused
from zenoimg.imaging.formats.animation import BACKGROUND, PREVIOUS
from zenoimg.imaging.formats.png.chunks import Chunk, Header, first
from zenoimg.imaging.marking.placement import Box

FRAME_CHUNKS = (b"fcTL", b"fdAT")
_CONTROL = struct.Struct(">IIIIIHHBB")


@dataclass(frozen=True)
class ApngFrame:
    """A frame: its box, its delay (numerator and denominator of seconds), its disposal and blending.

    With ``blends`` it is composited over the canvas, otherwise it overwrites it. ``image_data`` holds its IDAT chunks:
    the file's own for a first frame that is also the default image, otherwise ones made from fdAT.
    """

    box: Box
    delay: tuple[int, int]
    disposal: int
    blends: bool
    image_data: tuple[Chunk, ...]

    def control(self, number: int) -> Chunk:
        """Return the frame's fcTL chunk with a sequence number."""
        left, top, right, bottom = self.box
        fields = (number, right - left, bottom - top, left, top, *self.delay, self.disposal, self.blends)
        return Chunk(b"fcTL", _CONTROL.pack(*fields))


@dataclass(frozen=True)
class Animation:
    """The frames of a file, and whether the first is its default image, which readers without APNG support show.

    ``notes`` lists what was wrong with the file.
    """

    frames: tuple[ApngFrame, ...]
    begins_with_default: bool
    notes: tuple[str, ...] = ()


def read_animation(chunks: list[Chunk], header: Header) -> Animation:
    """Return the frames that viewers show. Raises ``Refused("corrupt")`` if there are none, or one is out of place.

    A last frame without data does not count. If there are more frames than announced, viewers show those announced.
    """
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
    if frames and not frames[-1].image_data:
        frames.pop()
    (announced,) = struct.unpack_from(">I", (first(chunks, b"acTL") or b"").ljust(4, b"\0"))
    notes: tuple[str, ...] = ()
    if announced != len(frames):
        notes = (f"the animated PNG announces {announced} frames and has {len(frames)}: the copy has those that exist",)
    if 0 < announced < len(frames):
        more = len(frames) - announced
        were = "was" if more == 1 else "were"
        notes = (f"the animated PNG announces {announced} frames: {more} more {were} left out",)
        frames = frames[:announced]
    if not frames or not all(frame.image_data for frame in frames):
        raise Refused("corrupt", "the animated PNG has a frame without pixels")
    if begins_with_default and frames[0].box != (0, 0, header.width, header.height):
        raise Refused("corrupt", "the animated PNG's first frame is not as large as the picture")
    if frames[0].disposal == PREVIOUS:
        # There is nothing to restore before the first frame.
        frames[0] = replace(frames[0], disposal=BACKGROUND)
    return Animation(tuple(frames), begins_with_default, notes)


def frame_chunks(frames: list[ApngFrame], begins_with_default: bool) -> Iterator[tuple[bool, Chunk]]:
    """Yield the fcTL and fdAT chunks of frames, each with whether it belongs before the file's IDAT (not included)."""
    number = 0
    for index, frame in enumerate(frames):
        is_default = begins_with_default and index == 0
        yield is_default, frame.control(number)
        number += 1
        for chunk in () if is_default else frame.image_data:
            yield False, Chunk(b"fdAT", struct.pack(">I", number) + chunk.data)
            number += 1


def bares_ground(animation: Animation, header: Header) -> bool:
    """Return whether transparent areas are shown: pixels that no frame has drawn, or that a frame has cleared."""
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
