"""Under no policy do copies contain a picture besides their own pixels: EXIF, XMP, IPTC and Photoshop resources."""

from __future__ import annotations

import struct

import pytest

from tests.drawn import pictures
from tests.drawn.tiffs import UNDEFINED
from tests.unit.imaging.metadata import blocks
from tests.unit.imaging.metadata.blocks import (
    ASCII,
    EXIF_CARRIERS,
    IPTC_CARRIERS,
    LONG,
    PHOTO,
    PNG_PREVIEW,
    PREVIEW,
    PROGRESSIVE,
    XMP_CARRIERS,
    in_base64,
    maker_note,
    text_entry,
    tiff_block,
)
from tests.unit.imaging.metadata.carving import assert_none_is_left
from zenoimg.imaging import Recipe, watermark
from zenoimg.imaging.recipe import MetadataPolicy


def pointing(data: bytes) -> list[blocks.Entry]:
    return [(0x0201, LONG, 1, b"tail"), (0x0202, LONG, 1, struct.pack(">I", len(data)))]


NIKON = b"Nikon\0\x02\x10\0\0MM\0*\0\0\0\x08" + struct.pack(">HHHIII", 1, 0x0011, 4, 1, 26, 0)
NIKON += struct.pack(">HHHIIHHIII", 2, 0x0201, 4, 1, 56, 0x0202, 4, 1, len(PREVIEW), 0) + PREVIEW
WITHOUT_END = PREVIEW[: len(PREVIEW) * 2 // 3]
HALF = len(PREVIEW) // 2

HIDDEN_IN_EXIF = {
    "first directory": tiff_block(pointing(PREVIEW), tail=PREVIEW),
    "third directory": tiff_block(behind=[[(0x0103, 3, 1, b"\0\6")], pointing(PREVIEW)], tail=PREVIEW),
    "Exif directory": tiff_block(exif=pointing(PREVIEW), tail=PREVIEW),
    "directory of pages inside": tiff_block([(0x014A, LONG, 1, b"tail")], tail=PREVIEW),
    "damaged second directory": tiff_block(behind=[[(0x0201, ASCII, 1, b"tail")]], tail=PREVIEW),
    "Nikon's preview directory": maker_note(NIKON),
    "maker's notes": maker_note(b"MAKER\0\0\0" + PREVIEW + b"more"),
    "maker's notes at an odd offset": maker_note(b"MAKER\0\0" + PREVIEW),
    "maker's notes, progressive": maker_note(b"MAKER" + PROGRESSIVE),
    "maker's notes, PNG": maker_note(b"MAKER" + PNG_PREVIEW),
    "maker's notes, no end marker": maker_note(b"MAKER" + WITHOUT_END),
    "maker's notes, two": maker_note(b"MAKER" + PREVIEW + b"and" + PROGRESSIVE),
    "behind all directories": tiff_block() + PREVIEW,
    "user comment": tiff_block(exif=[text_entry(0x9286, b"ASCII\0\0\0" + in_base64(PREVIEW).encode())]),
    "user comment in UTF-16": tiff_block(
        exif=[text_entry(0x9286, b"UNICODE\0" + in_base64(PREVIEW, 76).encode("utf-16-be"))]
    ),
    "XMP": tiff_block([text_entry(700, pictures.xmp(f'dc:x="{in_base64(PREVIEW)}"'))]),
    "IPTC": tiff_block([text_entry(33723, pictures.iptc((202, PREVIEW)))]),
    "Photoshop data": tiff_block([text_entry(34377, pictures.resource(0x0BB7, PREVIEW))]),
    "Photoshop's layers": tiff_block([text_entry(37724, b"Adobe Photoshop Document Data Block\0" + PREVIEW)]),
}


@pytest.mark.parametrize("carrier", EXIF_CARRIERS)
@pytest.mark.parametrize("place", HIDDEN_IN_EXIF)
def test_no_picture_is_left_in_exif(place: str, carrier: str) -> None:
    assert_none_is_left(EXIF_CARRIERS[carrier](HIDDEN_IN_EXIF[place]))


@pytest.mark.parametrize("policy", ["keep", "keep-no-gps", "keep-no-location"])
def test_pictures_in_exif_are_zeroed_so_that_offsets_stay_valid(policy: MetadataPolicy) -> None:
    block = maker_note(b"MAKER\0\0\0" + PREVIEW + b"offset-bound")
    done = watermark(EXIF_CARRIERS["JPEG"](block), Recipe(metadata=policy))
    ((_, kept),) = [segment for segment in pictures.jpeg_segments(done.data) if segment[0] == 0xE1]
    assert kept == b"Exif\0\0" + block.replace(PREVIEW, bytes(len(PREVIEW)))


def test_three_bytes_that_happen_to_look_like_a_signature_are_kept() -> None:
    block = maker_note(b"MAKER\xff\xd8\xff\xe0\0\x10JFIF" + bytes(range(200)))
    data = pictures.jpeg(PHOTO, [pictures.exif_segment(block), (0xE9, b"chance \xff\xd8\xff\xdb by chance")])
    done = watermark(data)
    assert block in done.data
    assert b"chance \xff\xd8\xff\xdb by chance" in done.data
    assert done.warnings == ()


def test_thumbnails_are_removed_without_a_warning() -> None:
    block = tiff_block(behind=[pointing(PREVIEW)], tail=PREVIEW)
    assert_none_is_left(EXIF_CARRIERS["JPEG"](block), named=False)
    assert watermark(EXIF_CARRIERS["JPEG"](block)).warnings == ()


GOOGLE_IMAGE, GOOGLE_DEPTH = "http://ns.google.com/photos/1.0/image/", "http://ns.google.com/photos/1.0/depthmap/"
LINES = in_base64(PREVIEW, 76)
PIECES = [in_base64(PREVIEW)[at : at + 400] for at in range(0, len(in_base64(PREVIEW)), 400)]
ELEMENTS = {
    "element": f"<dc:x>{in_base64(PREVIEW)}</dc:x>",
    "lines": f"<dc:x>{LINES}</dc:x>",
    "entities for line ends": f"<dc:x>{LINES}</dc:x>".replace("\n", "&#xA;"),
    "entity for the first character": f"<dc:x>&#x2F;{in_base64(PREVIEW)[1:]}</dc:x>",
    "CDATA": f"<dc:x><![CDATA[{in_base64(PREVIEW)}]]></dc:x>",
    "data URI": f"<dc:x>data:image/jpeg;base64,{in_base64(PREVIEW)}</dc:x>",
    "PNG": f"<dc:x>{in_base64(PNG_PREVIEW)}</dc:x>",
    "behind one byte": f"<dc:x>{in_base64(b'!' + PREVIEW)}</dc:x>",
    "behind two bytes": f"<dc:x>{in_base64(b'!!' + PREVIEW)}</dc:x>",
    "for URLs": f"<dc:x>{in_base64(PREVIEW).replace('+', '-').replace('/', '_')}</dc:x>",
    "list": f"<dc:x><rdf:Seq><rdf:li>{in_base64(PREVIEW)}</rdf:li></rdf:Seq></dc:x>",
    "pieces": f"<dc:x><rdf:Seq>{''.join(f'<rdf:li>{piece}</rdf:li>' for piece in PIECES)}</rdf:Seq></dc:x>",
    "hexadecimal": f"<dc:x>{PREVIEW.hex()}</dc:x>",
    "structure": f'<dc:x rdf:parseType="Resource"><dc:y>{in_base64(PREVIEW)}</dc:y></dc:x>',
    "comment": f"<!-- {in_base64(PREVIEW)} -->",
    "GImage": f'<g:Data xmlns:g="{GOOGLE_IMAGE}">{in_base64(PREVIEW)}</g:Data>',
    "GDepth": f'<g:Data xmlns:g="{GOOGLE_DEPTH}">{in_base64(PNG_PREVIEW)}</g:Data>',
}


@pytest.mark.parametrize("kind", ELEMENTS)
def test_no_picture_is_left_in_xmp_whatever_the_name_of_its_property(kind: str) -> None:
    packet = pictures.xmp('dc:format="x"', ELEMENTS[kind] + "<dc:rights>(c) zeno</dc:rights>")
    done = watermark(XMP_CARRIERS["JPEG"](packet))
    assert done.warnings == ("a picture inside XMP was left out",)
    assert b"dc:x" not in done.data or kind in ("structure",)
    for piece in (*PIECES[:2], PNG_PREVIEW.hex()[:60], PREVIEW.hex()[:60], in_base64(PNG_PREVIEW)[:60]):
        assert piece.encode() not in done.data
    if kind != "comment":
        assert b"(c) zeno" in done.data


@pytest.mark.parametrize("carrier", XMP_CARRIERS)
@pytest.mark.parametrize("kind", ["element", "attribute", "lines"])
def test_no_picture_is_left_in_xmp_in_any_format(carrier: str, kind: str) -> None:
    attribute = f'dc:x="{in_base64(PREVIEW)}"' if kind == "attribute" else 'dc:format="x"'
    assert_none_is_left(XMP_CARRIERS[carrier](pictures.xmp(attribute, ELEMENTS.get(kind, ""))))


def test_thumbnails_are_removed_from_xmp_inside_photoshop_data() -> None:
    item = f"<rdf:li><g:image xmlns:g='http://ns.adobe.com/xap/1.0/g/img/'>{in_base64(PREVIEW)}</g:image></rdf:li>"
    packet = pictures.xmp("", f"<xmp:Thumbnails><rdf:Alt>{item}</rdf:Alt></xmp:Thumbnails>")
    assert_none_is_left(XMP_CARRIERS["JPEG, Photoshop"](packet), named=False)


IN_IPTC = {
    "preview": pictures.iptc((200, b"\0\x0b"), (201, b"\0\1"), (202, PREVIEW)),
    "caption": pictures.iptc((120, PREVIEW)),
    "caption in base64": pictures.iptc((120, in_base64(PREVIEW).encode())),
    "object data": struct.pack(">BBBH", 0x1C, 8, 10, len(PREVIEW)) + PREVIEW,
    "object data in pieces": b"".join(
        struct.pack(">BBBH", 0x1C, 8, 10, len(part)) + part for part in (PREVIEW[:HALF], PREVIEW[HALF:])
    ),
    "long length": b"\x1c\2\xca\x80\4" + struct.pack(">I", len(PREVIEW)) + PREVIEW,
}


@pytest.mark.parametrize("carrier", IPTC_CARRIERS)
@pytest.mark.parametrize("kind", IN_IPTC)
def test_no_picture_is_left_in_iptc(kind: str, carrier: str) -> None:
    assert_none_is_left(IPTC_CARRIERS[carrier](IN_IPTC[kind] + pictures.iptc((116, b"(c) zeno"))))


THUMBNAIL_RESOURCE = struct.pack(">IIIIIIHH", 1, 48, 32, 144, 4608, len(PREVIEW), 24, 1) + PREVIEW


@pytest.mark.parametrize("number", [0x0409, 0x040C, 0x0BB7, 0x0FA0, 0x040F])
def test_no_picture_is_left_in_photoshop_resources(number: int) -> None:
    resources = pictures.resource(number, THUMBNAIL_RESOURCE) + pictures.resource(0x03ED, b"resolution")
    for source in (
        pictures.jpeg(PHOTO, [pictures.photoshop_segment(resources)]),
        blocks.tiff_with({34377: (UNDEFINED, resources)}),
        blocks.png_with(blocks.raw_profile(b"8bim", resources)),
    ):
        assert_none_is_left(source, named=number not in (0x0409, 0x040C))
        assert (
            b"resolution".hex().encode() in watermark(source).data
            or b"resolution" in watermark(source).data
            or (source.startswith(b"\x89PNG"))
        )
