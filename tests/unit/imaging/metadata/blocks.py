"""Metadata blocks to put into pictures: EXIF with any directories, and every format around them."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Callable, Sequence
from io import BytesIO

from PIL import Image

from tests.drawn import avifs, gifs, pictures, tiffs
from tests.drawn.animations import webp_chunk, webp_file, webp_image_data
from tests.drawn.tiffs import UNDEFINED, Sheet, tiff

SIZE = (96, 64)
PHOTO = pictures.photo(SIZE)
PREVIEW = pictures.jpeg(pictures.photo((48, 32), seed=7))
PROGRESSIVE = pictures.jpeg(pictures.photo((48, 32), seed=7), progressive=True)
ASCII, SHORT, LONG = 2, 3, 4
XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")

Entry = tuple[int, int, int, bytes]
"""Tag, field type, count and value; a value of at most four bytes is written into the entry."""


def png_picture() -> bytes:
    """Return a small PNG."""
    file = BytesIO()
    pictures.photo((48, 32), seed=7).save(file, "PNG")
    return file.getvalue()


PNG_PREVIEW = png_picture()


def tiff_block(
    entries: Sequence[Entry] = (),
    exif: Sequence[Entry] = (),
    behind: Sequence[Sequence[Entry]] = (),
    tail: bytes = b"",
) -> bytes:
    """Return a TIFF structure: a first directory, an Exif directory, directories that follow the first, and bytes.

    A value ``b"tail"`` stands for the offset of ``tail``.
    """
    out = bytearray(b"MM\0*\0\0\0\x08")
    patches: list[int] = []

    def directory(entries: Sequence[Entry]) -> int:
        at = len(out)
        out.extend(bytes(6 + 12 * len(entries)))
        struct.pack_into(">H", out, at, len(entries))
        for number, (tag, kind, count, value) in enumerate(sorted(entries)):
            place = at + 2 + 12 * number
            struct.pack_into(">HHI", out, place, tag, kind, count)
            if value == b"tail":
                patches.append(place + 8)
            elif len(value) <= 4:
                out[place + 8 : place + 8 + len(value)] = value
            else:
                struct.pack_into(">I", out, place + 8, len(out))
                out.extend(value + bytes(len(value) % 2))
        return at

    first_entries = [(0x010F, ASCII, 12, b"Zeno Optics\0"), *entries]
    if exif:
        first_entries.append((0x8769, LONG, 1, b"\0\0\0\0"))
    previous = directory(first_entries)
    if exif:
        at = directory(exif)
        index = [tag for tag, *_ in sorted(first_entries)].index(0x8769)
        struct.pack_into(">I", out, 8 + 2 + 12 * index + 8, at)
    for following in behind:
        at = directory(following)
        (count,) = struct.unpack_from(">H", out, previous)
        struct.pack_into(">I", out, previous + 2 + 12 * count, at)
        previous = at
    for place in patches:
        struct.pack_into(">I", out, place, len(out))
    return bytes(out + tail)


def text_entry(tag: int, value: bytes) -> Entry:
    """Return an entry of bytes."""
    return tag, UNDEFINED, len(value), value


def maker_note(note: bytes, make: bytes = b"") -> bytes:
    """Return EXIF with maker's notes."""
    entries = [(0x010F, ASCII, len(make) + 1, make + b"\0")] if make else []
    return tiff_block(exif=[text_entry(0x927C, note)]) if not make else _with_make(entries, note)


def _with_make(entries: list[Entry], note: bytes) -> bytes:
    block = tiff_block(exif=[text_entry(0x927C, note)])
    make = entries[0][3]
    assert len(make) <= 12
    return block.replace(b"Zeno Optics\0", make.ljust(12, b"\0"))


def in_base64(data: bytes, line: int = 0) -> str:
    """Return base64, in lines where ``line`` is not 0."""
    text = base64.b64encode(data).decode()
    return "\n".join(text[at : at + line] for at in range(0, len(text), line)) if line else text


def png_with(*chunks: bytes) -> bytes:
    """Return a PNG with these chunks before its pixels."""
    samples = list(PHOTO.tobytes())
    return pictures.png(SIZE, 2, 8, samples, before=chunks)


def png_text(keyword: bytes, text: bytes, *, compressed: bool = False) -> bytes:
    """Return a text chunk."""
    if compressed:
        return pictures.chunk(b"zTXt", keyword + b"\0\0" + zlib.compress(text))
    return pictures.chunk(b"iTXt", keyword + bytes(5) + text)


def webp_with(*chunks: tuple[bytes, bytes]) -> bytes:
    """Return a WebP with these chunks after its pixels."""
    body = webp_image_data(PHOTO) + b"".join(webp_chunk(name, data) for name, data in chunks)
    return webp_file(SIZE, body, flags=0x0C)


def gif_with(extensions: bytes) -> bytes:
    """Return a GIF with these extensions."""
    indices = PHOTO.quantize(16)
    colours = indices.getpalette() or []
    table = [(colours[at], colours[at + 1], colours[at + 2]) for at in range(0, 48, 3)]
    return gifs.gif(SIZE, [gifs.GifFrame(indices)], table, extensions=extensions)


def tiff_with(tags: tiffs.Tags, *more: Sheet) -> bytes:
    """Return a TIFF with these tags."""
    return tiff(Sheet(SIZE, list(PHOTO.convert("L").tobytes()), tags=tags), *more)


def avif_with(exif: bytes = b"", xmp: bytes = b"", top: bytes = b"", **options: bytes) -> bytes:
    """Return an AVIF."""
    items = [(b"Exif", bytes(4) + exif)] if exif else []
    if xmp:
        options["xmp"] = xmp
    return avifs.encoded(PHOTO, **options) if not items and not top else avifs.avif(PHOTO, items=items, top=top)


def decoded(data: bytes) -> Image.Image:
    """Return a picture, decoded."""
    picture = Image.open(BytesIO(data))
    picture.load()
    return picture


EXIF_CARRIERS: dict[str, Callable[[bytes], bytes]] = {
    "JPEG": lambda block: pictures.jpeg(PHOTO, [pictures.exif_segment(block)]),
    "PNG": lambda block: png_with(pictures.chunk(b"eXIf", block)),
    "WebP": lambda block: webp_with((b"EXIF", block)),
    "AVIF": lambda block: avif_with(block),
    "PNG, raw profile": lambda block: png_with(raw_profile(b"exif", b"Exif\0\0" + block)),
    "JPEG, Photoshop": lambda block: pictures.jpeg(
        PHOTO, [pictures.photoshop_segment(pictures.resource(0x0422, block))]
    ),
    "GIF": lambda block: gif_with(gifs.application(b"EXIF DATA  ", gifs.in_blocks(b"Exif\0\0" + block))),
    "JPEG, another segment": lambda block: pictures.jpeg(PHOTO, [(0xE3, b"Meta\0\0" + block)]),
}

XMP_CARRIERS: dict[str, Callable[[bytes], bytes]] = {
    "JPEG": lambda packet: pictures.jpeg(PHOTO, [pictures.xmp_segment(packet)]),
    "PNG": lambda packet: png_with(png_text(b"XML:com.adobe.xmp", packet)),
    "PNG, raw profile": lambda packet: png_with(raw_profile(b"xmp", packet)),
    "PNG, another keyword": lambda packet: png_with(png_text(b"xmp", packet, compressed=True)),
    "WebP": lambda packet: webp_with((b"XMP ", packet)),
    "GIF": lambda packet: gif_with(gifs.application(b"XMP DataXMP", gifs.in_blocks(packet))),
    "AVIF": lambda packet: avif_with(xmp=packet),
    "AVIF, box": lambda packet: avif_with(top=avifs.box(b"uuid", XMP_UUID + packet)),
    "TIFF": lambda packet: tiff_with({700: (1, packet)}),
    "JPEG, EXIF": lambda packet: EXIF_CARRIERS["JPEG"](tiff_block([(700, 1, len(packet), packet)])),
    "JPEG, Photoshop": lambda packet: pictures.jpeg(
        PHOTO, [pictures.photoshop_segment(pictures.resource(0x0424, packet))]
    ),
}

IPTC_CARRIERS: dict[str, Callable[[bytes], bytes]] = {
    "JPEG": lambda iptc: pictures.jpeg(PHOTO, [pictures.photoshop_segment(pictures.resource(0x0404, iptc))]),
    "TIFF": lambda iptc: tiff_with({33723: (UNDEFINED, iptc)}),
    "TIFF, Photoshop": lambda iptc: tiff_with({34377: (UNDEFINED, pictures.resource(0x0404, iptc))}),
    "PNG": lambda iptc: png_with(raw_profile(b"iptc", iptc)),
    "GIF": lambda iptc: gif_with(gifs.application(b"MGKIPTC0000", gifs.in_blocks(iptc))),
    "GIF, 8BIM": lambda iptc: gif_with(
        gifs.application(b"MGK8BIM0000", gifs.in_blocks(pictures.resource(0x0404, iptc)))
    ),
    "WebP, EXIF": lambda iptc: EXIF_CARRIERS["WebP"](tiff_block([text_entry(33723, iptc)])),
}


def raw_profile(kind: bytes, profile: bytes) -> bytes:
    """Return a raw profile for a PNG as ImageMagick writes it."""
    digits = profile.hex().encode()
    lines = b"\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
    text = b"\n" + kind + b"\n" + str(len(profile)).rjust(8).encode() + b"\n" + lines + b"\n"
    return png_text(b"Raw profile type " + kind, text, compressed=True)


def said(data: bytes) -> bytes:
    """Return a file's bytes with compressed and hexadecimal parts decoded."""
    texts = [data]
    if data.startswith(b"\x89PNG"):
        texts += [_inflated(content) for _, content in pictures.png_chunks(data)]
    if data.startswith(b"GIF8"):
        texts += _sub_blocks(data)
    return b"".join(texts)


def _inflated(content: bytes) -> bytes:
    """Return the content of a chunk, inflated and decoded from hexadecimal digits."""
    at = content.find(b"\x78\x9c")
    text = content[:at] + zlib.decompress(content[at:]) if at >= 0 else content
    if text.startswith(b"Raw profile"):
        text += bytes.fromhex(b"".join(text.split(b"\n")[3:]).decode())
    return text


def _sub_blocks(data: bytes) -> list[bytes]:
    """Return the content of application extensions."""
    found = []
    at = data.find(b"\x21\xff\x0b")
    while at >= 0:
        start = at + 14
        content = b""
        while data[start]:
            content += data[start + 1 : start + 1 + data[start]]
            start += 1 + data[start]
        found.append(content)
        at = data.find(b"\x21\xff\x0b", start)
    return found
