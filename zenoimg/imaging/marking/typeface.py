"""Load fonts at a size, and find which characters they can draw."""

from __future__ import annotations

import struct
import unicodedata
from functools import lru_cache
from io import BytesIO

from PIL import ImageFont

from zenoimg.imaging.errors import RecipeError


def typeface(font: bytes, size: float) -> ImageFont.FreeTypeFont:
    """Return a font at ``size`` pixels per em.

    Always use basic layout: Raqm needs libfribidi on the machine, and the same recipe must draw the same mark
    in a terminal and in a function.
    """
    return ImageFont.truetype(BytesIO(font), size, layout_engine=ImageFont.Layout.BASIC)


def check_font(font: bytes) -> None:
    """Raise ``RecipeError`` unless the bytes are a usable font with a character map."""
    try:
        typeface(font, 12.0)
        characters(font)
    except (OSError, ValueError, struct.error, IndexError):
        raise RecipeError("font", "is not a TrueType or OpenType font with a Unicode character map") from None


def with_equal_characters(font: bytes, text: str) -> str:
    """Return the text with characters that the font lacks replaced by ones that look the same.

    Spaces of other widths or line-breaking behaviour become a space, U+2010 and U+2011 a hyphen.
    """
    drawable = characters(font)
    return "".join(_equal(character) if ord(character) not in drawable else character for character in text)


def _equal(character: str) -> str:
    if unicodedata.category(character) == "Zs":
        return " "
    return "-" if character in "\u2010\u2011" else character


def missing_characters(font: bytes, text: str) -> list[str]:
    """Return the characters of ``text``, each once and in order, for which the font has no glyph."""
    drawable = characters(font)
    return [character for character in dict.fromkeys(text) if character != "\n" and ord(character) not in drawable]


@lru_cache(maxsize=4)
def characters(font: bytes) -> frozenset[int]:
    """Return the code points in the font's Unicode ``cmap`` subtables, formats 4, 6, 12 and 13.

    For the layout see the OpenType specification, chapter "cmap". Raises ``ValueError`` or ``struct.error`` for
    bytes that are not such a font.
    """
    start = 0
    if font[:4] == b"ttcf":
        (start,) = struct.unpack_from(">I", font, 12)
    (tables,) = struct.unpack_from(">H", font, start + 4)
    for at in range(start + 12, start + 12 + tables * 16, 16):
        tag, _checksum, offset, _length = struct.unpack_from(">4sIII", font, at)
        if tag == b"cmap":
            return _mapped_characters(font, offset)
    raise ValueError("the font has no cmap table")


def _mapped_characters(data: bytes, cmap: int) -> frozenset[int]:
    found: set[int] = set()
    (subtables,) = struct.unpack_from(">H", data, cmap + 2)
    for at in range(cmap + 4, cmap + 4 + subtables * 8, 8):
        platform, encoding, offset = struct.unpack_from(">HHI", data, at)
        if platform == 0 or (platform == 3 and encoding in (1, 10)):
            found |= _subtable_characters(data, cmap + offset)
    if not found:
        raise ValueError("the font maps no Unicode characters")
    return frozenset(found)


def _subtable_characters(data: bytes, at: int) -> set[int]:
    (subtable_format,) = struct.unpack_from(">H", data, at)
    if subtable_format == 4:
        return _segment_characters(data, at)
    if subtable_format == 6:
        first, count = struct.unpack_from(">HH", data, at + 6)
        glyphs = struct.unpack_from(f">{count}H", data, at + 10)
        return {first + index for index, glyph in enumerate(glyphs) if glyph}
    if subtable_format in (12, 13):
        return _group_characters(data, at)
    return set()


def _segment_characters(data: bytes, at: int) -> set[int]:
    (doubled,) = struct.unpack_from(">H", data, at + 6)
    count = doubled // 2
    ends_at = at + 14
    starts_at = ends_at + doubled + 2
    deltas_at = starts_at + doubled
    ranges_at = deltas_at + doubled
    found: set[int] = set()
    for segment in range(count):
        (end,) = struct.unpack_from(">H", data, ends_at + 2 * segment)
        (first,) = struct.unpack_from(">H", data, starts_at + 2 * segment)
        (delta,) = struct.unpack_from(">H", data, deltas_at + 2 * segment)
        (range_offset,) = struct.unpack_from(">H", data, ranges_at + 2 * segment)
        for code in range(first, min(end, 0xFFFE) + 1):
            glyph = code
            if range_offset:
                (glyph,) = struct.unpack_from(">H", data, ranges_at + 2 * segment + range_offset + 2 * (code - first))
                if not glyph:
                    continue
            if (glyph + delta) & 0xFFFF:
                found.add(code)
    return found


def _group_characters(data: bytes, at: int) -> set[int]:
    (count,) = struct.unpack_from(">I", data, at + 12)
    found: set[int] = set()
    for group in range(count):
        first, last, glyph = struct.unpack_from(">III", data, at + 16 + 12 * group)
        if last > 0x10FFFF or first > last:
            raise ValueError("the font's character map is damaged")
        found.update(range(first if glyph else first + 1, last + 1))
    return found
