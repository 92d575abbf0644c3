"""ICC profiles made for tests: RGB with curves and a matrix, grey with a curve, CMYK with tables."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from functools import cache
from io import BytesIO
from itertools import product

from PIL import Image, ImageCms

from zenoimg.imaging.colour.curves import Parametric
from zenoimg.imaging.colour.primaries import D50, PRIMARIES, Vector, to_xyz

ADOBE_RGB_PRIMARIES = (0.3127, 0.3290, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
PROPHOTO_PRIMARIES = (0.3457, 0.3585, 0.7347, 0.2653, 0.1596, 0.8404, 0.0366, 0.0001)


def _s15(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(map(_s15, values))


def gamma_curve(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))


def table_curve(values: Sequence[float]) -> bytes:
    codes = [round(65535 * value) for value in values]
    return b"curv\0\0\0\0" + struct.pack(f">I{len(codes)}H", len(codes), *codes)


def parametric_curve(kind: int, *values: float) -> bytes:
    return b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + b"".join(map(_s15, values))


SRGB_CURVE = parametric_curve(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def profile(colours: bytes, tags: dict[bytes, bytes], connection: bytes = b"XYZ ", kind: bytes = b"mntr") -> bytes:
    """Return a profile of version 2.4 with a description, a white point and these tags."""
    described = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + bytes(78)
    tags = {b"desc": described, b"cprt": b"text\0\0\0\0none\0", b"wtpt": _xyz(D50), **tags}
    at, table, body = 132 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(">I4sI4s4s4s6H", at + len(body), bytes(4), 0x02400000, kind, colours, connection, *(1,) * 6)
    head += b"acsp" + bytes(28) + b"".join(map(_s15, D50))
    return head.ljust(128, b"\0") + table + body


def rgb_profile(primaries: Sequence[float], curve: bytes) -> bytes:
    a, b, c, d, e, f, g, h = primaries
    columns = list(zip(*to_xyz((a, b, c, d, e, f, g, h)), strict=True))
    tags = {name + b"XYZ": _xyz(column) for name, column in zip((b"r", b"g", b"b"), columns, strict=True)}
    return profile(b"RGB ", tags | {name + b"TRC": curve for name in (b"r", b"g", b"b")})


def grey_profile(curve: bytes) -> bytes:
    return profile(b"GRAY", {b"kTRC": curve})


ADOBE_RGB = rgb_profile(ADOBE_RGB_PRIMARIES, gamma_curve(2.19921875))
PROPHOTO = rgb_profile(PROPHOTO_PRIMARIES, gamma_curve(1.8))
DISPLAY_P3 = rgb_profile(PRIMARIES[12], SRGB_CURVE)
P3_BY_TABLE = rgb_profile(PRIMARIES[12], table_curve([Parametric(2.2).decode(step / 1023) for step in range(1024)]))
LINEAR = rgb_profile(PRIMARIES[1], gamma_curve(1.0))
SRGB = rgb_profile(PRIMARIES[1], SRGB_CURVE)
GREY_22, GREY_10 = grey_profile(gamma_curve(2.2)), grey_profile(gamma_curve(1.0))


@cache
def cmyk_profile() -> bytes:
    """Return the profile of a printer with translucent inks, an imperfect black, and an ink limit."""
    to_lab = _table16(4, 3, 7, _lab_of_inks)
    to_inks = _table16(3, 4, 9, _inks_of_lab)
    tags = {b"A2B0": to_lab, b"A2B1": to_lab, b"B2A0": to_inks, b"B2A1": to_inks}
    return profile(b"CMYK", tags, connection=b"Lab ", kind=b"prtr")


def _table16(inputs: int, outputs: int, grid: int, entry: Callable[[Sequence[float]], Sequence[float]]) -> bytes:
    """Return a table of type lut16Type (ICC.1:2001-04, 6.5.7) with linear curves; numbers are 0 to 1."""
    head = b"mft2\0\0\0\0" + bytes((inputs, outputs, grid, 0))
    head += b"".join(_s15(value) for value in (1, 0, 0, 0, 1, 0, 0, 0, 1)) + struct.pack(">HH", 2, 2)
    straight = struct.pack(">HH", 0, 65535)
    steps = [step / (grid - 1) for step in range(grid)]
    values = [value for place in product(steps, repeat=inputs) for value in entry(place)]
    codes = [min(max(round(65535 * value), 0), 65535) for value in values]
    return head + straight * inputs + struct.pack(f">{len(codes)}H", *codes) + straight * outputs


_LIGHT = ((0.06, 0.30, 0.70), (0.55, 0.05, 0.20), (0.85, 0.75, 0.06))
"""What of red, green and blue light full cyan, magenta and yellow let through."""


def _lab_of_inks(inks: Sequence[float]) -> tuple[float, float, float]:
    light = [1.0, 1.0, 1.0]
    for amount, through in zip(inks, (*_LIGHT, (0.03, 0.03, 0.03)), strict=True):
        light = [part * (1 - amount + amount * share) for part, share in zip(light, through, strict=True)]
    matrix = to_xyz(PRIMARIES[1])
    xyz = [sum(share * part for share, part in zip(row, light, strict=True)) for row in matrix]
    return _coded(_lab((xyz[0], xyz[1], xyz[2])))


def _inks_of_lab(coded: Sequence[float]) -> tuple[float, float, float, float]:
    """Return inks by descent from a guess: a real printer's tables are measured, these are searched for."""
    lightness, a, b = (coded[0] * 65535 / 652.8, coded[1] * 65535 / 256 - 128, coded[2] * 65535 / 256 - 128)
    black = max(0.0, 1 - lightness / 60) ** 1.5
    inks, step = [0.3, 0.3, 0.3], 0.25
    best = _off(inks, black, (lightness, a, b))
    while step > 0.03:
        tries = [
            [min(max(ink + step * sign * (index == at), 0), 1) for index, ink in enumerate(inks)]
            for at in range(3)
            for sign in (1, -1)
        ]
        found = min(tries, key=lambda each: _off(each, black, (lightness, a, b)))
        if _off(found, black, (lightness, a, b)) < best:
            inks, best = found, _off(found, black, (lightness, a, b))
        else:
            step /= 2
    return inks[0], inks[1], inks[2], black


def _off(inks: Sequence[float], black: float, lab: Vector) -> float:
    coded = _lab_of_inks((*inks, black))
    found = (coded[0] * 65535 / 652.8, coded[1] * 65535 / 256 - 128, coded[2] * 65535 / 256 - 128)
    return sum((one - other) ** 2 for one, other in zip(found, lab, strict=True))


def _lab(xyz: Vector) -> Vector:
    x, y, z = (
        ratio ** (1 / 3) if ratio > 216 / 24389 else (24389 / 27 * ratio + 16) / 116
        for ratio in (part / white for part, white in zip(xyz, D50, strict=True))
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _coded(lab: Vector) -> Vector:
    """Return Lab as 16-bit numbers of version 2: 100 is 0xFF00, and a and b start at -128."""
    return lab[0] * 652.8 / 65535, (lab[1] + 128) * 256 / 65535, (lab[2] + 128) * 256 / 65535


def viewed(picture: Image.Image, icc: bytes) -> Image.Image:
    """Return a picture as shown by a colour-managed viewer on an sRGB screen."""
    shown = ImageCms.profileToProfile(
        picture,
        ImageCms.ImageCmsProfile(BytesIO(icc)),
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    assert shown is not None
    return shown
