"""HEIF: decoded to 8 bits per sample and written as JPEG, since hardly anything but phones opens HEIF.

The JPEG has the chroma sampling of its source. libheif rotates and crops the pixels by the file's own properties,
which are all that viewers look at, so the copy's orientation is 1 whatever the source's EXIF says. Pictures with alpha
become PNGs. PQ and HLG are refused as in AVIF: their sample values do not represent SDR brightness.
"""

from __future__ import annotations

from PIL import Image

from zenoimg.imaging.colour.making import profile_of
from zenoimg.imaging.colour.tags import HLG, PQ, ColourTags
from zenoimg.imaging.errors import DECODER_MISSING, Refused
from zenoimg.imaging.formats.heif.availability import NOT_INSTALLED, SWITCHED_OFF, is_installed
from zenoimg.imaging.formats.heif.copies import KeptBlocks, as_jpeg, as_png
from zenoimg.imaging.formats.heif.decoding import decoded
from zenoimg.imaging.formats.heif.gain_map import HeifMap, as_jpeg_map, choose, left_out
from zenoimg.imaging.formats.heif.header import UNSPECIFIED, HeifHeader, read_header
from zenoimg.imaging.formats.jpeg.gain_map.carrying import with_gain_map
from zenoimg.imaging.formats.jpeg.gain_map.editing import GroundUnderMark, map_memory
from zenoimg.imaging.formats.jpeg.gain_map.metadata import UnknownMapError
from zenoimg.imaging.formats.jpeg.stream import EncodedChunks, Segment
from zenoimg.imaging.limits import Limits
from zenoimg.imaging.marking.blend import blend
from zenoimg.imaging.marking.mark import overlay_for
from zenoimg.imaging.metadata.exif import only_orientation, orientation_of, with_orientation
from zenoimg.imaging.metadata.keeper import Keeper
from zenoimg.imaging.recipe import Recipe
from zenoimg.imaging.result import Watermarked

BECAME_JPEG = "HEIF cannot be written and was converted to JPEG"
BECAME_PNG = "HEIF with transparency cannot be written and was converted to PNG"
_MOST_JPEG_SIDE = 65_500
"""libjpeg's JPEG_MAX_DIMENSION."""

_FILES = 3
"""Number of times the file is in memory: the source, the helper's shared memory and the copy."""
_SHOWN_BYTES = 10
_CODED_BYTES, _DEEP_BYTES = 4, 12
_MAP_BYTES = 8
"""Bytes per shown pixel, and per coded pixel (alpha and the edges of tiles included), measured over both processes."""


def watermarked(data: bytes, recipe: Recipe, limits: Limits) -> Watermarked:
    """Return a watermarked copy of a HEIF's primary picture, as JPEG or PNG."""
    if not is_installed():
        raise Refused(DECODER_MISSING, NOT_INSTALLED)
    if not limits.heic:
        raise Refused("unsupported-format", SWITCHED_OFF)
    header = read_header(data)
    _check_transfer(header.transfer)
    chosen, warnings = choose(header, recipe, limits)
    _check_limits(header, limits, len(data), _map_bytes(header, chosen, recipe))
    picture, found = decoded(data, header.size, header.coded_pixels)
    unsaid = header.primaries == header.transfer == UNSPECIFIED
    _check_transfer(found.transfer)
    points = (found.primaries, found.transfer) if unsaid else (header.primaries, header.transfer)
    warnings = [BECAME_PNG if picture.mode == "RGBA" else BECAME_JPEG, *header.not_kept, *warnings]
    keeper = Keeper(recipe.metadata, recipe.rights, alone=True, orientation=1)
    if header.is_signed:
        keeper.credentials_left_out()
    profile = header.profile or profile_of(*points)
    picture = _fitting(picture, profile)
    overlay = overlay_for(recipe.watermark, picture.size, 1, _tags(picture, profile))
    ground = GroundUnderMark(overlay, picture.size) if chosen else None
    (ground or blend)(picture, overlay)
    blocks = _kept(header, profile, keeper)
    name = "JPEG"
    if picture.mode == "RGBA":
        name, copy = "PNG", as_png(picture, blocks, recipe.encoder)
    else:
        encoded, segments = as_jpeg(picture, header.sampling, blocks, keeper, recipe.encoder)
        if chosen and ground:
            copy, more = _with_map(data, header, chosen, encoded, segments, ground, recipe)
            warnings += more
        else:
            copy = encoded.with_metadata(segments)
    warnings += [*overlay.warnings, *keeper.warnings]
    return Watermarked(copy, name, *picture.size, 1, tuple(warnings))


def _with_map(
    data: bytes,
    header: HeifHeader,
    chosen: HeifMap,
    encoded: EncodedChunks,
    segments: list[Segment],
    ground: GroundUnderMark,
    recipe: Recipe,
) -> tuple[bytes, list[str]]:
    """Return the copy with its gain map, which is marked as well, and what to report."""
    try:
        source = as_jpeg_map(data, header, chosen)
    except UnknownMapError as problem:
        return encoded.with_metadata(segments), [left_out(str(problem))]
    return with_gain_map(encoded.with_metadata([]), segments, source, ground, recipe)


def _check_transfer(transfer: int) -> None:
    if transfer in (PQ, HLG):
        name = "PQ" if transfer == PQ else "HLG"
        raise Refused("unsupported-format", f"HEIF in {name} (HDR) is not supported; HEIF in standard range is")


def _map_bytes(header: HeifHeader, chosen: HeifMap | None, recipe: Recipe) -> int:
    """Return the memory in bytes that the gain map takes while it is marked."""
    if chosen is None:
        return 0
    overlay = overlay_for(recipe.watermark, header.size, 1, ColourTags())
    width, height = chosen.size
    return _MAP_BYTES * max(chosen.coded_pixels, width * height) + map_memory(chosen.size, overlay, header.size)


def _check_limits(header: HeifHeader, limits: Limits, length: int, map_bytes: int) -> None:
    limits.check_picture(*header.size)
    for size in header.coded:
        limits.check_picture(*size)
    if header.coded_pixels > limits.max_total_pixels:
        raise Refused(
            "too-large",
            f"its tiles have {header.coded_pixels:,} pixels; at most {limits.max_total_pixels:,} are accepted",
        )
    if max(header.size) > _MOST_JPEG_SIDE and not header.has_alpha:
        raise Refused("too-large", f"its copy would be a JPEG, whose sides have at most {_MOST_JPEG_SIDE:,} pixels")
    coded = (_DEEP_BYTES if header.depth > 8 else _CODED_BYTES) * header.coded_pixels
    limits.check_memory(*header.size, _SHOWN_BYTES, held=_FILES * length + coded + map_bytes)


def _fitting(picture: Image.Image, profile: bytes) -> Image.Image:
    """Return the pixels in the mode that their profile is for: grey pixels may have an RGB profile."""
    return picture.convert("RGB") if picture.mode == "L" and profile[16:20] == b"RGB " else picture


def _tags(picture: Image.Image, profile: bytes) -> ColourTags:
    return ColourTags("L" if picture.mode == "L" else "RGB", icc=profile, icc_first=True)


def _kept(header: HeifHeader, profile: bytes, keeper: Keeper) -> KeptBlocks:
    packet = keeper.xmp(header.xmp) if header.xmp else b""
    block = keeper.exif(header.exif) if header.exif else b""
    if keeper.strips and block == only_orientation(orientation_of(block)):
        block = b""
    packet, block = keeper.stamp.xmp(packet), keeper.stamp.exif(block)
    return KeptBlocks(with_orientation(block, 1) if block else b"", packet, keeper.profile(profile))
