"""HEIF: decoded to 8 bits a sample and written as JPEG, since nearly nothing but phones opens HEIF.

The JPEG has the chroma sampling of its source. libheif turns and crops the pixels by the file's own properties, and
viewers go by these alone, so the copy's orientation is 1 whatever the source's EXIF says. Pictures with alpha become
PNGs. PQ and HLG are refused as in AVIF: their sample values do not stand for SDR brightness.
"""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from zenoimg.imaging.colour.making import profile_of
from zenoimg.imaging.colour.tags import HLG, PQ, ColourTags
from zenoimg.imaging.errors import Refused
from zenoimg.imaging.formats.heif.availability import NOT_INSTALLED, SWITCHED_OFF, is_installed
from zenoimg.imaging.formats.heif.copies import KeptBlocks, as_jpeg, as_png
from zenoimg.imaging.formats.heif.decoding import decoded
from zenoimg.imaging.formats.heif.header import UNSPECIFIED, HeifHeader, read_header
from zenoimg.imaging.limits import Limits
from zenoimg.imaging.marking.blend import blend
from zenoimg.imaging.marking.mark import overlay_for
from zenoimg.imaging.metadata.exif import only_orientation, orientation_of, with_orientation
from zenoimg.imaging.metadata.keeper import Keeper
from zenoimg.imaging.recipe import Recipe
from zenoimg.imaging.result import Watermarked

BECAME_JPEG = "HEIF cannot be written and became JPEG"
BECAME_PNG = "HEIF with transparency cannot be written and became PNG"
_MOST_JPEG_SIDE = 65_500
"""libjpeg's JPEG_MAX_DIMENSION."""

_FILES = 3
"""The file, the helper's memory with it, and the copy."""
_SHOWN_BYTES = 10
_CODED_BYTES, _DEEP_BYTES = 4, 12
"""For each pixel that is shown, and for each that is coded, alpha and the edges of tiles included: measured, in both
processes."""


@dataclass(frozen=True)
class _Colours:
    """The profile of the copy, and the code points that libheif found where the boxes have none."""

    profile: bytes
    transfer: int


def watermarked(data: bytes, recipe: Recipe, limits: Limits) -> Watermarked:
    """Return a watermarked copy of a HEIF's primary picture, as JPEG or PNG."""
    if not is_installed():
        raise Refused("unsupported-format", NOT_INSTALLED)
    if not limits.heic:
        raise Refused("unsupported-format", SWITCHED_OFF)
    header = read_header(data)
    _check_transfer(header.transfer)
    _check_limits(header, limits, len(data))
    picture, found = decoded(data, header.size, header.coded_pixels)
    unsaid = header.primaries == header.transfer == UNSPECIFIED
    _check_transfer(found.transfer)
    points = (found.primaries, found.transfer) if unsaid else (header.primaries, header.transfer)
    warnings = [BECAME_PNG if picture.mode == "RGBA" else BECAME_JPEG, *header.not_kept]
    keeper = Keeper(recipe.metadata, recipe.rights, alone=True, orientation=1)
    profile = header.profile or profile_of(*points)
    picture = _fitting(picture, profile)
    overlay = overlay_for(recipe.watermark, picture.size, 1, _tags(picture, profile))
    blend(picture, overlay)
    blocks = _kept(header, profile, keeper)
    if picture.mode == "RGBA":
        name, copy = "PNG", as_png(picture, blocks, recipe.encoder)
    else:
        name, copy = "JPEG", as_jpeg(picture, header.sampling, blocks, keeper, recipe.encoder)
    warnings += [*overlay.warnings, *keeper.warnings]
    return Watermarked(copy, name, *picture.size, 1, tuple(warnings))


def _check_transfer(transfer: int) -> None:
    if transfer in (PQ, HLG):
        name = "PQ" if transfer == PQ else "HLG"
        raise Refused("unsupported-format", f"HEIF in {name} (HDR) is not supported; HEIF in standard range is")


def _check_limits(header: HeifHeader, limits: Limits, length: int) -> None:
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
    limits.check_memory(*header.size, _SHOWN_BYTES, held=_FILES * length + coded)


def _fitting(picture: Image.Image, profile: bytes) -> Image.Image:
    """Return the pixels in the colours that their profile is for: grey ones may have a profile of RGB."""
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
