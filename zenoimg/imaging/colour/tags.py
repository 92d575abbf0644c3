"""What a file says about its colour space, and which of its statements takes precedence."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from zenoimg.imaging.colour import curves
from zenoimg.imaging.colour.curves import Curve, Hlg, Parametric, Pq
from zenoimg.imaging.colour.icc import MOST_PROFILE_BYTES, space_of
from zenoimg.imaging.colour.primaries import BT_709, PRIMARIES, Chromaticities, to_xyz
from zenoimg.imaging.colour.spaces import INKS, SRGB, SRGB_GREY, GreySpace, RgbSpace, Space
from zenoimg.imaging.colour.transforms import UnusableProfileError

PQ, HLG = 16, 18
"""Transfer characteristics in ITU-T H.273, table 3: SMPTE ST 2084 and ITU-R BT.2100 hybrid log-gamma."""

UNSPECIFIED = 2

#: ITU-T H.273, table 3, by TransferCharacteristics.
_TRANSFERS: dict[int, Curve] = {
    1: curves.REC_709,
    4: Parametric(2.2),
    5: Parametric(2.8),
    6: curves.REC_709,
    7: curves.SMPTE_240M,
    8: curves.LINEAR,
    13: curves.SRGB,
    14: curves.REC_709,
    15: curves.REC_709,
    PQ: Pq(),
    HLG: Hlg(),
}


@dataclass(frozen=True)
class ColourTags:
    """What a file says about its colours; ``mode`` is that of its pixels: ``RGB``, ``L`` or ``CMYK``.

    ``levels`` is the highest sample value if grey has fewer than 8 bits.

    ``primaries`` and ``transfer`` are code points of ITU-T H.273. ``gamma`` is the encoder's exponent, as in
    PNG's gAMA: 1/2.2 is usual. The order of precedence is: code points, ``icc``, ``is_srgb``, ``gamma`` with
    ``chromaticities`` (PNG Third Edition, 4.3).
    """

    mode: str = "RGB"
    icc: bytes = b""
    primaries: int = UNSPECIFIED
    transfer: int = UNSPECIFIED
    is_srgb: bool = False
    gamma: float = 0.0
    chromaticities: Chromaticities | None = None
    levels: int = 255
    icc_first: bool = False
    """Whether a profile takes precedence over code points, as in AVIF."""


def picture_space(tags: ColourTags) -> tuple[Space, str]:
    """Return the colour space of a picture, and why its profile is not used (empty if there is nothing to report)."""
    by_code_points = None if tags.icc and tags.icc_first else _by_code_points(tags)
    if by_code_points is not None:
        return by_code_points, ""
    reason = ""
    if tags.icc:
        try:
            return space_of(tags.icc, tags.mode), ""
        except UnusableProfileError as unusable:
            reason = str(unusable)
    if tags.icc_first:
        by_code_points = _by_code_points(tags)
    return by_code_points or _by_gamma(tags) or _usual(tags.mode), reason


def _usual(mode: str) -> Space:
    spaces: dict[str, Space] = {"L": SRGB_GREY, "CMYK": INKS}
    return spaces.get(mode, SRGB)


def _by_code_points(tags: ColourTags) -> Space | None:
    curve, primaries = _TRANSFERS.get(tags.transfer), PRIMARIES.get(tags.primaries)
    if tags.mode == "CMYK" or (curve is None and primaries is None):
        return None
    curve, primaries = curve or curves.SRGB, primaries or BT_709
    if (curve, primaries) == (curves.SRGB, BT_709):
        return _usual(tags.mode)
    return _space(tags.mode, f"h273 {tags.primaries} {tags.transfer}", curve, primaries)


def _by_gamma(tags: ColourTags) -> Space | None:
    if tags.is_srgb or tags.mode == "CMYK" or not (tags.gamma or tags.chromaticities):
        return None
    curve = Parametric(1 / tags.gamma) if tags.gamma else curves.SRGB
    key = f"gamma {tags.gamma} {tags.chromaticities}"
    try:
        return _space(tags.mode, key, curve, tags.chromaticities or BT_709)
    except ZeroDivisionError:  # degenerate chromaticities
        return _space(tags.mode, key, curve, BT_709)


def _space(mode: str, key: str, curve: Curve, primaries: Chromaticities) -> Space:
    if mode == "L":
        return GreySpace(f"grey {key}", curve)
    space = RgbSpace(key, (curve, curve, curve), to_xyz(primaries))
    _ = space.from_xyz  # collinear chromaticities have no inverse
    return space


def png_tags(chunks: Mapping[bytes, bytes], mode: str) -> ColourTags:
    """Return what a PNG's chunks, the first of each type, say about its colours (PNG Third Edition, 11.3.2)."""
    cicp = chunks.get(b"cICP", b"")
    gamma, chromaticities = chunks.get(b"gAMA", b""), chunks.get(b"cHRM", b"")
    return ColourTags(
        mode,
        icc=_inflated(chunks.get(b"iCCP", b"")),
        primaries=cicp[0] if len(cicp) == 4 else UNSPECIFIED,
        transfer=cicp[1] if len(cicp) == 4 else UNSPECIFIED,
        is_srgb=b"sRGB" in chunks,
        gamma=struct.unpack(">I", gamma)[0] / 100_000 if len(gamma) == 4 else 0.0,
        chromaticities=_chromaticities(chromaticities) if len(chromaticities) == 32 else None,
    )


def _chromaticities(content: bytes) -> Chromaticities:
    a, b, c, d, e, f, g, h = (value / 100_000 for value in struct.unpack(">8I", content))
    return a, b, c, d, e, f, g, h


def _inflated(content: bytes) -> bytes:
    """Return the profile in iCCP; if it cannot be inflated or is absurdly long, return an invalid profile."""
    if not content:
        return b""
    inflate = zlib.decompressobj()
    try:
        return inflate.decompress(content.partition(b"\0")[2][1:], MOST_PROFILE_BYTES + 1) or b"\0"
    except zlib.error:
        return b"\0"
