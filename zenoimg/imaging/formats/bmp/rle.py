"""Decode BMP's run-length codes (Windows GDI, "Bitmap Compression"), RLE8 and RLE4, and encode pixels as such."""

from __future__ import annotations

from itertools import groupby

from zenoimg.imaging.errors import Refused

_END_OF_LINE, _END_OF_BITMAP, _DELTA = 0, 1, 2
_LONGEST_RUN = 255
_OF_DIGITS = bytes.maketrans(b"0123456789abcdef", bytes(range(16)))


def decode(data: bytes, width: int, height: int, *, four_bits: bool) -> tuple[bytearray, int]:
    """Return a byte per pixel, rows in file order, and the number of bytes of ``data`` that were read.

    Pixels skipped by the codes are 0. Raises ``Refused("corrupt")`` if the data ends before the bitmap.
    """
    pixels = bytearray(width * height)
    at, x, y = 0, 0, 0
    while at + 2 <= len(data):
        count, value = data[at], data[at + 1]
        at += 2
        seen = x < width and y < height  # codes may continue past the edges to the end of the file
        run = b""
        if count:
            moved = count
            if seen:
                run = _two(value, count) if four_bits else bytes((value,)) * count
        elif value == _END_OF_LINE:
            x, y = 0, y + 1
            continue
        elif value == _END_OF_BITMAP:
            return pixels, at
        elif value == _DELTA:
            if at + 2 > len(data):
                break
            x, y, at = x + data[at], y + data[at + 1], at + 2
            continue
        else:
            moved, length = value, (value + 1) // 2 if four_bits else value
            if at + length > len(data):
                break
            if seen:
                literal = data[at : at + length]
                run = _nibbles(literal)[:value] if four_bits else literal
            at += length + length % 2
        if seen:
            start = y * width + x
            room = min(moved, width - x)
            pixels[start : start + room] = run[:room]
        x += moved
    if (y >= height - 1 and x >= width) or y >= height:
        return pixels, at  # some writers omit the end mark
    raise Refused("corrupt", f"the BMP is truncated: {y:,} of {height:,} rows are present")


def encode(pixels: bytes, width: int, height: int, *, four_bits: bool) -> bytes:
    """Return codes for pixels, rows in file order."""
    lines = [(_line_of_nibbles if four_bits else _line)(pixels[y * width : (y + 1) * width]) for y in range(height)]
    return bytes((0, _END_OF_LINE)).join(lines) + bytes((0, _END_OF_BITMAP))


def _line(row: bytes) -> bytes:
    """Return the codes for a row: runs of three or more as runs, everything between them as literals."""
    codes, literal = bytearray(), bytearray()
    for value, group in groupby(row):
        length = len(list(group))
        if length < 3:
            literal += bytes((value,)) * length
            continue
        _flush(codes, literal)
        _runs(codes, value, length)
    _flush(codes, literal)
    return bytes(codes)


def _line_of_nibbles(row: bytes) -> bytes:
    """Return the codes for a row as runs of two alternating indices, which may be equal."""
    codes = bytearray()
    at = 0
    while at < len(row):
        pair = row[at : at + 2].ljust(2, row[at : at + 1])
        end = at + 1
        while end < len(row) and end - at < _LONGEST_RUN and row[end] == pair[(end - at) % 2]:
            end += 1
        codes += bytes((end - at, pair[0] << 4 | pair[1]))
        at = end
    return bytes(codes)


def _runs(codes: bytearray, value: int, length: int) -> None:
    while length:
        step = min(length, _LONGEST_RUN)
        codes += bytes((step, value))
        length -= step


def _flush(codes: bytearray, literal: bytearray) -> None:
    """Append a literal; fewer than three pixels cannot be a literal and become runs."""
    for start in range(0, len(literal), _LONGEST_RUN):
        part = literal[start : start + _LONGEST_RUN]
        if len(part) < 3:
            for value in part:
                codes += bytes((1, value))
        else:
            codes += bytes((0, len(part))) + part + bytes(len(part) % 2)
    literal.clear()


def _two(value: int, count: int) -> bytes:
    return (bytes((value >> 4, value & 15)) * ((count + 1) // 2))[:count]


def _nibbles(data: bytes) -> bytes:
    return data.hex().encode().translate(_OF_DIGITS)
