"""Carve pictures out of files as forensic tools do: by signature, decoded by Pillow even if incomplete."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from collections.abc import Iterator
from io import BytesIO

from PIL import Image, ImageFile

from tests.drawn import animations, avifs, pictures
from tests.drawn.ultra_hdr import pictures_in
from zenoimg.imaging import Recipe, watermark
from zenoimg.imaging.recipe import METADATA_POLICIES

_BEGINNINGS = re.compile(rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n")
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{40,}\s*)+=*")


def holds_none(data: bytes) -> bool:
    """Return whether a copy contains no picture besides its own pixels."""
    return not any(carved(block) for block in outside_pixels(data))


def assert_none_is_left(source: bytes, *, named: bool = True) -> None:
    """Check that a file that holds a picture has a copy, under each policy, that holds none and says so once."""
    assert not holds_none(source)
    for policy in METADATA_POLICIES:
        done = watermark(source, Recipe(metadata=policy))
        assert holds_none(done.data), policy
        reported = [warning for warning in done.warnings if "picture" in warning or "unmarked" in warning]
        if named and policy != "strip":
            assert len(reported) == 1, done.warnings
    assert holds_none(watermark(source, Recipe(None, metadata="keep")).data), "without a mark"
    with Image.open(BytesIO(done.data)) as picture:
        picture.load()


def carved(data: bytes) -> list[tuple[int, int]]:
    """Return the sizes of all pictures of at least 16 x 16 pixels in some bytes, also of those in base64."""
    found = [size for match in _BEGINNINGS.finditer(data) if (size := _decoded_size(data[match.start() :]))]
    for match in _BASE64.finditer(data.replace(b"\0", b"")):
        text = b"".join(match.group().split())
        for start in range(4):
            decoded = base64.b64decode(text[start : start + (len(text) - start) // 4 * 4])
            found += [size for at in _BEGINNINGS.finditer(decoded) if (size := _decoded_size(decoded[at.start() :]))]
    return found


def _decoded_size(data: bytes) -> tuple[int, int] | None:
    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, True
    try:
        with Image.open(BytesIO(data), formats=["JPEG", "PNG"]) as picture:
            picture.load()
            return picture.size if min(picture.size) >= 16 else None
    except Exception:  # noqa: BLE001 -- Pillow raises errors of any type for what is no picture
        return None
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def outside_pixels(data: bytes) -> list[bytes]:
    """Return the bytes of a copy that are not its own pixels: as they are, and joined without the block structure."""
    if data.startswith(b"\xff\xd8"):
        return _jpeg(data)
    if data.startswith(pictures.PNG_SIGNATURE):
        return _png(data)
    if data[:4] == b"RIFF":
        rest = [
            chunk for name, chunk in animations.webp_chunks(data) if name not in (b"VP8 ", b"VP8L", b"ALPH", b"ANMF")
        ]
        return [*rest, b"".join(rest)]
    if data.startswith(b"GIF8"):
        blocks = list(_gif(data))
        return [*blocks, b"".join(blocks[::2])]
    if data[4:8] == b"ftyp":
        return [*(data[start:end] for kind, start, end in avifs.boxes(data) if kind != b"mdat"), *_avif_items(data)]
    return _tiff(data)


def _jpeg(data: bytes) -> list[bytes]:
    if b"MPF\0" in data:
        # The gain map belongs to the copy like its pixels; other tests check that it is marked.
        picture, gain_map = pictures_in(data)
        assert len(picture) + len(gain_map) == len(data)
        return [*_jpeg_of_one(picture), *_jpeg_of_one(gain_map)]
    return _jpeg_of_one(data)


def _jpeg_of_one(data: bytes) -> list[bytes]:
    segments = pictures.jpeg_segments(data)
    end = data.rindex(b"\xff\xd9") + 2
    payloads = [payload for _, payload in segments]
    by_marker = {marker: b"".join(payload for found, payload in segments if found == marker) for marker, _ in segments}
    return [*payloads, *by_marker.values(), b"".join(payloads), data[2 : data.index(b"\xff\xda")], data[end:]]


def _png(data: bytes) -> list[bytes]:
    chunks = [(name, chunk) for name, chunk in pictures.png_chunks(data) if name not in (b"IDAT", b"fdAT")]
    found = [chunk for _, chunk in chunks]
    found += [b"".join(chunk for other, chunk in chunks if other == name) for name in {name for name, _ in chunks}]
    for name, chunk in chunks:
        if name in (b"zTXt", b"iTXt", b"iCCP"):
            for match in re.finditer(rb"\x78[\x01\x5e\x9c\xda]", chunk):
                try:
                    found.append(zlib.decompressobj().decompress(chunk[match.start() :]))
                except zlib.error:
                    continue
    found += [bytes.fromhex(text.decode()) for text in _hexadecimal(found)]
    return found


def _hexadecimal(blocks: list[bytes]) -> Iterator[bytes]:
    for block in list(blocks):
        for match in re.finditer(rb"(?:[0-9a-f]{60,}\s*)+", block):
            text = b"".join(match.group().split())
            yield text[: len(text) // 2 * 2]


def _gif(data: bytes) -> Iterator[bytes]:
    at = 13 + ((3 << (data[10] & 7) + 1) if data[10] & 0x80 else 0)
    while data[at] != 0x3B:
        if data[at] == 0x2C:
            at += 10 + ((3 << (data[at + 9] & 7) + 1) if data[at + 9] & 0x80 else 0) + 1
            at, _ = _sub_blocks(data, at)
        else:
            end, content = _sub_blocks(data, at + 2)
            yield content
            yield data[at:end]
            at = end


def _sub_blocks(data: bytes, at: int) -> tuple[int, bytes]:
    content = b""
    while data[at]:
        content += data[at + 1 : at + 1 + data[at]]
        at += 1 + data[at]
    return at + 1, content


def _avif_items(data: bytes) -> Iterator[bytes]:
    """Return the items in mdat that are not AV1: metadata is stored there as well."""
    with Image.open(BytesIO(data)) as picture:
        yield from (picture.info.get(name) or b"" for name in ("exif", "xmp", "icc_profile"))


def _tiff(data: bytes) -> list[bytes]:
    """Return all bytes of a file except its strips and tiles."""
    kept, order = bytearray(data), "<" if data[:2] == b"II" else ">"
    is_big = 43 in struct.unpack(order + "H", data[2:4])
    offset, count_letter, entry_bytes = ("Q", "Q", 20) if is_big else ("I", "H", 12)
    (at,) = struct.unpack_from(order + offset, data, 8 if is_big else 4)
    while at:
        (count,) = struct.unpack_from(order + count_letter, data, at)
        start = at + struct.calcsize("<" + count_letter)
        entries = range(start, start + count * entry_bytes, entry_bytes)
        tags = {struct.unpack_from(order + "H", data, entry)[0]: entry for entry in entries}
        for offsets, lengths in ((273, 279), (324, 325)):
            if offsets in tags:
                starts, counts = (_numbers(data, tags[tag], order, offset) for tag in (offsets, lengths))
                for pixels, length in zip(starts, counts, strict=True):
                    kept[pixels : pixels + length] = bytes(length)
        (at,) = struct.unpack_from(order + offset, data, start + count * entry_bytes)
    return [bytes(kept)]


def _numbers(data: bytes, entry: int, order: str, offset: str) -> tuple[int, ...]:
    kind, count = struct.unpack_from(order + "H" + offset, data, entry + 2)
    layout = f"{order}{count}{ {3: 'H', 4: 'I', 16: 'Q'}[kind] }"
    at = entry + 4 + struct.calcsize(order + offset)
    if struct.calcsize(layout) > struct.calcsize(order + offset):
        (at,) = struct.unpack_from(order + offset, data, at)
    return struct.unpack_from(layout, data, at)
