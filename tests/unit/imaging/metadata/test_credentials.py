"""Content Credentials, which a mark would invalidate, and links to them are left out and reported."""

from __future__ import annotations

import struct

import pytest

from tests.drawn import avifs, gifs, heifs, pictures
from tests.drawn.heifs import needs_heic
from tests.drawn.tiffs import UNDEFINED, Sheet, read
from tests.unit.imaging.metadata import blocks
from tests.unit.imaging.metadata.blocks import EXIF_CARRIERS, PHOTO, XMP_CARRIERS, said, text_entry, tiff_block
from zenoimg.imaging import Recipe, watermark
from zenoimg.imaging.recipe import MetadataPolicy

URL = "https://example.com/manifest.c2pa"
AS_ATTRIBUTE = pictures.xmp(f'xmlns:dcterms="http://purl.org/dc/terms/" dcterms:provenance="{URL}" dc:format="x"')
AS_ELEMENT = pictures.xmp(
    'dc:format="x"', f'<t:provenance xmlns:t="http://purl.org/dc/terms/">{URL}</t:provenance><dc:title>a</dc:title>'
)
LINK = "a link to Content Credentials, which vouch for the unmarked picture, was left out"


@pytest.mark.parametrize("policy", ["keep", "keep-no-gps", "keep-no-location"])
@pytest.mark.parametrize("carrier", XMP_CARRIERS)
@pytest.mark.parametrize("packet", [AS_ATTRIBUTE, AS_ELEMENT], ids=["attribute", "element"])
def test_a_link_to_remote_credentials_is_left_out_and_reported(
    packet: bytes, carrier: str, policy: MetadataPolicy
) -> None:
    source = XMP_CARRIERS[carrier](packet)
    assert URL.encode() in said(source)
    done = watermark(source, Recipe(metadata=policy))
    assert URL.encode() not in said(done.data)
    assert b"provenance" not in said(done.data)
    assert b"dc:format" in said(done.data)
    assert done.warnings == (LINK,)


def test_a_property_of_the_same_name_in_another_namespace_is_kept() -> None:
    packet = pictures.xmp('xmlns:q="urn:museum" q:provenance="bought in 1911"')
    done = watermark(XMP_CARRIERS["JPEG"](packet))
    assert packet in done.data
    assert done.warnings == ()


MANIFEST = b"\0\0\0\x10jumb-manifest-"
SIGNED_BOX = avifs.box(
    b"uuid", bytes.fromhex("d8fec3d61b0e483c92975828877ec481") + bytes(4) + b"manifest\0" + bytes(8) + MANIFEST
)
SIGNED = {
    "JPEG": pictures.jpeg(PHOTO, [(0xEB, b"JP\0\1" + MANIFEST)]),
    "PNG": blocks.png_with(pictures.chunk(b"caBX", MANIFEST)),
    "WebP": blocks.webp_with((b"C2PA", MANIFEST)),
    "GIF": blocks.gif_with(gifs.application(b"C2PA_GIF\1\0\0", gifs.in_blocks(MANIFEST))),
    "TIFF": blocks.tiff_with({52545: (UNDEFINED, MANIFEST)}),
    "AVIF": blocks.avif_with(top=SIGNED_BOX),
    "EXIF": EXIF_CARRIERS["JPEG"](tiff_block([text_entry(52545, MANIFEST)])),
}


def with_thumbnail(kind: str) -> bytes:
    """Return a signed file whose manifest shows the unmarked picture, as most programs sign."""
    manifest = MANIFEST + blocks.PREVIEW
    match kind:
        case "JPEG":
            return pictures.jpeg(PHOTO, [(0xEB, b"JP\0\1" + manifest)])
        case "PNG":
            return blocks.png_with(pictures.chunk(b"caBX", manifest))
        case "WebP":
            return blocks.webp_with((b"C2PA", manifest))
        case "GIF":
            return blocks.gif_with(gifs.application(b"C2PA_GIF\1\0\0", gifs.in_blocks(manifest)))
        case "GIF in two":
            halves = manifest[:400], manifest[400:]
            return blocks.gif_with(
                b"".join(gifs.application(b"C2PA_GIF\1\0\0", gifs.in_blocks(half)) for half in halves)
            )
        case _:
            return blocks.tiff_with({52545: (UNDEFINED, manifest)})


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WebP", "GIF", "GIF in two", "TIFF"])
@pytest.mark.parametrize("policy", ["keep", "strip"])
def test_a_manifest_with_a_thumbnail_is_reported_as_credentials(kind: str, policy: MetadataPolicy) -> None:
    done = watermark(with_thumbnail(kind), Recipe(metadata=policy))
    assert blocks.PREVIEW[-40:] not in done.data
    assert MANIFEST not in done.data
    assert done.warnings == (
        ("Content Credentials vouch for the unmarked picture and were left out",) if policy == "keep" else ()
    )


@pytest.mark.parametrize("kind", SIGNED)
def test_credentials_are_left_out_and_reported_once(kind: str) -> None:
    done = watermark(SIGNED[kind])
    assert MANIFEST not in done.data
    assert done.warnings == ("Content Credentials vouch for the unmarked picture and were left out",)
    assert done.frames == 1


@pytest.mark.parametrize("kind", SIGNED)
def test_the_policy_strip_reports_no_credentials(kind: str) -> None:
    done = watermark(SIGNED[kind], Recipe(metadata="strip"))
    assert MANIFEST not in done.data
    assert done.warnings == ()


@needs_heic
def test_credentials_of_a_heic_are_reported_unless_stripped() -> None:
    data = heifs.encoded(PHOTO) + SIGNED_BOX
    kept, stripped = (watermark(data, Recipe(metadata=policy)) for policy in ("keep", "strip"))
    assert set(kept.warnings) - set(stripped.warnings) == {
        "Content Credentials vouch for the unmarked picture and were left out"
    }


@pytest.mark.parametrize("carrier", XMP_CARRIERS)
def test_the_policy_strip_reports_no_link(carrier: str) -> None:
    done = watermark(XMP_CARRIERS[carrier](AS_ELEMENT), Recipe(metadata="strip"))
    assert URL.encode() not in said(done.data)
    assert done.warnings == ()


@pytest.mark.parametrize("pages", [1, 2, 3])
def test_a_directory_that_contains_only_a_manifest_is_not_a_page(pages: int) -> None:
    sheets = [Sheet(blocks.SIZE, list(PHOTO.convert("L").tobytes())) for _ in range(pages - 1)]
    data = bytearray(blocks.tiff_with({}, *sheets))
    pointer = 4
    while at := struct.unpack_from("<I", data, pointer)[0]:
        pointer = at + 2 + 12 * struct.unpack_from("<H", data, at)[0]
    data += bytes(len(data) % 2)
    struct.pack_into("<I", data, pointer, len(data))
    data += struct.pack("<HHHIII", 1, 52545, 7, len(MANIFEST), len(data) + 18, 0) + MANIFEST
    done = watermark(bytes(data))
    assert done.frames == pages == len(read(done.data))
    assert MANIFEST not in done.data
    assert done.warnings == ("Content Credentials vouch for the unmarked picture and were left out",)


def test_an_unknown_box_is_reported() -> None:
    done = watermark(blocks.avif_with(top=avifs.box(b"uuid", bytes(range(40)))))
    assert done.warnings == ("a box of a kind that is not known (uuid) was left out",)
