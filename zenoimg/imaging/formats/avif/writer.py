"""AVIF: re-encoded near its own quantizers, with the source's orientation and colour tags.

The encoder runs in one thread, since its output depends on the number of threads.

AVIFs of 10 and 12 bits become 8 bits with a warning. Pillow reads and writes only 8 bits, so the alternatives
are to refuse them or to lose the depth silently. The owner wants a marked copy for display and keeps the original,
and depth in these files mostly serves compression: on an 8-bit screen the copy looks the same. PQ and HLG are
refused: at 8 bits they show banding, and their sample values do not represent SDR brightness.
"""

from __future__ import annotations

import struct
from fractions import Fraction
from io import BytesIO
from typing import Any

from PIL import Image
from PIL.AvifImagePlugin import AvifImageFile

from zenoimg.imaging.colour.tags import HLG, PQ, ColourTags
from zenoimg.imaging.errors import Refused
from zenoimg.imaging.formats.avif.copy_boxes import with_colours, with_constant_times, with_plays
from zenoimg.imaging.formats.avif.encoding import encoded
from zenoimg.imaging.formats.avif.header import UNSPECIFIED, AvifHeader, read_header
from zenoimg.imaging.formats.iso.items import without_exif
from zenoimg.imaging.limits import Limits
from zenoimg.imaging.marking.blend import blend
from zenoimg.imaging.marking.mark import Overlay, overlay_for
from zenoimg.imaging.marking.placement import Box, Size, clipped, displayed_size
from zenoimg.imaging.metadata.exif import only_orientation, orientation_of, with_orientation
from zenoimg.imaging.metadata.keeper import Keeper, tiff_block
from zenoimg.imaging.recipe import Recipe
from zenoimg.imaging.result import Watermarked

_ORIENTATION = 0x0112
_MAKE = 0x010F

_FILES, _FILES_OF_ANIMATION = 3, 11
"""Number of times the file is in memory: the source, Pillow's buffer and the copy. An animation's copy may be larger
than its source, and is in memory several times while the next attempt is made."""


class _Marked(AvifImageFile):
    """An AVIF whose frames are marked as soon as they are decoded, so that only one is in memory at a time."""

    overlay: Overlay | None = None

    def load(self) -> Any:
        fresh = bool(self.tile)
        access = super().load()
        if fresh and self.overlay is not None:
            blend(self, self.overlay)
        return access


class _ExifBytes(Image.Exif):
    """EXIF that is written unchanged; Pillow would rebuild it and break maker notes.

    Pillow reads only the orientation from it, which it writes as irot and imir.
    """

    def __init__(self, block: bytes, orientation: int) -> None:
        super().__init__()
        self._block = block
        self[_ORIENTATION] = orientation
        if block:
            self[_MAKE] = "kept"  # Pillow writes no EXIF when it has no entries

    def tobytes(self, offset: int = 8) -> bytes:
        return self._block


def watermarked(data: bytes, recipe: Recipe, limits: Limits) -> Watermarked:
    """Return a watermarked copy of an AVIF, still or animated."""
    header = read_header(data)
    if header.coding.transfer in (PQ, HLG):
        name = "PQ" if header.coding.transfer == PQ else "HLG"
        raise Refused("unsupported-format", f"AVIF in {name} (HDR) is not supported; AVIF in standard range is")
    for size in header.coded:
        limits.check_picture(*size)
    pixels = without_exif(data)
    source = _Marked(BytesIO(_as_sequence(pixels) if header.track else pixels))
    frames = source.n_frames
    limits.check_picture(*source.size, frames)
    limits.check_memory(*source.size, _bytes_a_pixel(header, source.mode), held=_files(header) * len(data))
    if header.track and len(header.track.durations) != frames:
        raise Refused("corrupt", f"the AVIF has {len(header.track.durations)} frames, {frames} can be decoded")
    warnings = [*header.not_kept, *_coding_warnings(header)]
    orientation = orientation_of(tiff_block(source.info.get("exif", b"")))
    picture, overlay = _drawn(source, header, orientation, recipe)
    metadata = _metadata(source, header, orientation, recipe, warnings)
    copy = encoded(picture, overlay, header, metadata, recipe.encoder, len(data))
    width, height = displayed_size(picture.size, orientation)
    warnings += [*overlay.warnings, *copy.warnings]
    return Watermarked(_finished(copy.data, header), "AVIF", width, height, frames, tuple(warnings))


def _bytes_a_pixel(header: AvifHeader, mode: str) -> int:
    """Return the measured peak memory in bytes per pixel; libaom's reference frames take most of it.

    An animation with more than eight frames uses all of its reference frames; its alpha has its own. Their wide edges
    take the larger share of a small frame.
    """
    is_halved = header.coding.subsampling in ("4:2:0", "4:0:0")
    if header.track:
        return (110 if is_halved else 160) + 60 * (mode == "RGBA")
    return (35 if is_halved else 50) + 5 * (mode == "RGBA")


def _files(header: AvifHeader) -> int:
    return _FILES_OF_ANIMATION if header.track else _FILES


def _as_sequence(data: bytes) -> bytes:
    """Return the file with a major brand that makes Pillow read the animation instead of its cover."""
    return data[:8] + b"avis" + data[12:]


def _coding_warnings(header: AvifHeader) -> list[str]:
    warnings = []
    if header.coding.depth > 8:
        depth = header.coding.depth
        warnings.append(f"{depth} bits per sample cannot be written and were converted to 8: finer shades are lost")
    if header.track and header.clean_aperture:
        warnings.append(
            "the clean aperture of an animation cannot be written: the copy shows what is around it as well"
        )
    return warnings


def _drawn(source: _Marked, header: AvifHeader, orientation: int, recipe: Recipe) -> tuple[Image.Image, Overlay]:
    """Return the picture to encode, cropped to what viewers show, and its mark.

    An uncropped picture is marked as it is decoded.
    """
    box = _clean_aperture(header.clean_aperture, source.size) if header.clean_aperture and not header.track else None
    size = (box[2] - box[0], box[3] - box[1]) if box else source.size
    overlay = overlay_for(recipe.watermark, size, orientation, _colours(source, header))
    if box is None:
        source.overlay = overlay
        return source, overlay
    picture = source.crop(box)
    blend(picture, overlay)
    return picture, overlay


def _colours(source: _Marked, header: AvifHeader) -> ColourTags:
    """Return the colour description of an AVIF; a profile overrides code points (AV1 Image File Format, 2.2)."""
    return ColourTags(
        "L" if header.coding.subsampling == "4:0:0" else "RGB",
        icc=source.info.get("icc_profile", b""),
        primaries=header.coding.primaries,
        transfer=header.coding.transfer,
        icc_first=True,
    )


def _clean_aperture(content: bytes, size: Size) -> Box | None:
    """Return the part of a picture that is shown (ISO/IEC 14496-12, 12.1.4); ``None`` when it is invalid."""
    values = struct.unpack(">8i", content[:32])
    if 0 in values[1::2]:
        return None
    width, height, right, down = (Fraction(*pair) for pair in zip(values[::2], values[1::2], strict=True))
    left, top = (size[0] - width) / 2 + right, (size[1] - height) / 2 + down
    edges = (left, top, left + width, top + height)
    if any(edge.denominator != 1 for edge in edges) or width <= 0 or height <= 0:
        return None
    box = (int(edges[0]), int(edges[1]), int(edges[2]), int(edges[3]))
    return box if clipped(box, size) == box else None


def _metadata(
    source: _Marked, header: AvifHeader, orientation: int, recipe: Recipe, warnings: list[str]
) -> dict[str, Any]:
    alone = any("gain map" in text for text in header.not_kept)
    keeper = Keeper(recipe.metadata, recipe.rights, alone=alone, orientation=orientation)
    if header.is_signed:
        keeper.credentials_left_out()
    packet = source.info.get("xmp", b"") or header.xmp
    packet = keeper.xmp(packet) if packet else b""
    block = keeper.exif(header.exif) if header.exif else b""
    if keeper.strips and block == only_orientation(orientation_of(block)):
        block = b""
    options: dict[str, Any] = {
        "icc_profile": keeper.profile(source.info.get("icc_profile", b"") or b""),
        "xmp": keeper.stamp.xmp(packet),
    }
    block = keeper.stamp.exif(block)
    warnings += keeper.warnings
    if block:
        # Viewers use only irot and imir, and the encoder would derive them from a tag that disagrees.
        block = with_orientation(block, orientation)
    if block or orientation != 1:
        options["exif"] = _ExifBytes(block, orientation)
    return options


def _finished(data: bytes, header: AvifHeader) -> bytes:
    """Return the copy with corrected boxes where Pillow writes them differently."""
    if header.coding.primaries != UNSPECIFIED or header.coding.transfer != UNSPECIFIED:
        data = with_colours(data, header.coding)
    if header.track:
        data = with_constant_times(data)
        if header.track.plays is not None:
            data = with_plays(data, header.track.plays)
    return data
