"""Convert the gain map of a HEIF to that of a JPEG: find and decode it, and convert its values to ISO 21496-1.

The values ("codes") of Samsung's maps and of any tone map item (``tmap``) mean the same in a JPEG as in the HEIF.
Apple's are another function of light: HDR = SDR · (1 + (headroom − 1) · linear(code)); as codes of ISO 21496-1 with
the headroom as the maximum they are log2(1 + (headroom − 1) · linear(code)) / log2(headroom).
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import IO, cast

from PIL import Image, ImageChops

from zenoimg.imaging.errors import Refused
from zenoimg.imaging.formats.heif.decoding import decoded
from zenoimg.imaging.formats.heif.header import GAIN_MAPS, HeifHeader, coded_sizes, grid_size, packet_of, shown_size
from zenoimg.imaging.formats.heif.headroom import headroom_of
from zenoimg.imaging.formats.iso.items import Item
from zenoimg.imaging.formats.jpeg.gain_map.directory import Directory
from zenoimg.imaging.formats.jpeg.gain_map.fields import xmp_values
from zenoimg.imaging.formats.jpeg.gain_map.metadata import (
    Channel,
    GainMapMetadata,
    UnknownMapError,
    iso_metadata,
    xmp_metadata,
)
from zenoimg.imaging.formats.jpeg.gain_map.source import Declarations, SourceMap
from zenoimg.imaging.formats.jpeg.gain_map.stating import stating_segments
from zenoimg.imaging.formats.jpeg.stream import EncodedChunks, read_stream
from zenoimg.imaging.limits import Limits
from zenoimg.imaging.marking.placement import Size
from zenoimg.imaging.metadata.names import GAIN_MAP_NS
from zenoimg.imaging.recipe import Recipe

_APPLE = GAIN_MAPS[0]
_QUALITY = 90
"""Quality of the map's JPEG: HDR light differs by up to 1.5% from that of the source's codes."""

_TURNS = (b"irot", b"imir", b"clap")
_DECLARED = Declarations(iso=bytes(4), version="1.0", has_directory=True)
_ISO_VERSION_BYTES = 1


@dataclass(frozen=True)
class HeifMap:
    """The item of a gain map, and what its codes mean.

    ``coded_pixels`` is the number of pixels that must be decoded for it. ``headroom`` is a factor, set only for
    Apple's maps.
    """

    item: Item
    coded_pixels: int
    metadata: GainMapMetadata
    headroom: float = 0.0

    @property
    def size(self) -> Size:
        """The size at which the map is shown."""
        return shown_size(self.item)


def choose(header: HeifHeader, recipe: Recipe, limits: Limits) -> tuple[HeifMap | None, list[str]]:
    """Return the gain map that the copy gets, if any, and what to report."""
    item = map_item(header)
    if item is None:
        return None, []
    if recipe.hdr == "drop" or recipe.metadata == "strip":
        return None, [left_out("the recipe drops it")]
    if header.has_alpha:
        return None, [left_out("a PNG has none")]
    try:
        return _understood(header, item, _checked_pixels(header, item, limits)), []
    except (UnknownMapError, Refused, ValueError, IndexError, KeyError) as problem:
        return None, [left_out(str(problem))]


def _checked_pixels(header: HeifHeader, item: Item, limits: Limits) -> int:
    """Return how many pixels must be decoded for a map. Raises ``Refused`` when they exceed the limit.

    Raises ``ValueError`` for a grid whose size differs from its ``ispe``: libheif refuses it as well, but only after
    decoding all of its tiles.
    """
    sizes = coded_sizes(header.items, item)
    pixels = sum(width * height for width, height in sizes)
    if pixels > limits.max_total_pixels:
        raise Refused(
            "too-large", f"its tiles have {pixels:,} pixels; at most {limits.max_total_pixels:,} are accepted"
        )
    if item.kind == b"grid" and grid_size(item) != struct.unpack_from(">II", item.property(b"ispe"), 4):
        raise ValueError("the size of its grid differs from that in its boxes")
    for size in (shown_size(item), *sizes):
        limits.check_picture(*size)
    return pixels


def map_item(header: HeifHeader) -> Item | None:
    """Return the item of the gain map: the one that a tone map uses, or an auxiliary picture of a known kind."""
    items = header.items
    for kind, source, to in items.references:
        if kind == b"dimg" and len(to) == 2 and to[0] == items.primary and _is_tone_map(header, source):
            return items.by_number.get(to[1])
    for kind, source, to in items.references:
        item = items.by_number.get(source)
        if kind == b"auxl" and items.primary in to and item and item.property(b"auxC")[4:].rstrip(b"\0") in GAIN_MAPS:
            return item
    return None


def _is_tone_map(header: HeifHeader, number: int) -> bool:
    item = header.items.by_number.get(number)
    return item is not None and item.kind == b"tmap"


def _understood(header: HeifHeader, item: Item, pixels: int) -> HeifMap:
    for tone_map in header.items.of_kind(b"tmap"):
        return HeifMap(item, pixels, iso_metadata(tone_map.content[_ISO_VERSION_BYTES:]))
    values = xmp_values(packet_of(header.items, item.number))
    if any(namespace == GAIN_MAP_NS for namespace, _ in values):
        return HeifMap(item, pixels, xmp_metadata(values))
    if item.property(b"auxC")[4:].rstrip(b"\0") != _APPLE:
        raise UnknownMapError("nothing says what its codes mean")
    headroom = headroom_of(values, header.exif)
    if headroom is None:
        raise UnknownMapError("its headroom is not known")
    if headroom <= 1:
        raise UnknownMapError("its headroom is none")
    stops = math.log2(headroom)
    return HeifMap(item, pixels, GainMapMetadata("ISO 21496-1", (Channel(0.0, stops, 1.0, 0.0, 0.0),)), headroom)


def as_jpeg_map(data: bytes, header: HeifHeader, chosen: HeifMap) -> SourceMap:
    """Return the map as that of a JPEG, not yet marked. Raises ``UnknownMapError`` when it cannot be decoded."""
    try:
        picture, _ = decoded(data, chosen.size, chosen.coded_pixels, chosen.item.number)
    except Refused as problem:
        raise UnknownMapError(f"it cannot be decoded ({problem.message})") from problem
    picture = _one_channel(_turned(picture, header, chosen.item))
    if picture.mode == "RGB" and chosen.headroom:
        raise UnknownMapError("it has more channels than its metadata")
    if chosen.headroom:
        picture = picture.point(apple_codes(chosen.headroom))
    if len(chosen.metadata.channels) > len(picture.getbands()):
        picture = picture.convert("RGB")
    return encoded_map(picture, chosen.metadata)


def apple_codes(headroom: float) -> list[int]:
    """Return the ISO 21496-1 code for each of Apple's 256 codes."""
    stops = math.log2(headroom)
    light = [_linear(code / 255) for code in range(256)]
    return [round(255 * math.log2(1 + (headroom - 1) * each) / stops) for each in light]


def _linear(value: float) -> float:
    """Return the linear light of an sRGB value, both 0 to 1 (IEC 61966-2-1)."""
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def encoded_map(picture: Image.Image, metadata: GainMapMetadata) -> SourceMap:
    """Return a map encoded as JPEG, with the segments that hold its metadata."""
    encoded = EncodedChunks()
    finest = 0 if picture.mode == "RGB" else -1
    picture.save(cast("IO[bytes]", encoded), "JPEG", quality=_QUALITY, subsampling=finest)
    jpeg = encoded.with_metadata(stating_segments(metadata))
    return SourceMap(jpeg, read_stream(jpeg), metadata, _DECLARED, Directory())


def _one_channel(picture: Image.Image) -> Image.Image:
    """Return the map as grey if all of its channels are equal, as in Samsung's."""
    if picture.mode == "L":
        return picture
    picture = picture.convert("RGB")
    red, green, blue = picture.split()
    is_grey = not any(ImageChops.difference(red, other).getbbox() for other in (green, blue))
    return red if is_grey else picture


def _turned(picture: Image.Image, header: HeifHeader, item: Item) -> Image.Image:
    """Return a map oriented like its picture: by its own item's properties, or else by the picture's."""
    primary = header.items.by_number[header.items.primary]
    if not any(item.property(kind) for kind in _TURNS):
        for kind, content in primary.properties:
            if kind == b"clap":
                raise UnknownMapError("the picture is cropped and the map is not")
            if kind == b"irot" and content[0] & 3:
                picture = picture.transpose(_QUARTERS[content[0] & 3])
            if kind == b"imir":
                picture = picture.transpose(_MIRRORS[content[0] & 1])
    across, down = header.size[0] / picture.width, header.size[1] / picture.height
    if min(across, down) < 1 or max(across, down) > _COARSEST:
        raise UnknownMapError("its size does not fit the picture's")
    if abs(across - down) > _TOLERANCE * max(across, down):
        raise UnknownMapError("its aspect ratio is not the picture's")
    return picture


_QUARTERS = {1: Image.Transpose.ROTATE_90, 2: Image.Transpose.ROTATE_180, 3: Image.Transpose.ROTATE_270}
_MIRRORS = (Image.Transpose.FLIP_TOP_BOTTOM, Image.Transpose.FLIP_LEFT_RIGHT)
_COARSEST, _TOLERANCE = 32, 0.05


def left_out(why: str) -> str:
    """Return the warning that reports the loss of a map."""
    return f"the HDR gain map was left out ({why}): the copy shows in standard range"
