"""Draws the pictures that tests need: no third-party files, small, fast, the same in every run."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any

from PIL import Image, ImageCms

Segment = tuple[int, bytes]
"""A JPEG marker's second byte and the segment's payload."""

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
SAMPLES_A_PIXEL = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def photo(size: tuple[int, int] = (160, 120), mode: str = "RGB", seed: int = 1) -> Image.Image:
    """Draw pixels that compress like a photo: smooth colours with fine noise, in a Pillow mode of 8 bits or less."""
    bands = max(3, len(Image.new(mode, (1, 1)).getbands()))
    channels = [_photo_channel(size, seed * 10 + band) for band in range(bands)]
    match mode:
        case "L" | "1":
            return channels[0].convert(mode)
        case "LA":
            return Image.merge("LA", channels[:2])
        case "P":
            return Image.merge("RGB", channels[:3]).quantize(64, dither=Image.Dither.NONE)
        case _:
            return Image.merge(mode, channels)


def _photo_channel(size: tuple[int, int], seed: int) -> Image.Image:
    dice = random.Random(seed)
    smooth = Image.frombytes("L", (5, 4), dice.randbytes(20)).resize(size, Image.Resampling.BICUBIC)
    noise = Image.frombytes("L", size, dice.randbytes(size[0] * size[1]))
    return Image.blend(smooth, noise, 0.06)


def jpeg(picture: Image.Image, segments: Sequence[Segment] = (), **options: Any) -> bytes:
    """Encode a picture as JPEG, with these segments after the encoder's own header segments."""
    if "qtables" not in options:
        options.setdefault("quality", 88)
    encoded = BytesIO()
    picture.save(encoded, "JPEG", **options)
    data = encoded.getvalue()
    at = 2
    while data[at + 1] in (0xE0, 0xEE):
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return data[:at] + b"".join(segment_bytes(segment) for segment in segments) + data[at:]


def segment_bytes(segment: Segment) -> bytes:
    """Write one JPEG segment."""
    marker, payload = segment
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def jpeg_segments(data: bytes) -> list[Segment]:
    """Read the segments before a JPEG's first scan."""
    at, segments = 2, []
    while data[at + 1] != 0xDA:
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        segments.append((data[at + 1], data[at + 4 : at + 2 + length]))
        at += 2 + length
    return segments


def exif_segment(block: bytes) -> Segment:
    """Wrap a TIFF structure for APP1."""
    return 0xE1, b"Exif\0\0" + block


def xmp_segment(packet: bytes) -> Segment:
    """Wrap an XMP packet for APP1."""
    return 0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet


def icc_segment(profile: bytes) -> Segment:
    """Wrap a profile of less than 64 KB for APP2."""
    return 0xE2, b"ICC_PROFILE\0\1\1" + profile


def photoshop_segment(resources: bytes) -> Segment:
    """Wrap Photoshop image resources for APP13."""
    return 0xED, b"Photoshop 3.0\0" + resources


def icc_profile() -> bytes:
    """Return an sRGB profile."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


MAKER_NOTE = b"MAKER\0" + bytes(range(60)) + b"offset-bound"


def exif(
    orientation: int = 1,
    *,
    gps: bool = False,
    maker_note: bool = False,
    thumbnail: bytes = b"",
    order: str = "<",
) -> bytes:
    """Write a TIFF structure: make, orientation, Exif IFD with a date, and what is requested.

    The GPS directory holds 48 degrees 51 minutes north; a thumbnail is in a second directory.
    """
    make = b"Zeno Optics\0"
    entries = [(0x010F, 2, len(make), make), (0x0112, 3, 1, struct.pack(order + "H", orientation))]
    exif_entries = [(0x9003, 2, 20, b"2025:06:12 15:25:14\0")]
    if maker_note:
        exif_entries.append((0x927C, 7, len(MAKER_NOTE), MAKER_NOTE))
    gps_entries = [(1, 2, 2, b"N\0"), (2, 5, 3, struct.pack(order + "6I", 48, 1, 51, 1, 24, 1))]
    thumbnail_entries = [(0x0103, 3, 1, struct.pack(order + "H", 6))]

    def directory_bytes(items: list[tuple[int, int, int, bytes]]) -> int:
        return 6 + 12 * len(items) + sum(len(item[3]) + len(item[3]) % 2 for item in items if len(item[3]) > 4)

    first_at = 8
    pointers = 1 + gps
    exif_at = first_at + directory_bytes(entries) + 12 * pointers
    gps_at = exif_at + directory_bytes(exif_entries)
    second_at = gps_at + (directory_bytes(gps_entries) if gps else 0)
    thumbnail_at = second_at + directory_bytes(thumbnail_entries) + 24
    entries.append((0x8769, 4, 1, struct.pack(order + "I", exif_at)))
    if gps:
        entries.append((0x8825, 4, 1, struct.pack(order + "I", gps_at)))
    thumbnail_entries.append((0x0201, 4, 1, struct.pack(order + "I", thumbnail_at)))
    thumbnail_entries.append((0x0202, 4, 1, struct.pack(order + "I", len(thumbnail))))

    block = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", first_at)
    block += _directory(entries, first_at, second_at if thumbnail else 0, order)
    block += _directory(exif_entries, exif_at, 0, order)
    if gps:
        block += _directory(gps_entries, gps_at, 0, order)
    if thumbnail:
        block += _directory(thumbnail_entries, second_at, 0, order) + thumbnail
    return block


def _directory(entries: list[tuple[int, int, int, bytes]], at: int, following: int, order: str) -> bytes:
    head, values = struct.pack(order + "H", len(entries)), b""
    values_at = at + 6 + 12 * len(entries)
    for tag, kind, count, value in entries:
        head += struct.pack(order + "HHI", tag, kind, count)
        if len(value) <= 4:
            head += value.ljust(4, b"\0")
        else:
            head += struct.pack(order + "I", values_at + len(values))
            values += value + b"\0" * (len(value) % 2)
    return head + struct.pack(order + "I", following) + values


def xmp(properties: str = 'dc:format="image/jpeg"', elements: str = "") -> bytes:
    """Write an XMP packet with properties as attributes and as elements of one description."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" '
        'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:xmpNote="http://ns.adobe.com/xmp/note/" '
        'xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" xmlns:drone="http://www.dji.com/drone-dji/1.0/" '
        f"{properties}>{elements}</rdf:Description></rdf:RDF></x:xmpmeta>"
        '<?xpacket end="w"?>'
    ).encode()


def iptc(*datasets: tuple[int, bytes]) -> bytes:
    """Write IPTC datasets of record 2."""
    return b"".join(struct.pack(">BBBH", 0x1C, 2, number, len(value)) + value for number, value in datasets)


def resource(number: int, data: bytes) -> bytes:
    """Write one Photoshop image resource without a name."""
    return b"8BIM" + struct.pack(">HHI", number, 0, len(data)) + data + b"\0" * (len(data) % 2)


def chunk(name: bytes, data: bytes) -> bytes:
    """Write one PNG chunk."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Read the chunks of a PNG, names and data."""
    at, chunks = len(PNG_SIGNATURE), []
    while at < len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        chunks.append((name, data[at + 8 : at + 8 + length]))
        at += 12 + length
    return chunks


def png(
    size: tuple[int, int],
    color_type: int,
    depth: int,
    samples: Sequence[int],
    *,
    interlaced: bool = False,
    before: Iterable[bytes] = (),
    after: Iterable[bytes] = (),
) -> bytes:
    """Write a PNG from its samples, row by row: any colour type and depth, unfiltered.

    ``before`` and ``after`` are encoded chunks before and after the pixels.
    """
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, color_type, 0, 0, interlaced))
    pixels = zlib.compress(b"".join(_scanlines(size, color_type, depth, samples, interlaced)))
    return b"".join((PNG_SIGNATURE, header, *before, chunk(b"IDAT", pixels), *after, chunk(b"IEND", b"")))


def png_samples(data: bytes) -> list[int]:
    """Read the samples of a PNG whatever its depth, by the filters' definitions: slow and without Pillow."""
    chunks = png_chunks(data)
    width, height, depth, color_type, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    raw = zlib.decompress(b"".join(content for name, content in chunks if name == b"IDAT"))
    per_pixel = SAMPLES_A_PIXEL[color_type]
    result = [0] * (width * height * per_pixel)
    at = 0
    for left, top, across, down in ADAM7 if interlaced else ((0, 0, 1, 1),):
        columns, rows = range(left, width, across), range(top, height, down)
        if not columns:
            continue
        stride = (len(columns) * per_pixel * depth + 7) // 8
        above = bytes(stride)
        for y in rows:
            above = _unfiltered(raw[at], raw[at + 1 : at + 1 + stride], above, max(1, per_pixel * depth // 8))
            at += 1 + stride
            values = _unpacked(above, depth)
            for index, x in enumerate(columns):
                start = (y * width + x) * per_pixel
                result[start : start + per_pixel] = values[index * per_pixel : (index + 1) * per_pixel]
    assert at == len(raw)
    return result


def _scanlines(
    size: tuple[int, int], color_type: int, depth: int, samples: Sequence[int], interlaced: bool
) -> Iterable[bytes]:
    width, height = size
    per_pixel = SAMPLES_A_PIXEL[color_type]
    for left, top, across, down in ADAM7 if interlaced else ((0, 0, 1, 1),):
        columns = range(left, width, across)
        for y in range(top, height, down) if columns else ():
            row = [samples[(y * width + x) * per_pixel + channel] for x in columns for channel in range(per_pixel)]
            yield b"\0" + _packed(row, depth)


def _packed(row: list[int], depth: int) -> bytes:
    if depth == 16:
        return struct.pack(f">{len(row)}H", *row)
    bits = "".join(f"{value:0{depth}b}" for value in row)
    return bytes(int(bits[at : at + 8].ljust(8, "0"), 2) for at in range(0, len(bits), 8))


def _unpacked(row: bytes, depth: int) -> list[int]:
    if depth == 16:
        return list(struct.unpack(f">{len(row) // 2}H", row))
    return [value >> shift & ((1 << depth) - 1) for value in row for shift in range(8 - depth, -1, -depth)]


def _unfiltered(kind: int, row: bytes, above: bytes, step: int) -> bytes:
    result = bytearray(row)
    for index in range(len(result)):
        left = result[index - step] if index >= step else 0
        up, corner = above[index], above[index - step] if index >= step else 0
        if kind == 4:
            estimate = left + up - corner
            predicted = min((left, up, corner), key=lambda value: abs(estimate - value))
        else:
            predicted = (0, left, up, (left + up) // 2)[kind]
        result[index] = (result[index] + predicted) & 255
    return bytes(result)
