"""Write AVIFs with given boxes around pictures that Pillow encoded, and read the boxes of a copy."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any

from PIL import Image

Property = tuple[bytes, bytes]
"""A property's kind and content."""

INNER = {b"meta": 4, b"iprp": 0, b"ipco": 0, b"moov": 0, b"trak": 0, b"mdia": 0, b"minf": 0, b"stbl": 0, b"edts": 0}
INNER |= {b"stsd": 8, b"av01": 78}


def encoded(picture: Image.Image, **options: Any) -> bytes:
    """Encode a picture as Pillow does."""
    file = BytesIO()
    picture.save(file, "AVIF", **{"speed": 10, "max_threads": 1, "quality": 90, **options})
    return file.getvalue()


def sequence(pictures: Sequence[Image.Image], durations: Sequence[int], **options: Any) -> bytes:
    """Encode an animation as Pillow does."""
    rest = list(pictures[1:])
    return encoded(pictures[0], save_all=True, append_images=rest, duration=list(durations), **options)


def boxes(data: bytes, at: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """Yield all boxes: kind, and start and end of the content."""
    end = len(data) if end is None else end
    while at + 8 <= end:
        length, kind = struct.unpack_from(">I4s", data, at)
        yield kind, at + 8, at + length
        if kind in INNER:
            yield from boxes(data, at + 8 + INNER[kind], at + length)
        at += length


def contents(data: bytes, kind: bytes) -> list[bytes]:
    """Return the contents of all boxes of a kind."""
    return [data[start:end] for found, start, end in boxes(data) if found == kind]


def changed(data: bytes, kind: bytes, offset: int, content: bytes) -> bytes:
    """Return a file with bytes of every box of a kind replaced."""
    copy = bytearray(data)
    for found, start, _ in boxes(data):
        if found == kind:
            copy[start + offset : start + offset + len(content)] = content
    return bytes(copy)


def avif(
    picture: Image.Image,
    properties: Sequence[Property] = (),
    items: Sequence[tuple[bytes, bytes]] = (),
    *,
    brands: bytes = b"avif\0\0\0\0avifmif1miaf",
    top: bytes = b"",
    **options: Any,
) -> bytes:
    """Write a picture as the first item, with these properties besides its own, and further items after it.

    ``items`` are kinds and contents; an ``Exif`` item's content begins with the four bytes of its offset.
    """
    source = encoded(picture, **options)
    own = [
        (kind, source[start:end]) for kind, start, end in boxes(source) if kind in (b"ispe", b"pixi", b"av1C", b"colr")
    ]
    properties = [*own[:4], *properties]
    (coded,) = contents(source, b"mdat")
    every = [(b"av01", coded), *items]
    head = box(b"ftyp", brands) + top
    without_offsets = _meta(every, properties, [0] * len(every))
    at = len(head) + len(without_offsets) + 8
    offsets = [at + sum(len(content) for _, content in every[:index]) for index in range(len(every))]
    return head + _meta(every, properties, offsets) + box(b"mdat", b"".join(content for _, content in every))


def grid(cells: Sequence[Image.Image], columns: int, alpha: Sequence[Image.Image] = (), **options: Any) -> bytes:
    """Write a picture as a grid of equally large cells, row by row (ISO/IEC 23008-12, 6.6.2.3); equal ones once.

    ``alpha`` are the cells of a second grid, which is the alpha of the first; ``options`` are those of ``encoded``.
    """
    grids = [cells, alpha] if alpha else [cells]
    files = [[encoded(cell, **options) for cell in each] for each in grids]
    rows, (width, height) = len(cells) // columns, cells[0].size
    tables = bytes((0, 0, rows - 1, columns - 1)) + struct.pack(">HH", columns * width, rows * height)
    urn = bytes(4) + b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0"
    properties = [(b"ispe", struct.pack(">III", 0, columns * width, rows * height)), (b"auxC", urn)]
    items: list[tuple[bytes, bytes, bytes]] = []
    references = []
    for number, each in enumerate(files):
        own = [(kind, each[0][start:end]) for kind, start, end in boxes(each[0])]
        at = len(properties)
        properties += [pair for pair in own if pair[0] in (b"ispe", b"av1C", b"pixi")]
        indices = bytes(range(at + 1, len(properties) + 1))
        pixi = next(index for index in indices if properties[index - 1][0] == b"pixi")
        first = len(items) + 1
        items.append((b"grid", tables, bytes((1, pixi, 2) if number else (1, pixi))))
        items += [(b"av01", contents(file, b"mdat")[0], indices) for file in each]
        tiles = range(first + 1, len(items) + 1)
        references.append(box(b"dimg", struct.pack(f">HH{len(tiles)}H", first, len(tiles), *tiles)))
    if alpha:
        references.append(box(b"auxl", struct.pack(">HHH", len(cells) + 2, 1, 1)))
    head = box(b"ftyp", b"avif\0\0\0\0avifmif1miaf")
    media = b"".join(dict.fromkeys(content for _, content, _ in items))
    begin = len(head) + len(_grid_meta(items, properties, references, media, 0)) + 8
    return head + _grid_meta(items, properties, references, media, begin) + box(b"mdat", media)


def _grid_meta(
    items: Sequence[tuple[bytes, bytes, bytes]],
    properties: Sequence[Property],
    references: Sequence[bytes],
    media: bytes,
    begin: int,
) -> bytes:
    places, infos, associations = b"", b"", b""
    for number, (kind, content, indices) in enumerate(items, 1):
        places += struct.pack(">HHHII", number, 0, 1, begin + media.index(content), len(content))
        infos += box(b"infe", struct.pack(">IHH4s", 2 << 24, number, 0, kind) + b"\0")
        essential = bytes(index | 0x80 * (properties[index - 1][0] == b"av1C") for index in indices)
        associations += struct.pack(">HB", number, len(indices)) + essential
    content = box(b"hdlr", bytes(8) + b"pict" + bytes(13)) + box(b"pitm", struct.pack(">IH", 0, 1))
    content += box(b"iloc", struct.pack(">IBBH", 0, 0x44, 0, len(items)) + places)
    content += box(b"iinf", struct.pack(">IH", 0, len(items)) + infos) + box(b"iref", bytes(4) + b"".join(references))
    container = box(b"ipco", b"".join(box(kind, content) for kind, content in properties))
    ipma = box(b"ipma", struct.pack(">II", 0, len(items)) + associations)
    return box(b"meta", bytes(4) + content + box(b"iprp", container + ipma))


def box(kind: bytes, content: bytes) -> bytes:
    """Write one box."""
    return struct.pack(">I4s", len(content) + 8, kind) + content


def _meta(items: Sequence[tuple[bytes, bytes]], properties: Sequence[Property], offsets: Sequence[int]) -> bytes:
    handler = box(b"hdlr", bytes(8) + b"pict" + bytes(13))
    primary = box(b"pitm", struct.pack(">IH", 0, 1))
    places = b"".join(
        struct.pack(">HHHII", number, 0, 1, offset, len(content))
        for number, ((_, content), offset) in enumerate(zip(items, offsets, strict=True), 1)
    )
    locations = box(b"iloc", struct.pack(">IBBH", 0, 0x44, 0, len(items)) + places)
    infos = b"".join(
        box(b"infe", struct.pack(">IHH4s", 2 << 24, number, 0, kind) + b"\0")
        for number, (kind, _) in enumerate(items, 1)
    )
    references = b"".join(box(b"cdsc", struct.pack(">HHH", number, 1, 1)) for number in range(2, len(items) + 1))
    container = box(b"ipco", b"".join(box(kind, content) for kind, content in properties))
    indices = bytes(
        index | 0x80 * (properties[index - 1][0] in (b"av1C", b"irot", b"imir", b"clap"))
        for index in range(1, len(properties) + 1)
    )
    associations = box(b"ipma", struct.pack(">IIHB", 0, 1, 1, len(indices)) + indices)
    content = handler + primary + locations + box(b"iinf", struct.pack(">IH", 0, len(items)) + infos)
    content += box(b"iref", bytes(4) + references) if references else b""
    return box(b"meta", bytes(4) + content + box(b"iprp", container + associations))
