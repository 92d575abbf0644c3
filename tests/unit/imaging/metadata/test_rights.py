"""Rights are kept when metadata is stripped, and written into copies of originals that state none."""

from __future__ import annotations

import hashlib
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from tests.drawn import avifs, gifs, pictures
from tests.drawn.tiffs import UNDEFINED
from tests.unit.imaging.metadata import blocks
from tests.unit.imaging.metadata.blocks import (
    ASCII,
    EXIF_CARRIERS,
    PHOTO,
    XMP_CARRIERS,
    maker_note,
    said,
    tiff_block,
)
from zenoimg.imaging import Recipe, RecipeError, Watermarked, watermark
from zenoimg.imaging.metadata.policy import RIGHTS_TEXTS, Rights

RIGHTS = Rights(
    copyright="© 2026 Zeno & Söhne",
    creator="A. Author",
    credit="Zeno/Agency",
    usage_terms="Editorial <only>",
    licensor_url="https://example.com/licence?a=1&b=2",
)


def plain(kind: str) -> bytes:
    file = BytesIO()
    PHOTO.save(file, kind)
    return file.getvalue()


def stamped(data: bytes, rights: Rights = RIGHTS, **recipe: Any) -> Watermarked:
    return watermark(data, Recipe(rights=rights, **recipe))


def exif_of(data: bytes) -> dict[int, str]:
    tags = blocks.decoded(data).getexif()
    return {tag: tags[tag] for tag in (0x013B, 0x8298) if tag in tags}


def xmp_text(data: bytes) -> str:
    return str(blocks.decoded(data).getxmp())


def iptc_of(data: bytes) -> dict[tuple[int, int], bytes]:
    from PIL import IptcImagePlugin

    found = IptcImagePlugin.getiptcinfo(blocks.decoded(data)) or {}  # type: ignore[arg-type]
    return {key: value for key, value in found.items() if isinstance(value, bytes)}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
@pytest.mark.parametrize("policy", ["keep", "keep-no-location", "strip"])
def test_copies_of_originals_without_rights_state_all_configured_ones(kind: str, policy: Any) -> None:
    done = stamped(plain(kind), metadata=policy)
    assert exif_of(done.data) == {0x013B: "A. Author", 0x8298: "© 2026 Zeno & Söhne".encode().decode("latin-1")} or (
        exif_of(done.data) == {0x013B: "A. Author", 0x8298: "© 2026 Zeno & Söhne"}
    )
    said = xmp_text(done.data)
    for text in ("© 2026 Zeno & Söhne", "A. Author", "Zeno/Agency", "Editorial <only>", RIGHTS.licensor_url):
        assert text is not None
        assert text in said
    if kind in ("JPEG", "TIFF"):
        iptc = iptc_of(done.data)
        assert iptc[(2, 116)] == "© 2026 Zeno & Söhne".encode()
        assert (iptc[(2, 80)], iptc[(2, 110)], iptc[(1, 90)]) == (b"A. Author", b"Zeno/Agency", b"\x1b%G")
    assert done.warnings == ()


def test_a_gif_states_rights_in_xmp() -> None:
    done = stamped(blocks.gif_with(gifs.loops(0)))
    assert "© 2026 Zeno &amp; Söhne".encode() in done.data
    assert b"Editorial &lt;only&gt;" in done.data
    assert blocks.decoded(done.data).info["loop"] == 0


def test_a_bmp_cannot_state_rights_and_this_is_reported() -> None:
    assert stamped(plain("BMP")).warnings == ("the rights were not written: BMP has no place for them",)
    assert watermark(plain("BMP")).warnings == ()


STATES = {
    "EXIF": EXIF_CARRIERS["JPEG"](tiff_block([(0x8298, ASCII, 6, b"other\0")])),
    "IPTC": pictures.jpeg(
        PHOTO, [pictures.photoshop_segment(pictures.resource(0x0404, pictures.iptc((116, b"other"), (120, b"text"))))]
    ),
    "XMP": XMP_CARRIERS["JPEG"](pictures.xmp('dc:rights="other"')),
    "XMP, element": XMP_CARRIERS["JPEG"](pictures.xmp("", "<dc:rights>other</dc:rights>")),
    "XMP inside EXIF": XMP_CARRIERS["JPEG, EXIF"](pictures.xmp("", "<dc:rights>other</dc:rights>")),
    "PNG": blocks.png_with(pictures.chunk(b"tEXt", b"Copyright\0other")),
    "WebP": XMP_CARRIERS["WebP"](pictures.xmp('dc:rights="other"')),
    "AVIF": XMP_CARRIERS["AVIF"](pictures.xmp('dc:rights="other"')),
    "TIFF": blocks.tiff_with({33432: (ASCII, b"other\0")}),
    "TIFF, IPTC": blocks.tiff_with({33723: (UNDEFINED, pictures.iptc((116, b"other")))}),
}


@pytest.mark.parametrize("kind", STATES)
def test_rights_stated_anywhere_in_an_original_are_kept_and_not_contradicted(kind: str) -> None:
    done = stamped(STATES[kind], Rights(copyright="ours", credit="our credit"))
    assert b"other" in done.data
    assert b"ours" not in done.data
    assert b"our credit" in done.data


@pytest.mark.parametrize("kind", [kind for kind in STATES if "inside" not in kind])
def test_overwrite_replaces_the_rights_of_an_original(kind: str) -> None:
    done = stamped(STATES[kind], Rights(copyright="ours", overwrite=True))
    assert b"ours" in done.data
    assert b"other" not in done.data
    blocks.decoded(done.data)


def test_stamping_exif_moves_nothing_in_it() -> None:
    block = pictures.exif(6, maker_note=True, order=">")
    done = stamped(EXIF_CARRIERS["JPEG"](block), Rights(copyright="© Zeno", creator="ab"))
    ((_, kept),) = [s for s in pictures.jpeg_segments(done.data) if s[1].startswith(b"Exif")]
    assert kept[6:].index(pictures.MAKER_NOTE) == block.index(pictures.MAKER_NOTE)
    tags = blocks.decoded(done.data).getexif()
    assert (tags[0x0112], tags[0x010F], tags[0x013B]) == (6, "Zeno Optics", "ab")
    assert tags.get_ifd(0x8769)[0x9003] == "2025:06:12 15:25:14"
    assert tags.get_ifd(0x8769)[0x927C] == pictures.MAKER_NOTE
    assert (done.width, done.height) == (64, 96)


def test_stamped_xmp_keeps_all_existing_bytes() -> None:
    packet = pictures.xmp('rdf:about="uuid:1"'.replace("rdf:about", "dc:source"), "<dc:title>a title</dc:title>")
    done = stamped(XMP_CARRIERS["JPEG"](packet), Rights(credit="Zeno"))
    at = packet.index(b"<rdf:Description")
    assert packet[:at] in done.data
    assert packet[at:] in done.data
    assert "a title" in xmp_text(done.data)


def test_the_digest_of_stamped_iptc_is_right() -> None:
    old = pictures.iptc((120, b"caption"))
    resources = pictures.resource(0x0404, old) + pictures.resource(0x0425, hashlib.md5(old).digest())
    done = stamped(pictures.jpeg(PHOTO, [pictures.photoshop_segment(resources)]), Rights(credit="Zeno"))
    kept = blocks.decoded(done.data).info["photoshop"]
    assert kept[0x0425] == hashlib.md5(kept[0x0404]).digest()
    assert iptc_of(done.data)[(2, 120)] == b"caption"


def test_iptc_texts_are_truncated_to_its_lengths_in_its_encoding() -> None:
    long = Rights(copyright="é" * 100, creator="ü" * 40)
    iptc = iptc_of(stamped(plain("JPEG"), long).data)
    assert iptc[(2, 116)] == ("é" * 64).encode()
    assert iptc[(2, 80)] == ("ü" * 16).encode()
    latin = blocks.tiff_with({33723: (UNDEFINED, pictures.iptc((120, "caf\xe9".encode("latin-1"))))})
    assert iptc_of(stamped(latin, Rights(copyright="© é")).data)[(2, 116)] == "© é".encode("latin-1")
    assert "é" * 100 in xmp_text(stamped(plain("JPEG"), long).data)


def test_stamping_twice_changes_nothing() -> None:
    once = stamped(plain("PNG")).data
    twice = stamped(once).data
    assert once.count(b"Zeno/Agency") == twice.count(b"Zeno/Agency") == 1


@pytest.mark.parametrize("block", [b"", b"II*\0", b"MM\0*\0\0\0\x08\xff\xff", b"no TIFF"])
def test_damaged_exif_is_replaced_by_exif_with_the_rights(block: bytes) -> None:
    done = stamped(EXIF_CARRIERS["JPEG"](block))
    assert exif_of(done.data)[0x013B] == "A. Author"


@pytest.mark.parametrize("packet", [b"<open>", b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>', b"<a/>"])
def test_xmp_without_rdf_is_replaced_by_xmp_with_the_rights(packet: bytes) -> None:
    assert "Zeno/Agency" in xmp_text(stamped(XMP_CARRIERS["JPEG"](packet)).data)


def test_a_packet_without_room_is_kept_and_reported() -> None:
    packet = pictures.xmp("", f"<dc:description>{'x' * 64_000}</dc:description>")
    done = stamped(XMP_CARRIERS["JPEG"](packet), Rights(usage_terms="y" * 2_000))
    assert packet in done.data
    assert done.warnings == ("XMP has no room for the rights: a packet has at most 65,502 bytes",)


STRIPPED = pictures.xmp(
    'exif:GPSLatitude="48,51N" dc:format="gone" dc:creator="A. Author" xmlns:q="urn:q" q:a="gone"',
    "<dc:title>gone</dc:title><dc:rights>(c) zeno</dc:rights>"
    '<xmpRights:UsageTerms xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/">terms</xmpRights:UsageTerms>'
    '<plus:DataMining xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/">DMI-PROHIBITED</plus:DataMining>'
    '<e:DigitalSourceType xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">digitalCapture</e:DigitalSourceType>',
)


@pytest.mark.parametrize(
    "carrier", [carrier for carrier in XMP_CARRIERS if carrier not in ("JPEG, EXIF", "PNG, another keyword")]
)
def test_strip_keeps_rights_in_xmp(carrier: str) -> None:
    text = said(watermark(XMP_CARRIERS[carrier](STRIPPED), Recipe(metadata="strip")).data)
    for kept in (b"A. Author", b"(c) zeno", b">terms<", b"DMI-PROHIBITED", b"digitalCapture"):
        assert kept in text
    assert b"gone" not in text
    assert b"48,51N" not in text


def test_strip_all_keeps_only_restrictions_of_data_mining() -> None:
    recipe = Recipe(metadata="strip", rights=Rights(strip="all"))
    text = watermark(XMP_CARRIERS["JPEG"](STRIPPED), recipe).data
    assert b"DMI-PROHIBITED" in text
    assert b"digitalCapture" in text
    for gone in (b"A. Author", b"(c) zeno", b">terms<", b"gone"):
        assert gone not in text


@pytest.mark.parametrize("policy", ["keep", "keep-no-gps", "keep-no-location", "strip"])
def test_restrictions_of_data_mining_are_always_kept(policy: Any) -> None:
    text = watermark(XMP_CARRIERS["WebP"](STRIPPED), Recipe(metadata=policy)).data
    assert b"DMI-PROHIBITED" in text
    assert b"digitalCapture" in text


@pytest.mark.parametrize("carrier", ["JPEG", "PNG", "WebP"])
def test_strip_keeps_rights_and_orientation_in_exif(carrier: str) -> None:
    block = tiff_block(
        [(0x0112, 3, 1, b"\0\6"), (0x013B, ASCII, 3, b"me\0"), (0x8298, ASCII, 11, b"\xc2\xa9 somebody")]
    )
    tags = dict(blocks.decoded(watermark(EXIF_CARRIERS[carrier](block), Recipe(metadata="strip")).data).getexif())
    assert set(tags) == {0x0112, 0x013B, 0x8298}
    bare = Recipe(metadata="strip", rights=Rights(strip="all"))
    left = dict(blocks.decoded(watermark(EXIF_CARRIERS[carrier](block), bare).data).getexif())
    assert left == ({} if carrier == "WebP" else {0x0112: 6})  # the pixels of a WebP are rotated


def test_strip_keeps_rights_in_iptc() -> None:
    datasets = pictures.iptc((80, b"A. Author"), (90, b"Paris"), (105, b"Headline"), (116, b"(c) zeno"))
    resources = (
        pictures.resource(0x0404, datasets)
        + pictures.resource(0x03ED, b"resolution")
        + (pictures.resource(0x040A, b"\1"))
    )
    source = pictures.jpeg(PHOTO, [pictures.photoshop_segment(resources)])
    kept = blocks.decoded(watermark(source, Recipe(metadata="strip")).data).info["photoshop"]
    assert kept == {0x0404: pictures.iptc((80, b"A. Author"), (116, b"(c) zeno")), 0x040A: b"\1"}
    bare = watermark(source, Recipe(metadata="strip", rights=Rights(strip="all")))
    assert "photoshop" not in blocks.decoded(bare.data).info


def test_rights_are_part_of_the_fingerprint() -> None:
    texts: list[dict[str, Any]] = [{name: "https://a"} for name in RIGHTS_TEXTS]
    recipes = [
        Recipe(),
        *(Recipe(rights=Rights(**text)) for text in texts),
        Recipe(rights=Rights(overwrite=True)),
        Recipe(rights=Rights(strip="all")),
    ]
    assert len({recipe.fingerprint for recipe in recipes}) == len(recipes)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"copyright": ""}, "not empty"),
        ({"creator": 3}, "must be a text"),
        ({"credit": "a\0b"}, "control characters"),
        ({"usage_terms": "x" * 2_001}, "2,001 characters"),
        ({"licensor_url": "javascript:alert(1)"}, "URL"),
        ({"overwrite": 1}, "not true or false"),
        ({"strip": "some"}, "all-but-rights, all"),
    ],
)
def test_invalid_rights_are_rejected_by_name(given: dict[str, Any], named: str) -> None:
    with pytest.raises(RecipeError, match=named):
        Rights(**given)


def test_the_maker_notes_of_a_stamped_photo_are_kept() -> None:
    block = maker_note(b"MAKER" + bytes(range(100)))
    done = stamped(EXIF_CARRIERS["WebP"](block))
    assert done.data.index(b"MAKER") > 0
    assert bytes(range(100)) in done.data


def test_xmp_in_a_top_level_box_of_an_avif_is_stamped_once() -> None:
    source = blocks.avif_with(top=avifs.box(b"uuid", blocks.XMP_UUID + pictures.xmp('dc:rights="other"')))
    done = stamped(source, Rights(copyright="ours"))
    assert b"other" in done.data
    assert b"ours" not in done.data
    assert isinstance(Image.open(BytesIO(done.data)).getexif(), Image.Exif)
