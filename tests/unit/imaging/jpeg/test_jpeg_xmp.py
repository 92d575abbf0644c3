from __future__ import annotations

import hashlib
import struct
from io import BytesIO

import pytest
from PIL import Image

from tests.drawn.pictures import Segment, xmp, xmp_segment
from tests.unit.imaging.jpeg.jpeg_cases import XMP_EXTENSION, marked, payloads
from zenoimg.imaging import Watermarked


@pytest.mark.parametrize(
    ("properties", "elements"),
    [
        ('exif:GPSLatitude="48,51.4N" dc:format="x"', ""),
        ("exif:GPSLatitude='48,51.4N' dc:format='x'", ""),
        ('photoshop:City="Paris" dc:format="x"', "<exif:GPSLongitude>2,21E</exif:GPSLongitude>"),
        ('dc:format="x"', "<photoshop:City>Paris</photoshop:City><exif:GPSVersionID/>"),
        ('dc:format="x" drone:GpsLatitude="48.85" drone:AbsoluteAltitude="+3"', ""),
        (
            'dc:format="x"',
            '<ext:LocationShown xmlns:ext="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"><rdf:Bag><rdf:li '
            'rdf:parseType="Resource"><ext:City>Paris</ext:City></rdf:li></rdf:Bag></ext:LocationShown>',
        ),
        ('dc:format="x"', '<q:City xmlns:q="http://ns.adobe.com/photoshop/1.0/">Paris</q:City>'),
    ],
)
def test_locations_are_removed_from_xmp(properties: str, elements: str) -> None:
    packet = xmp(properties, elements + "<dc:rights>(c) zeno</dc:rights>")
    done = marked(xmp_segment(packet))
    (kept,) = payloads(done, 0xE1, b"http://ns.adobe.com/xap/1.0/\0")
    for place in (b"48", b"Paris", b"2,21E", b"GPSV", b"Gps", b"+3"):
        assert place not in kept
    assert b"(c) zeno" in kept
    assert b'dc:format="x"' in kept or b"dc:format='x'" in kept
    assert Image.open(BytesIO(done.data)).getxmp()
    (untouched,) = payloads(marked(xmp_segment(packet), policy="keep"), 0xE1, b"http://ns.adobe.com/xap/1.0/\0")
    assert untouched == packet


def test_location_properties_are_removed_in_any_namespace() -> None:
    packet = xmp('xmlns:shop="urn:shop" shop:City="Paris" shop:Citys="Lyon"')
    (kept,) = payloads(marked(xmp_segment(packet)), 0xE1, b"http://ns.adobe.com/xap/1.0/\0")
    assert kept == xmp('xmlns:shop="urn:shop" shop:Citys="Lyon"')


def test_thumbnails_are_removed_from_xmp_under_every_policy() -> None:
    packet = xmp(elements="<xmp:Thumbnails><rdf:Alt><rdf:li>AAAA</rdf:li></rdf:Alt></xmp:Thumbnails>")
    for policy in ("keep", "keep-no-location"):
        (kept,) = payloads(marked(xmp_segment(packet), policy=policy), 0xE1, b"http://ns.adobe.com/xap/1.0/\0")
        assert kept == xmp()


@pytest.mark.parametrize("packet", [b"<open>", b"", b"\xff\xfe<\0x\0", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'])
def test_unreadable_xmp_is_left_out_and_reported(packet: bytes) -> None:
    done = marked(xmp_segment(packet))
    assert payloads(done, 0xE1) == []
    assert done.warnings[0].startswith("XMP is damaged")


def extension(packet: bytes, guid: bytes | None = None, cut: int = 1000) -> list[Segment]:
    guid = guid or hashlib.md5(packet).hexdigest().upper().encode()
    return [
        (0xE1, XMP_EXTENSION + guid + struct.pack(">II", len(packet), at) + packet[at : at + cut])
        for at in range(0, len(packet), cut)
    ]


def extended(packet: bytes) -> Segment:
    digest = hashlib.md5(packet).hexdigest().upper()
    return xmp_segment(xmp(f'xmpNote:HasExtendedXMP="{digest}"'))


def joined(done: Watermarked) -> tuple[set[bytes], bytes]:
    parts = payloads(done, 0xE1, XMP_EXTENSION)
    return {part[:32] for part in parts}, b"".join(part[40:] for part in parts)


def test_extended_xmp_loses_locations_and_its_digest_is_updated() -> None:
    packet = xmp('exif:GPSLatitude="48,51.4N"', f"<dc:description>{'long ' * 30_000}</dc:description>")
    done = marked(extended(packet), *extension(packet, cut=60_000))
    guids, kept = joined(done)
    assert b"GPSLatitude" not in kept
    assert kept.count(b"long ") == 30_000
    assert guids == {hashlib.md5(kept).hexdigest().upper().encode()}
    assert guids.pop() in payloads(done, 0xE1, b"http://ns.adobe.com/xap/1.0/\0")[0]


def test_incomplete_extended_xmp_is_left_out_with_its_pointer() -> None:
    packet = xmp(elements=f"<dc:description>{'long ' * 1000}</dc:description>")
    done = marked(extended(packet), *extension(packet)[:-1])
    assert joined(done) == (set(), b"")
    assert b"HasExtendedXMP" not in done.data
    assert "extended XMP is damaged" in done.warnings[0]


def test_extended_xmp_without_a_part_in_its_middle_is_left_out() -> None:
    packet = xmp(elements=f"<dc:description>{'long ' * 1000}</dc:description>")
    parts = extension(packet)
    done = marked(extended(packet), parts[0], parts[1], *parts[3:])
    assert joined(done) == (set(), b"")


def test_the_nearest_declaration_of_a_prefix_applies() -> None:
    elements = (
        '<dc:one xmlns:q="http://ns.google.com/photos/1.0/image/"><q:Data>AAAA</q:Data></dc:one>'
        '<dc:two rdf:parseType="Resource" q:Data="AAAA"/>'
    )
    packet = xmp('xmlns:q="urn:shop"', elements)
    (kept,) = payloads(marked(xmp_segment(packet)), 0xE1, b"http://ns.adobe.com/xap/1.0/\0")
    assert kept == packet.replace(b"<q:Data>AAAA</q:Data>", b"")
