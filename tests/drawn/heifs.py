"""HEIFs encoded by pillow-heif, the extra that also decodes them, with modified boxes."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from importlib.util import find_spec
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from zenoimg.imaging.formats.iso.boxes import boxes_in
from zenoimg.imaging.formats.iso.items import Item, read_items

IS_THERE = find_spec("pillow_heif") is not None
needs_heic = pytest.mark.skipif(not IS_THERE, reason="needs the extra heic")


def encoded(picture: Image.Image, *others: Image.Image, chroma: int = 420, **options: Any) -> bytes:
    """Encode pictures, the first one as the primary one."""
    import pillow_heif

    file, *rest = [pillow_heif.from_pillow(each) for each in (picture, *others)]
    encoded = BytesIO()
    options = {
        "quality": 90,
        "enc_params": {"preset": "ultrafast"},
        "append_images": [image for each in rest for image in each],
        **options,
    }
    file.save(encoded, chroma=chroma, **options)
    return encoded.getvalue()


def decoded(data: bytes) -> Image.Image:
    """Decode the primary picture as pillow-heif does."""
    import pillow_heif

    picture: Image.Image = pillow_heif.open_heif(data).to_pillow()
    return picture


def with_size(data: bytes, width: int, height: int) -> bytes:
    """Return a file whose boxes state a different size for every picture."""
    copy, at = bytearray(data), data.find(b"ispe")
    while at >= 0:
        struct.pack_into(">II", copy, at + 8, width, height)
        at = data.find(b"ispe", at + 4)
    return bytes(copy)


APPLE, SAMSUNG = "urn:com:apple:photo:2020:aux:hdrgainmap", "urn:com:samsung:photo:2024:aux:hdrgainmap"


def with_gain_map(
    picture: bytes, gain_map: bytes, kind: str, *, tone_map: bytes = b"", about: bytes = b"", exif: bytes = b""
) -> bytes:
    """Return a file of two coded pictures, the second one the gain map of the first, as phones write it.

    ``tone_map`` is the content of a tmap item, ``about`` the XMP of the map, ``exif`` a TIFF structure.
    """
    first, second = _coded(picture), _coded(gain_map)
    aux = (b"auxC", bytes(4) + kind.encode() + b"\0")
    entries: list[tuple[bytes, list[tuple[bytes, bytes]], bytes]] = [
        (b"hvc1", list(first.properties), first.content),
        (b"hvc1", [*second.properties, aux], second.content),
    ]
    references = [(b"auxl", 2, [1])]
    if tone_map:
        entries.append((b"tmap", [(b"ispe", first.property(b"ispe"))], tone_map))
        references.append((b"dimg", len(entries), [1, 2]))
    if about:
        entries.append((b"mime", [], about))
        references.append((b"cdsc", len(entries), [2]))
    if exif:
        entries.append((b"Exif", [], bytes(4) + exif))
        references.append((b"cdsc", len(entries), [1]))
    return _file(entries, references)


def with_properties(data: bytes, *properties: tuple[bytes, bytes]) -> bytes:
    """Return a file whose picture has further properties, after its own."""
    coded = _coded(data)
    return _file([(b"hvc1", [*coded.properties, *properties], coded.content)], [])


def grid_of(tile: bytes, columns: int, rows: int) -> bytes:
    """Return a file whose picture repeats one tile."""
    coded = _coded(tile)
    width, height = struct.unpack_from(">II", coded.property(b"ispe"), 4)
    size = columns * width, rows * height
    content = struct.pack(">BBBBII", 0, 1, rows - 1, columns - 1, *size)
    entries = [
        (b"grid", [(b"ispe", struct.pack(">III", 0, *size))], content),
        (b"hvc1", list(coded.properties), coded.content),
    ]
    return _file(entries, [(b"dimg", 1, [2] * (columns * rows))])


def with_exif(picture: bytes, *blocks: tuple[bytes, int]) -> bytes:
    """Return a file of a picture (item 1), a smaller one of it (item 2), and EXIF of the items with these numbers.

    Each block is a TIFF structure; one of item 0 does not state what it describes.
    """
    coded = _coded(picture)
    entries: list[tuple[bytes, list[tuple[bytes, bytes]], bytes]] = [(b"hvc1", list(coded.properties), coded.content)]
    entries = [*entries, *entries, *((b"Exif", [], bytes(4) + block) for block, _ in blocks)]
    about = [(b"cdsc", number, [item]) for number, (_, item) in enumerate(blocks, 3) if item]
    return _file(entries, [(b"thmb", 2, [1]), *about])


def with_gain_map_grid(
    picture: bytes,
    tile: bytes,
    columns: int,
    rows: int,
    about: bytes,
    *,
    size: tuple[int, ...] = (),
    says: tuple[int, ...] = (),
) -> bytes:
    """Return a file whose gain map, Apple's, repeats one tile.

    ``size`` is that of the grid, by default all of its tiles, and ``says`` that in its ``ispe``, by default the same.
    """
    first, second = _coded(picture), _coded(tile)
    width, height = struct.unpack_from(">II", second.property(b"ispe"), 4)
    size = size or (columns * width, rows * height)
    properties = [(b"ispe", struct.pack(">III", 0, *(says or size))), (b"auxC", bytes(4) + APPLE.encode() + b"\0")]
    entries: list[tuple[bytes, list[tuple[bytes, bytes]], bytes]] = [
        (b"hvc1", list(first.properties), first.content),
        (b"grid", properties, struct.pack(">BBBBII", 0, 1, rows - 1, columns - 1, *size)),
        (b"hvc1", list(second.properties), second.content),
        (b"mime", [], about),
    ]
    return _file(entries, [(b"auxl", 2, [1]), (b"dimg", 2, [3] * (columns * rows)), (b"cdsc", 4, [2])])


def _coded(data: bytes) -> Item:
    items = read_items(data, next(box for box in boxes_in(data, 0, len(data)) if box.kind == b"meta"))
    return items.by_number[items.primary]


def _box(kind: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _file(
    entries: Sequence[tuple[bytes, list[tuple[bytes, bytes]], bytes]],
    references: Sequence[tuple[bytes, int, list[int]]],
) -> bytes:
    known = list(dict.fromkeys(each for _, properties, _ in entries for each in properties))
    associated = b"".join(
        struct.pack(">HB", number, len(properties)) + bytes(known.index(each) + 1 for each in properties)
        for number, (_, properties, _) in enumerate(entries, 1)
        if properties
    )
    infos = b"".join(
        _box(
            b"infe",
            struct.pack(">BxxxHH4sx", 2, number, 0, kind),
            b"application/rdf+xml\0" if kind == b"mime" else b"",
        )
        for number, (kind, _, _) in enumerate(entries, 1)
    )
    links = b"".join(_box(kind, struct.pack(f">HH{len(to)}H", source, len(to), *to)) for kind, source, to in references)

    def meta(start: int) -> bytes:
        places, at = b"", start
        for number, (_, _, content) in enumerate(entries, 1):
            places += struct.pack(">HHHHII", number, 0, 0, 1, at, len(content))
            at += len(content)
        return _box(
            b"meta",
            bytes(4),
            _box(b"hdlr", bytes(8), b"pict", bytes(13)),
            _box(b"pitm", struct.pack(">IH", 0, 1)),
            _box(b"iinf", struct.pack(">IH", 0, len(entries)), infos),
            _box(b"iref", bytes(4), links),
            _box(
                b"iprp",
                _box(b"ipco", *(_box(*each) for each in known)),
                _box(b"ipma", struct.pack(">II", 0, sum(bool(properties) for _, properties, _ in entries)), associated),
            ),
            _box(b"iloc", struct.pack(">BxxxBBH", 1, 0x44, 0, len(entries)), places),
        )

    head = _box(b"ftyp", b"heic", bytes(4), b"mif1heic")
    start = len(head) + len(meta(0)) + 8
    return head + meta(start) + _box(b"mdat", *(content for _, _, content in entries))
