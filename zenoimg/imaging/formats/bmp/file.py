"""Split a BMP file into headers, palette and rows (Windows GDI "Bitmap Storage", and OS/2's), without decoding."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from zenoimg.imaging.errors import Refused

UNCOMPRESSED, RLE8, RLE4, BITFIELDS, ALPHA_BITFIELDS = 0, 1, 2, 3, 6
"""Compressions; in OS/2's 64-byte headers 3 and 4 have other meanings."""

_CORE_HEADER, _OS2_HEADER, _V5_HEADER = 12, 64, 124
_FILE_HEADER = 14
_PROFILE_AT = 126  # an offset in the V5 header, relative to the start of that header
_COMPRESSIONS = {4: "JPEG", 5: "PNG", 11: "CMYK", 12: "CMYK RLE8", 13: "CMYK RLE4"}
_OS2_COMPRESSIONS = {3: "Huffman codes", 4: "RLE24"}
_DEPTHS = (1, 4, 8, 16, 24, 32)
_PALETTE_DEPTHS = {UNCOMPRESSED: (1, 4, 8), RLE8: (8,), RLE4: (4,)}
_USUAL_MASKS = {
    16: (0x7C00, 0x03E0, 0x001F, 0),
    24: (0xFF0000, 0x00FF00, 0x0000FF, 0),
    32: (0xFF0000, 0x00FF00, 0x0000FF, 0),
}
_BGRA_MASKS = (0xFF0000, 0x00FF00, 0x0000FF, 0xFF000000)

Masks = tuple[int, int, int, int]
"""Which bits of a pixel are red, green, blue and alpha."""


@dataclass(frozen=True)
class Header:
    """The headers' fields. Offsets are from the start of the file; ``colors`` is the number of palette entries."""

    size: int
    width: int
    height: int
    top_down: bool
    depth: int
    compression: int
    masks: Masks
    colors: int
    color_bytes: int
    palette_at: int
    pixels_at: int

    @property
    def stride(self) -> int:
        """Number of bytes in a row, padded to a multiple of four."""
        return (self.width * self.depth + 31) // 32 * 4

    @property
    def has_palette(self) -> bool:
        """Whether pixels are indices."""
        return self.depth <= 8


def read_header(data: bytes) -> Header:
    """Return the headers. Raises ``Refused``: ``corrupt``, or ``unsupported-format`` naming the variant."""
    try:
        return _read_header(data)
    except struct.error:
        raise Refused("corrupt", "the BMP is truncated inside its headers") from None


def pixel_bytes(data: bytes, header: Header) -> bytes:
    """Return the bytes of all rows, in file order. Raises ``Refused("corrupt")`` if some are missing."""
    length = header.stride * header.height
    pixels = data[header.pixels_at : header.pixels_at + length]
    if len(pixels) < length:
        raise Refused("corrupt", f"the BMP is truncated: {len(pixels):,} of {length:,} bytes of pixels are present")
    return pixels


def palette_of(data: bytes, header: Header) -> tuple[tuple[int, int, int, int], ...]:
    """Return the palette as RGBA colours, with an alpha of 255."""
    entries = data[header.palette_at : header.palette_at + header.colors * header.color_bytes]
    found = [entries[at : at + 3] for at in range(0, len(entries) - header.color_bytes + 1, header.color_bytes)]
    if not found:
        raise Refused("corrupt", "the BMP has palette indices and no palette")
    return tuple((red, green, blue, 255) for blue, green, red in found)


def with_pixels(data: bytes, source: Header, target: Header, old_length: int, pixels: bytes, palette: bytes) -> bytes:
    """Return the file with new pixels and palette; ``old_length`` is the number of bytes of the old pixels.

    Pixels move only if the palette has outgrown its space.
    """
    room = data[source.palette_at : source.pixels_at]
    palette += room[len(palette) :] if target.has_palette else b""
    pixels_at = source.palette_at + len(palette)
    rest_at = source.pixels_at + old_length
    moved = pixels_at + len(pixels) - rest_at
    head = bytearray(data[: source.palette_at])
    struct.pack_into("<I", head, 2, len(data) + moved)
    struct.pack_into("<I", head, 10, pixels_at)
    if source.size == _CORE_HEADER:
        struct.pack_into("<H", head, 24, target.depth)
    else:
        struct.pack_into("<HII", head, 28, target.depth, target.compression, len(pixels))
        if target.colors != source.colors or target.depth != source.depth:
            struct.pack_into("<II", head, 46, target.colors, 0)
    if source.size == _V5_HEADER:
        (profile,) = struct.unpack_from("<I", head, _PROFILE_AT)
        if profile + _FILE_HEADER >= rest_at:
            struct.pack_into("<I", head, _PROFILE_AT, profile + moved)
    return b"".join((head, palette, pixels, data[rest_at:]))


def _read_header(data: bytes) -> Header:
    (pixels_at,) = struct.unpack_from("<I", data, 10)
    (size,) = struct.unpack_from("<I", data, _FILE_HEADER)
    if size == _CORE_HEADER:
        width, height, _planes, depth = struct.unpack_from("<HHHH", data, 18)
        compression, colors = UNCOMPRESSED, 0
    else:
        width, height, _planes, depth, compression = struct.unpack_from("<iiHHI", data, 18)
        (colors,) = struct.unpack_from("<I", data, 46)
    top_down, height = height < 0, abs(height)
    if width <= 0 or height == 0:
        raise Refused("corrupt", f"the BMP's header gives a size of {width} x {height}")
    _check_coding(size, depth, compression)
    palette_at = _FILE_HEADER + size
    masks: Masks = (0, 0, 0, 0)
    if depth > 8:
        masks, mask_bytes = _masks(data, size, depth, compression)
        palette_at += mask_bytes
    color_bytes = 3 if size == _CORE_HEADER else 4
    most = 1 << depth if depth <= 8 else 0
    colors = min(colors or most, most)
    if depth <= 8 and pixels_at >= palette_at:
        colors = min(colors, (pixels_at - palette_at) // color_bytes)
    if not pixels_at:
        pixels_at = palette_at + colors * color_bytes
    if pixels_at < palette_at:
        raise Refused("corrupt", "the BMP's pixels begin inside its headers")
    return Header(size, width, height, top_down, depth, compression, masks, colors, color_bytes, palette_at, pixels_at)


def _check_coding(size: int, depth: int, compression: int) -> None:
    named = _OS2_COMPRESSIONS.get(compression) if size == _OS2_HEADER else _COMPRESSIONS.get(compression)
    if named:
        raise _unsupported(f"BMP that holds {named}")
    if depth not in _DEPTHS:
        raise _unsupported(f"BMP of {depth} bits per pixel")
    fitting = depth in _PALETTE_DEPTHS.get(compression, ())
    if depth > 8:
        fitting = compression == UNCOMPRESSED or (compression in (BITFIELDS, ALPHA_BITFIELDS) and depth != 24)
    if not fitting:
        raise _unsupported(f"BMP of {depth} bits per pixel with compression {compression}")


def _masks(data: bytes, size: int, depth: int, compression: int) -> tuple[Masks, int]:
    """Return the masks, and the number of bytes that they take after the header."""
    if compression == UNCOMPRESSED:
        return _USUAL_MASKS[depth], 0
    count = 4 if compression == ALPHA_BITFIELDS or size >= 56 else 3
    red, green, blue, alpha = (*struct.unpack_from(f"<{count}I", data, 54), 0)[:4]
    masks = red, green, blue, alpha
    if masks == (0, 0, 0, 0):  # Pillow and others read these as BGRA
        masks = _BGRA_MASKS if depth == 32 else _USUAL_MASKS[depth]
    _check_masks(masks, depth)
    return masks, 4 * count if size == 40 else 0


def _check_masks(masks: Masks, depth: int) -> None:
    taken = 0
    for index, mask in enumerate(masks):
        bits = mask.bit_length()
        shift = (mask & -mask).bit_length() - 1 if mask else 0
        is_run = mask >> shift == (1 << (bits - shift)) - 1
        whole_byte = depth == 16 or not mask or (shift % 8 == 0 and bits - shift == 8)
        fits = is_run and bits <= depth and bits - shift <= 8 and whole_byte and not mask & taken
        if not fits or (not mask and index < 3):
            raise _unsupported(f"BMP of {depth} bits per pixel with the colour masks " + _shown(masks))
        taken |= mask


def _shown(masks: Masks) -> str:
    return ", ".join(f"{mask:#x}" for mask in masks)


def _unsupported(what: str) -> Refused:
    return Refused("unsupported-format", f"{what} is not supported")
