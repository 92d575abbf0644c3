"""Hostile still pictures: PNG, BMP, WebP and AVIF, each with valid files of as many pixels and as many bytes."""

from __future__ import annotations

import random
import struct
import zlib
from functools import cache
from io import BytesIO

from PIL import Image

from tests.drawn import avifs, bmps
from tests.drawn.animations import webp_chunk, webp_file, webp_image_data
from tests.drawn.pictures import PNG_SIGNATURE, chunk, photo

Cases = dict[str, tuple[bytes, ...]]
"""By name: the hostile file, and valid ones to compare it with."""

FLOOD = 2_000_000
"""Size of a flood in bytes."""

SMALL, MIDDLE = (400, 300), (1000, 750)


@cache
def noise(size: tuple[int, int], mode: str = "RGB", levels: int = 256) -> Image.Image:
    """Draw pixels that no codec can predict."""
    dice = random.Random(5)
    count = size[0] * size[1] * len(Image.new(mode, (1, 1)).getbands())
    data = dice.randbytes(count)
    if levels < 256:
        data = data.translate(bytes(value % levels for value in range(256)))
    return Image.frombytes(mode, size, data)


@cache
def saved(
    picture_format: str, size: tuple[int, int], mode: str = "RGB", *, busy: str = "photo", **options: str
) -> bytes:
    """Encode a valid picture: a photo, or noise."""
    picture = photo(size, mode) if busy == "photo" else noise(size, mode)
    encoded = BytesIO()
    picture.save(encoded, picture_format, **options)
    return encoded.getvalue()


def png_of(size: tuple[int, int], color_type: int, depth: int, raw: bytes, *, interlaced: bool = False) -> bytes:
    """Write a PNG of filtered scanlines."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, color_type, 0, 0, interlaced))
    return PNG_SIGNATURE + header + chunk(b"IDAT", zlib.compress(raw, 6)) + chunk(b"IEND", b"")


def with_chunks(data: bytes, chunks: bytes) -> bytes:
    """Insert chunks after a PNG's header."""
    return data[:33] + chunks + data[33:]


def png_cases() -> Cases:
    """Return floods of chunks, bombs, and pixels that are hard to compress."""
    small, same_bytes = saved("PNG", SMALL), saved("PNG", MIDDLE, busy="noise")
    bomb = b"a\0\0" + zlib.compress(bytes(16_000_000))
    end = chunk(b"IEND", b"")
    head = PNG_SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", *SMALL, 8, 2, 0, 0, 0))
    rows = noise(SMALL).tobytes()
    lines = b"".join(b"\0" + rows[at : at + 1200] for at in range(0, len(rows), 1200))
    ones = b"".join(chunk(b"IDAT", bytes((byte,))) for byte in zlib.compress(lines))
    bombed = zlib.compressobj()
    endless = bombed.compress(lines) + b"".join(bombed.compress(bytes(1 << 24)) for _ in range(20)) + bombed.flush()
    hard = noise((1000, 750), "L", 2).tobytes()
    hard_rows = b"".join(b"\0" + hard[at : at + 3000] for at in range(0, len(hard), 3000))
    return {
        "empty IDATs": (small[:-12] + chunk(b"IDAT", b"") * (FLOOD // 12) + end, small, same_bytes),
        "IDATs of one byte": (head + ones + end, small, saved("PNG", (1250, 1000), busy="noise")),
        "small chunks that stay": (with_chunks(small, chunk(b"abCd", b"") * (FLOOD // 12)), small, same_bytes),
        "small chunks that go": (with_chunks(small, chunk(b"abCD", b"") * (FLOOD // 12)), small, same_bytes),
        "small texts": (with_chunks(small, chunk(b"tEXt", b"a\0b") * (FLOOD // 15)), small, same_bytes),
        "text bombs": (with_chunks(small, chunk(b"zTXt", bomb) * (FLOOD // len(bomb))), small, same_bytes),
        "text of one keyword": (with_chunks(small, chunk(b"zTXt", bytes(FLOOD))), small, same_bytes),
        "300 MB behind the pixels": (
            head + chunk(b"IDAT", endless) + end,
            small,
            saved("PNG", (400, 300), busy="noise"),
        ),
        "two levels of noise": (png_of((1000, 250), 2, 8, hard_rows), saved("PNG", (1000, 250))),
        "flat, interlaced, tall": (
            png_of((40, 60_000), 2, 8, bytes(121 * 60_000 + 30_000 * 8), interlaced=True),
            saved("PNG", (40, 60_000)),
        ),
    }


def bmp_cases() -> Cases:
    """Return run-length codes that draw little or nothing."""
    greys = [(level, level, level) for level in range(256)]
    sixteen = greys[::17]
    size = (1000, 750)
    busy8 = bmps.bmp(size, 8, [], compression=1, palette=greys, encoded=_literals(size, 8))
    busy4 = bmps.bmp(size, 4, [], compression=2, palette=sixteen, encoded=_literals(size, 4))
    end = b"\0\1"

    def coded(codes: bytes, bits: int = 8) -> bytes:
        palette = greys if bits == 8 else sixteen
        return bmps.bmp(size, bits, [], compression=1 if bits == 8 else 2, palette=palette, encoded=codes + end)

    half = FLOOD // 2
    return {
        "ends of lines": (coded(b"\0\0" * half), busy8),
        "jumps": (coded(b"\0\2\0\0" * (half // 2) + b"\0\2\0\xff" * 3), busy8),
        "runs of one": (coded((b"\1\7" * 1000 + b"\0\0") * 750), busy8),
        "runs beyond the row": (coded(b"\xff\7" * half), busy8),
        "runs of one, four bits": (coded((b"\1\7" * 1000 + b"\0\0") * 750, 4), busy4),
        "empty literals, four bits": (coded(b"\0\3\1\1" * (half // 2), 4), busy4),
        "nothing but the end": (coded(b"\0\2\0\xff" * 3), busy8),
        "nothing but the end, four bits": (coded(b"\0\2\0\xff" * 3, 4), busy4),
    }


def _literals(size: tuple[int, int], bits: int) -> bytes:
    """Encode noise like common writers: literals of maximum length."""
    dice, codes = random.Random(3), bytearray()
    for _ in range(size[1]):
        for start in range(0, size[0], 254):
            count = min(254, size[0] - start)
            length = count if bits == 8 else (count + 1) // 2
            codes += bytes((0, count)) + dice.randbytes(length) + bytes(length % 2)
        codes += b"\0\0"
    return bytes(codes)


def webp_cases() -> Cases:
    """Return floods of chunks, and pixels that are hard to compress."""
    lossy = webp_image_data(photo(SMALL))
    lossless = webp_image_data(photo(SMALL), lossless=True)
    valid = webp_file(SMALL, lossy, flags=0), webp_file(SMALL, lossless, flags=0)
    same_bytes = saved("WEBP", (1000, 660), busy="noise", lossless=True)
    tiny = webp_chunk(b"abcd", b"")
    many = tiny * (FLOOD // 8)
    return {
        "small chunks": (webp_file(SMALL, lossy + many, flags=0), *valid, same_bytes),
        "EXIF behind small chunks": (
            webp_file(SMALL, lossy + many[: FLOOD // 2] + webp_chunk(b"EXIF", b"") * (FLOOD // 16), flags=0),
            *valid,
            same_bytes,
        ),
        "credentials": (webp_file(SMALL, lossy + webp_chunk(b"C2PA", b"") * (FLOOD // 8), flags=0), *valid, same_bytes),
        "two levels of noise": (_webp(noise((600, 400), "RGB", 2)), _webp(noise((600, 400))), _webp(photo((600, 400)))),
        "stripes": (_webp(noise((600, 400), "RGB", 2).resize((600, 400), box=(0, 0, 7, 3))), _webp(photo((600, 400)))),
        "sixteen colours": (_webp(noise((600, 400), "L", 16).convert("RGB")), _webp(photo((600, 400)))),
    }


def _webp(picture: Image.Image) -> bytes:
    return webp_file(picture.size, webp_image_data(picture, lossless=True), flags=0)


def box(kind: bytes, content: bytes) -> bytes:
    """Write one box."""
    return struct.pack(">I4s", 8 + len(content), kind) + content


def avif_cases() -> Cases:
    """Return floods and deep nestings of boxes, and tables that refer to the same bytes repeatedly."""
    small = avifs.avif(photo(SMALL))
    same_bytes = avifs.encoded(noise((700, 500)))
    deep = b""
    for _ in range(800):
        deep = box(b"moov", deep)
    wide = box(b"moov", box(b"trak", b"") * 9_000)
    grown = wide
    for _ in range(200):
        grown = box(b"moov", grown)
    every = b"".join(box(b"moov", box(b"free", b"") * 9_000) for _ in range(FLOOD // 72_000))
    return {
        "free boxes": (small + box(b"free", b"") * 9_000, small),
        "boxes in boxes": (small + deep, small),
        "many boxes deep in boxes": (small + grown, small),
        "boxes in many boxes": (small + every, small, same_bytes),
        "extents of no bytes": (with_extents(small, 0, 40, 65_535), small),
        "extents of the whole file": (with_extents(small + bytes(FLOOD), 4, 1, 60_000), small, same_bytes),
        "pictures of the whole file": (with_extents(small + bytes(FLOOD), 4, 4_000, 1), small, same_bytes),
        "references": (with_references(small, 60, 30_000), small, same_bytes),
    }


def with_extents(data: bytes, width: int, items: int, extents: int) -> bytes:
    """Insert a meta box before the others whose items have this many extents."""
    head = struct.pack(">IBBH", 0, width << 4 | width, 0, items)
    one = struct.pack(">HHH", 1, 0, extents) + (struct.pack(">II", 0, len(data)) * extents if width else b"")
    kinds = b"".join(
        box(b"infe", struct.pack(">IHH4sB", 2 << 24, number, 0, b"av01", 0)) for number in range(1, items + 1)
    )
    if items > 1 and width:
        one = b""
        body = b"".join(struct.pack(">HHHII", number, 0, 1, 0, len(data)) for number in range(1, items + 1))
    else:
        body = one * items
    meta = box(b"meta", bytes(4) + box(b"iinf", struct.pack(">IH", 0, items) + kinds) + box(b"iloc", head + body))
    at = int.from_bytes(data[:4], "big")
    return data[:at] + meta + data[at:]


def with_references(data: bytes, boxes: int, count: int) -> bytes:
    one = box(b"dimg", struct.pack(">HH", 1, count) + b"\0\1" * count)
    meta = box(b"meta", bytes(4) + box(b"iref", bytes(4) + one * boxes))
    at = int.from_bytes(data[:4], "big")
    return data[:at] + meta + data[at:]
