"""Copies have no locations under ``keep-no-location``, no coordinates under ``keep-no-gps``, in any block."""

from __future__ import annotations

import struct

import pytest

from tests.drawn import pictures
from tests.unit.imaging.metadata.blocks import (
    ASCII,
    EXIF_CARRIERS,
    IPTC_CARRIERS,
    LONG,
    SHORT,
    XMP_CARRIERS,
    said,
    text_entry,
    tiff_block,
)
from zenoimg.imaging import Recipe, Watermarked, watermark
from zenoimg.imaging.recipe import MetadataPolicy

POINT = struct.pack(">6d", 0, 0, 0, 12.5, 56.1, 0)
LITTLE_POINT = struct.pack("<6d", 0, 0, 0, 12.5, 56.1, 0)


def under(policy: MetadataPolicy, source: bytes) -> Watermarked:
    return watermark(source, Recipe(metadata=policy))


COORDINATES = [
    'exif:GPSLatitude="Paris"',
    'drone:GpsLongitude="Paris"',
    'xmlns:g="http://www.w3.org/2003/01/geo/wgs84_pos#" g:lat="Paris" g:long="Paris"',
    'xmlns:q="urn:q" q:DestLatitude="Paris"',
]
PLACE_NAMES = [
    'photoshop:City="Paris" photoshop:State="Paris" photoshop:Country="Paris"',
    'xmlns:q="http://ns.adobe.com/xmp/1.0/DynamicMedia/" q:shotLocation="Paris"',
    'xmlns:q="http://prismstandard.org/namespaces/basic/2.0/" q:location="Paris"',
    'xmlns:q="http://ns.iview-multimedia.com/mediapro/1.0/" q:Location="Paris" q:City="Paris" q:Country="Paris"',
    'xmlns:q="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/" q:Location="Paris" q:CountryCode="Paris"',
    'xmlns:q="urn:q" q:sublocation="Paris" q:countrycode="Paris" q:PROVINCESTATE="Paris" q:country-code="Paris"',
    'dc:coverage="Paris"',
]
OTHERS = [
    'xmlns:q="urn:q" q:SubjectLocation="Paris" q:SubjectArea="Paris" q:LocationNote="Paris" q:statement="Paris"',
    'dc:description="Paris" dc:subject="Paris" photoshop:Headline="Paris"',
    'xmlns:q="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/" q:CiAdrCity="Paris" q:CiAdrCtry="Paris"',
    'xmlns:q="http://ns.useplus.org/ldf/xmp/1.0/" q:LicensorCity="Paris" q:LicensorCountry="Paris"',
]


@pytest.mark.parametrize("attributes", COORDINATES)
def test_coordinates_in_xmp_are_kept_only_under_keep(attributes: str) -> None:
    source = XMP_CARRIERS["JPEG"](pictures.xmp(attributes))
    kept = {policy: b"Paris" in under(policy, source).data for policy in POLICIES}
    assert kept == {"keep": True, "keep-no-gps": False, "keep-no-location": False, "strip": False}


POLICIES: tuple[MetadataPolicy, ...] = ("keep", "keep-no-gps", "keep-no-location", "strip")


@pytest.mark.parametrize("attributes", PLACE_NAMES)
def test_place_names_in_xmp_are_kept_if_only_coordinates_are_removed(attributes: str) -> None:
    source = XMP_CARRIERS["JPEG"](pictures.xmp(attributes))
    kept = {policy: b"Paris" in under(policy, source).data for policy in POLICIES}
    assert kept == {"keep": True, "keep-no-gps": True, "keep-no-location": False, "strip": False}


@pytest.mark.parametrize("attributes", OTHERS)
def test_pixels_contacts_and_free_text_in_xmp_are_not_touched(attributes: str) -> None:
    packet = pictures.xmp(attributes)
    assert packet in under("keep-no-location", XMP_CARRIERS["JPEG"](packet)).data


CONTACT = (
    '<c:CreatorContactInfo xmlns:c="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/" rdf:parseType="Resource">'
    "<c:City>Lyon</c:City></c:CreatorContactInfo>"
    '<p:Licensor xmlns:p="http://ns.useplus.org/ldf/xmp/1.0/"><rdf:Seq><rdf:li rdf:parseType="Resource">'
    '<p:Country>Lyon</p:Country></rdf:li><rdf:li p:City="Lyon"/></rdf:Seq></p:Licensor>'
)
STRUCTURE = (
    '<e:LocationShown xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"><rdf:Bag><rdf:li rdf:parseType="Resource">'
    "<e:City>Paris</e:City><exif:GPSLatitude>48,51N</exif:GPSLatitude></rdf:li></rdf:Bag></e:LocationShown>"
)


def test_addresses_of_contacts_are_kept_whatever_their_field_names() -> None:
    packet = pictures.xmp("", CONTACT)
    assert packet in under("keep-no-location", XMP_CARRIERS["JPEG"](packet)).data


def test_keep_no_gps_removes_the_coordinates_of_a_structure_and_keeps_its_names() -> None:
    source = XMP_CARRIERS["JPEG"](pictures.xmp("", STRUCTURE))
    done = under("keep-no-gps", source)
    assert b"Paris" in done.data
    assert b"48,51N" not in done.data
    assert b"LocationShown" not in under("keep-no-location", source).data


@pytest.mark.parametrize("carrier", XMP_CARRIERS)
def test_locations_are_removed_from_xmp_in_any_format(carrier: str) -> None:
    packet = pictures.xmp('exif:GPSLatitude="48,51N"', "<photoshop:City>Paris</photoshop:City><dc:x>stays</dc:x>")
    source = XMP_CARRIERS[carrier](packet)
    for policy, found in (("keep", (1, 1, 1)), ("keep-no-gps", (0, 1, 1)), ("keep-no-location", (0, 0, 1))):
        text = said(under(policy, source).data)  # type: ignore[arg-type]
        assert (b"48,51N" in text, b"Paris" in text, b"stays" in text) == found, policy


@pytest.mark.parametrize("carrier", IPTC_CARRIERS)
def test_locations_are_removed_from_iptc_in_any_format(carrier: str) -> None:
    places = [(number, b"Paris") for number in (26, 27, 90, 92, 95, 100, 101)]
    others = [(80, b"A. Author"), (120, b"Caption of Lyon"), (118, b"Contact in Lyon"), (25, b"keyword Lyon")]
    source = IPTC_CARRIERS[carrier](pictures.iptc(*places, *others))
    for policy in POLICIES[:3]:
        text = said(under(policy, source).data)
        assert (b"Paris" in text) == (policy != "keep-no-location")
        assert text.count(b"Lyon") == said(source).count(b"Lyon")


GPS_ENTRY = (0x8825, LONG, 1, b"tail")
GPS_DIRECTORY = struct.pack(">HHHI4sI", 1, 1, ASCII, 2, b"N\0\0\0", 0) + b"place"
IN_EXIF = {
    "GPS directory": (tiff_block([GPS_ENTRY], tail=GPS_DIRECTORY), GPS_DIRECTORY[:12]),
    "GPS directory of the Exif directory": (tiff_block(exif=[GPS_ENTRY], tail=GPS_DIRECTORY), GPS_DIRECTORY[:12]),
    "GeoTIFF": (tiff_block([(33922, 12, 6, POINT)]), POINT),
    "GeoTIFF's directory": (
        tiff_block([(34735, SHORT, 4, struct.pack(">4H", 1, 1, 0, 7))]),
        struct.pack(">4H", 1, 1, 0, 7),
    ),
    "GDAL's metadata": (tiff_block([(42112, ASCII, 6, b"Paris\0")]), b"Paris"),
    "XMP": (tiff_block([text_entry(700, pictures.xmp('exif:GPSLatitude="48,51N"'))]), b"48,51N"),
    "XMP in Photoshop's data": (
        tiff_block([text_entry(34377, pictures.resource(0x0424, pictures.xmp('exif:GPSLatitude="48,51N"')))]),
        b"48,51N",
    ),
}


@pytest.mark.parametrize("carrier", EXIF_CARRIERS)
@pytest.mark.parametrize("place", IN_EXIF)
def test_coordinates_are_removed_from_exif_in_any_format(place: str, carrier: str) -> None:
    block, secret = IN_EXIF[place]
    source = EXIF_CARRIERS[carrier](block)
    for policy, kept in (("keep", True), ("keep-no-gps", False), ("keep-no-location", False)):
        done = under(policy, source)  # type: ignore[arg-type]
        assert (secret in said(done.data)) == kept, policy
        assert b"Zeno Optics" in said(done.data)


def test_nested_exif_is_read_to_a_bounded_depth() -> None:
    block = tiff_block([(0x8825, LONG, 1, b"tail")], tail=GPS_DIRECTORY)
    for _ in range(40):
        block = tiff_block([text_entry(34377, pictures.resource(0x0422, block))])
    done = under("keep-no-location", EXIF_CARRIERS["JPEG"](block))
    assert GPS_DIRECTORY[:12] not in done.data
    assert any("nested too deeply" in warning for warning in done.warnings)
