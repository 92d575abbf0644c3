"""Read ICC profiles (ICC.1:2022) that consist of curves and a matrix; the others are left to the colour engine."""

from __future__ import annotations

import struct
from functools import lru_cache
from hashlib import sha256

from zenoimg.imaging.colour.curves import LINEAR, SRGB, Curve, Parametric, table_of
from zenoimg.imaging.colour.primaries import Matrix, Vector, inverse
from zenoimg.imaging.colour.spaces import GreySpace, RgbSpace, Space
from zenoimg.imaging.colour.transforms import ProfileSpace, UnusableProfileError

_MODES = {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK"}
_NAMES = {b"RGB ": "RGB", b"GRAY": "greyscale", b"CMYK": "CMYK"}
_CLASSES = (b"mntr", b"scnr", b"prtr", b"spac")
_TABLES = (b"A2B0", b"A2B1", b"A2B2", b"B2A0", b"B2A1", b"B2A2", b"D2B0", b"D2B1", b"B2D0", b"B2D1")
MOST_PROFILE_BYTES = 4_000_000
"""Profiles of printing presses have up to 3 MB; a few are kept in memory."""

_PROBES = ((0, 0, 0), (120, 60, 60), (255, 255, 255))
_HEADER_BYTES = 128
_MOST_TAGS = 100
_MOST_SAMPLES = 65_536
#: g a b c d e f of each function type (ICC.1:2022, table 68), by its number of parameters.
_PARAMETERS = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}


@lru_cache(maxsize=8)  # reading the curves of a profile takes up to 6 ms, and most pictures share a few profiles
def space_of(profile: bytes, mode: str) -> Space:
    """Return the colour space that a profile defines for pixels of mode ``RGB``, ``L`` or ``CMYK``.

    A grey picture may have an RGB profile: its samples then stand for all three. Raises ``UnusableProfileError``.
    """
    if len(profile) > MOST_PROFILE_BYTES:
        raise UnusableProfileError(f"it is longer than {MOST_PROFILE_BYTES:,} bytes")
    try:
        space = _space_of(profile, mode)
        for colour in _PROBES:  # parameters of curves may be absurd
            space.shown([space.encode(colour)])
        return space
    except (struct.error, IndexError, ZeroDivisionError, OverflowError) as failure:
        raise UnusableProfileError("it is damaged") from failure


def _space_of(profile: bytes, mode: str) -> Space:
    device_class, colours, connection = profile[12:16], profile[16:20], profile[20:24]
    if profile[36:40] != b"acsp" or device_class not in _CLASSES or colours not in _MODES:
        raise UnusableProfileError("it is not the profile of a device")
    is_grey_by_rgb = mode == "L" and colours == b"RGB "
    if _MODES[colours] != mode and not is_grey_by_rgb:
        raise UnusableProfileError(f"it is for {_NAMES[colours]} pixels")
    tags = _tags(profile)
    key = f"icc {sha256(profile).hexdigest()}"
    if connection == b"XYZ " and not any(name in tags for name in _TABLES):
        if colours == b"RGB ":
            space = _by_matrix(tags, key)
            return GreySpace(f"grey {key}", space.curves[1]) if is_grey_by_rgb else space
        if colours == b"GRAY":
            return GreySpace(key, _curve(_tag(tags, b"kTRC")))
    if is_grey_by_rgb:
        raise UnusableProfileError("it is for RGB pixels")
    by_tables = ProfileSpace(profile, mode)
    by_tables.check("from sRGB")
    by_tables.check("to sRGB")
    return by_tables


def _tags(profile: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", profile, _HEADER_BYTES)
    rows = [struct.unpack_from(">4sII", profile, _HEADER_BYTES + 4 + 12 * row) for row in range(min(count, _MOST_TAGS))]
    return {name: profile[start : start + length] for name, start, length in rows}


def _tag(tags: dict[bytes, bytes], name: bytes) -> bytes:
    if name not in tags:
        raise UnusableProfileError(f"its tag {name.decode()} is missing")
    return tags[name]


def _by_matrix(tags: dict[bytes, bytes], key: str) -> RgbSpace:
    red, green, blue = (_xyz(_tag(tags, name)) for name in (b"rXYZ", b"gXYZ", b"bXYZ"))
    matrix: Matrix = ((red[0], green[0], blue[0]), (red[1], green[1], blue[1]), (red[2], green[2], blue[2]))
    inverse(matrix)  # a matrix without one means damage
    curves = (_curve(_tag(tags, b"rTRC")), _curve(_tag(tags, b"gTRC")), _curve(_tag(tags, b"bTRC")))
    return RgbSpace(key, curves, matrix)


def _xyz(tag: bytes) -> Vector:
    x, y, z = struct.unpack_from(">3i", tag, 8)
    return x / 65536, y / 65536, z / 65536


def _curve(tag: bytes) -> Curve:
    """Read a curve of type ``curv`` or ``para`` (ICC.1:2022, 10.6 and 10.18)."""
    if tag[:4] == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        if count == 0:
            return LINEAR
        if count == 1:
            return _power(struct.unpack_from(">H", tag, 12)[0] / 256)
        if count > _MOST_SAMPLES:
            raise UnusableProfileError("it is damaged")
        return table_of([value / 65535 for value in struct.unpack_from(f">{count}H", tag, 12)])
    if tag[:4] != b"para":
        raise UnusableProfileError("one of its curves is of an unknown type")
    (kind,) = struct.unpack_from(">H", tag, 8)
    if kind not in _PARAMETERS:
        raise UnusableProfileError("one of its curves is of an unknown type")
    values = [value / 65536 for value in struct.unpack_from(f">{_PARAMETERS[kind]}i", tag, 12)]
    return _parametric(kind, values)


def _parametric(kind: int, values: list[float]) -> Parametric:
    g, a, b, c, d, e, f = [*values, *[0.0] * (7 - len(values))]
    match kind:
        case 0:
            return _power(g)
        case 1:
            curve = Parametric(g, a, b, 0.0, -b / a)
        case 2:
            curve = Parametric(g, a, b, 0.0, -b / a, c, c)
        case 3:
            curve = Parametric(g, a, b, c, d)
        case _:
            curve = Parametric(g, a, b, c, d, e, f)
    if curve.g <= 0 or curve.a <= 0:
        raise UnusableProfileError("one of its curves does not rise")
    return SRGB if _is_srgb(curve) else curve


def _power(gamma: float) -> Parametric:
    if gamma <= 0:
        raise UnusableProfileError("one of its curves does not rise")
    return Parametric(gamma)


def _is_srgb(curve: Parametric) -> bool:
    """Return whether a curve is sRGB's, apart from the rounding of its parameters."""
    return all(abs(curve.decode(step / 64) - SRGB.decode(step / 64)) < 1e-4 for step in range(65))
