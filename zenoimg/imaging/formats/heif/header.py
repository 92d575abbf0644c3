"""Read the header of a HEIF from its boxes before any pixel is decoded."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice

from zenoimg.imaging.errors import Refused
from zenoimg.imaging.formats.heif.hevc import Hevc, read_configuration
from zenoimg.imaging.formats.iso.boxes import MOST_BOXES, Box, boxes_in, walk
from zenoimg.imaging.formats.iso.items import Item, Items, read_items
from zenoimg.imaging.marking.placement import Size
from zenoimg.imaging.metadata.credentials import is_credentials_box

UNSPECIFIED = 2
_MOST_TILES = 1_000
"""libheif rejects files with more items."""


ALPHA = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1")
GAIN_MAPS = (b"urn:com:apple:photo:2020:aux:hdrgainmap", b"urn:com:samsung:photo:2024:aux:hdrgainmap")
_CODINGS = {
    b"av01": "AV1",
    b"avc1": "AVC",
    b"jpeg": "JPEG",
    b"j2k1": "JPEG 2000",
    b"vvc1": "VVC",
    b"unci": "uncompressed pixels",
    b"iovl": "a picture composed of others (iovl)",
    b"iden": "a picture derived from another one (iden)",
}
_VIDEO_BOXES = (b"mpvd", b"moov")


@dataclass(frozen=True)
class HeifHeader:
    """The header of a HEIF.

    ``size`` is the size of the picture as shown, rotated and cropped; ``coded`` holds the sizes of all coded pictures,
    tiles and alpha included. ``primaries`` and ``transfer`` are the code points in nclx (ITU-T H.273),
    ``UNSPECIFIED`` without nclx. ``exif`` is a TIFF structure or empty, and ``not_kept`` names what the copy cannot
    keep, besides metadata. ``is_signed`` is set if there are Content Credentials.
    """

    size: Size
    coded: tuple[Size, ...]
    sampling: str
    depth: int
    has_alpha: bool
    profile: bytes
    primaries: int
    transfer: int
    exif: bytes
    xmp: bytes
    items: Items
    not_kept: tuple[str, ...]
    is_signed: bool

    @property
    def coded_pixels(self) -> int:
        """The total number of coded pixels."""
        return sum(width * height for width, height in self.coded)


def read_header(data: bytes) -> HeifHeader:
    """Return the header of a file. Raises ``Refused``: ``corrupt`` or ``unsupported-format``."""
    try:
        return _read(data)
    except (struct.error, ValueError, IndexError, KeyError) as failure:
        raise Refused("corrupt", f"the HEIF's boxes are damaged: {failure}") from failure


def _read(data: bytes) -> HeifHeader:
    top = boxes_in(data, 0, len(data))
    if len(list(islice(walk(data), MOST_BOXES + 1))) > MOST_BOXES:
        raise Refused("corrupt", f"the HEIF has more than {MOST_BOXES:,} boxes")
    meta = next((box for box in top if box.kind == b"meta"), None)
    items = read_items(data, meta) if meta else Items({}, 0, ())
    picture = items.by_number.get(items.primary)
    if picture is None:
        if any(box.kind == b"moov" for box in top):
            raise Refused("unsupported-format", "a HEIF with a sequence alone is not supported; one with a picture is")
        raise Refused("corrupt", "the HEIF holds no picture")
    pictures = _coded_parts(items, picture)
    alpha = [item for item in _auxiliary(items, picture.number) if item.property(b"auxC").rstrip(b"\0").endswith(ALPHA)]
    codings = [read_configuration(item.property(b"hvcC")) for item in pictures]
    of_alpha = [read_configuration(part.property(b"hvcC")) for item in alpha for part in _coded_parts(items, item)]
    colours = [content for item in (picture, *pictures) for kind, content in item.properties if kind == b"colr"]
    primaries, transfer = _code_points(colours)
    return HeifHeader(
        shown_size(picture),
        tuple(coding.size for coding in (*codings, *of_alpha)),
        codings[0].sampling,
        max(coding.depth for coding in codings),
        bool(alpha),
        next((content[4:] for content in colours if content[:4] in (b"prof", b"rICC")), b""),
        primaries,
        transfer,
        _exif(items),
        _xmp(items),
        items,
        tuple(_not_kept(data, items, picture, codings, top)),
        any(box.kind == b"uuid" and is_credentials_box(data, box.start, box.end) for box in top),
    )


def _coded_parts(items: Items, picture: Item) -> list[Item]:
    """Return the coded pictures that make up a picture, each as many times as it is shown."""
    if picture.kind != b"grid":
        _check_coding(picture)
        return [picture]
    numbers = [
        to for kind, source, tos in items.references if (kind, source) == (b"dimg", picture.number) for to in tos
    ]
    rows, columns = picture.content[2] + 1, picture.content[3] + 1
    if rows * columns != len(numbers) or len(numbers) > _MOST_TILES:
        raise ValueError(f"a grid of {rows} x {columns} has {len(numbers)} tiles")
    tiles = [items.by_number[number] for number in numbers]
    for tile in tiles[:1] if len(set(numbers)) == 1 else tiles:
        _check_coding(tile)
    _check_grid(grid_size(picture), columns, rows, read_configuration(tiles[0].property(b"hvcC")).size)
    return tiles


def grid_size(grid: Item) -> Size:
    """Return the output size that a grid declares (ISO/IEC 23008-12, 6.6.2.3)."""
    width, height = struct.unpack_from(">II" if grid.content[1] & 1 else ">HH", grid.content, 4)
    return width, height


def _check_grid(size: Size, columns: int, rows: int, tile: Size) -> None:
    """Raise ``ValueError`` when tiles lie outside the picture, since each costs time (ISO/IEC 23008-12, 6.6.2.3)."""
    width, height = size
    if (columns - 1) * tile[0] >= width or (rows - 1) * tile[1] >= height:
        raise ValueError(f"tiles are outside of a picture of {width} x {height}")


def _check_coding(item: Item) -> None:
    if item.kind != b"hvc1":
        name = _CODINGS.get(item.kind, f"{item.kind.decode('latin-1')!r}")
        raise Refused("unsupported-format", f"HEIF with {name} is not supported; HEIF with HEVC (HEIC) is")


def _auxiliary(items: Items, number: int) -> list[Item]:
    """Return the auxiliary pictures of an item."""
    sources = [source for kind, source, tos in items.references if kind == b"auxl" and number in tos]
    return [items.by_number[source] for source in sources if source in items.by_number]


def shown_size(item: Item) -> Size:
    """Return a picture's size after cropping and rotation, applied in file order (ISO/IEC 23008-12, 6.5)."""
    width, height = struct.unpack_from(">II", item.property(b"ispe"), 4)
    for kind, content in item.properties:
        if kind == b"irot" and content[0] & 1:
            width, height = height, width
        if kind == b"clap":
            across, over_across, down, over_down = struct.unpack_from(">4I", content)
            width = min(width, -(-Fraction(across, max(1, over_across)) // 1))
            height = min(height, -(-Fraction(down, max(1, over_down)) // 1))
    if width * height == 0:
        raise ValueError("the picture has no pixels")
    return int(width), int(height)


def _code_points(colours: list[bytes]) -> tuple[int, int]:
    for content in colours:
        if content[:4] == b"nclx":
            primaries, transfer = struct.unpack_from(">HH", content, 4)
            return primaries, transfer
    return UNSPECIFIED, UNSPECIFIED


def _exif(items: Items) -> bytes:
    """Return the TIFF structure, which follows a four-byte offset (ISO/IEC 23008-12, A.2.1)."""
    content = _of_picture(items, items.of_kind(b"Exif"))
    return content[4 + int.from_bytes(content[:4], "big") :]


def _xmp(items: Items) -> bytes:
    return _of_picture(items, _packets(items))


def _of_picture(items: Items, descriptions: list[Item]) -> bytes:
    """Return the first content that describes the primary picture, or else one that references no picture."""
    describing = {source for kind, source, _ in items.references if kind == b"cdsc"}
    others = [item.content for item in descriptions if item.number not in describing]
    return _describing(items, items.primary, descriptions) or next(iter(others), b"")


def packet_of(items: Items, number: int) -> bytes:
    """Return the XMP packet that describes an item, or empty bytes."""
    return _describing(items, number, _packets(items))


def _describing(items: Items, number: int, descriptions: list[Item]) -> bytes:
    describing = {source for kind, source, to in items.references if kind == b"cdsc" and number in to}
    return next((item.content for item in descriptions if item.number in describing), b"")


def _packets(items: Items) -> list[Item]:
    return [item for item in items.of_kind(b"mime") if b"<x:xmpmeta" in item.content or b"<rdf:RDF" in item.content]


def coded_sizes(items: Items, item: Item) -> list[Size]:
    """Return the sizes in the coded data of a picture: its own, or those of its tiles.

    Raises ``Refused`` and what ``read_configuration`` raises.
    """
    return [read_configuration(part.property(b"hvcC")).size for part in _coded_parts(items, item)]


def _not_kept(data: bytes, items: Items, picture: Item, codings: list[Hevc], top: list[Box]) -> Iterator[str]:
    if codings[0].depth > 8:
        yield f"{codings[0].depth} bits per sample cannot be written and were converted to 8: finer shades are lost"
    others = _other_pictures(items, picture)
    if others:
        what = "another picture" if others == 1 else f"{others} other pictures"
        yield f"the file holds {what} besides its primary one, left out"
    names = [item.property(b"auxC")[4:].rstrip(b"\0") for item in items.by_number.values() if item.property(b"auxC")]
    if any(name not in (*ALPHA, *GAIN_MAPS) for name in names):
        yield "a depth map or another auxiliary picture was left out"
    pasp = picture.property(b"pasp")
    if pasp[:4] != pasp[4:8]:
        yield "pixels that are not square (pasp) cannot be written and were made square"
    if any(box.kind in _VIDEO_BOXES for box in top):
        yield "the video or the sequence in the file was left out"


def _other_pictures(items: Items, picture: Item) -> int:
    """Return how many independent pictures the file holds besides the primary one."""
    belonging = {picture.number}
    for kind, source, tos in items.references:
        if kind in (b"auxl", b"thmb"):
            belonging.add(source)
        if kind == b"dimg":
            belonging.update(tos)
    pictures = [item for item in items.by_number.values() if item.kind in (b"hvc1", b"grid", *_CODINGS)]
    return sum(item.number not in belonging for item in pictures)
