"""Writes BMPs of any depth and header from their pixel values, and reads values back: slow and without Pillow."""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence

Size = tuple[int, int]


def bmp(
    size: Size,
    depth: int,
    values: Sequence[int],
    *,
    header: int = 40,
    top_down: bool = False,
    compression: int = 0,
    masks: Sequence[int] = (),
    palette: Sequence[tuple[int, int, int]] = (),
    declared_colors: int | None = None,
    encoded: bytes | None = None,
    behind: bytes = b"",
) -> bytes:
    """Write a file; ``values`` are pixels as numbers, the upper row first. ``encoded`` replaces the rows."""
    width, height = size
    rows = [values[y * width : (y + 1) * width] for y in range(height)]
    if not top_down:
        rows.reverse()
    pixels = b"".join(_packed(row, depth) for row in rows) if encoded is None else encoded
    colors = len(palette) if declared_colors is None else declared_colors
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, depth)
        table = b"".join(bytes((blue, green, red)) for red, green, blue in palette)
    else:
        signed = -height if top_down else height
        fields = (header, width, signed, 1, depth, compression, len(pixels), 3780, 3779, colors, 0)
        info = struct.pack("<IiiHHIIiiII", *fields)
        coded_masks = struct.pack(f"<{len(masks)}I", *masks)
        if header == 40:
            info += coded_masks
        else:
            info = (info + coded_masks).ljust(header, b"\0")
        table = b"".join(bytes((blue, green, red, 0)) for red, green, blue in palette)
    if header == 124 and behind:
        place = 14 + len(info) + len(table) + len(pixels) - 14
        info = info[:56] + b"DEBM" + info[60:112] + struct.pack("<II", place, len(behind)) + info[120:]
    at = 14 + len(info) + len(table)
    whole = at + len(pixels) + len(behind)
    return b"BM" + struct.pack("<IHHI", whole, 0, 0, at) + info + table + pixels + behind


def _packed(row: Sequence[int], depth: int) -> bytes:
    if depth >= 16:
        data = b"".join(value.to_bytes(depth // 8, "little") for value in row)
    else:
        bits = "".join(f"{value:0{depth}b}" for value in row)
        data = bytes(int(bits[at : at + 8].ljust(8, "0"), 2) for at in range(0, len(bits), 8))
    return data + bytes(-len(data) % 4)


def values_of(data: bytes) -> list[int]:
    """Read the pixels of an uncompressed file as numbers, the upper row first."""
    (at,) = struct.unpack_from("<I", data, 10)
    if data[14] == 12:
        width, height, _, depth = struct.unpack_from("<HHHH", data, 18)
    else:
        width, height, _, depth = struct.unpack_from("<iiHH", data, 18)
    stride = (width * depth + 31) // 32 * 4
    rows = []
    for index in range(abs(height)):
        row = data[at + index * stride : at + (index + 1) * stride]
        if depth >= 16:
            step = depth // 8
            rows.append([int.from_bytes(row[x * step : (x + 1) * step], "little") for x in range(width)])
        else:
            spread = [v >> shift & ((1 << depth) - 1) for v in row for shift in range(8 - depth, -1, -depth)]
            rows.append(spread[:width])
    if height > 0:
        rows.reverse()
    return [value for row in rows for value in row]


def random_values(size: Size, most: int, seed: int = 6) -> list[int]:
    """Return noise: numbers below ``most``."""
    dice = random.Random(seed)
    return [dice.randrange(most) for _ in range(size[0] * size[1])]
