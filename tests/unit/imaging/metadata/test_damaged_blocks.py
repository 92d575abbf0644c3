"""Copies keep the intact parts of truncated or damaged EXIF and XMP, by the same policy, with a warning."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from io import BytesIO
from xml.etree import ElementTree

import pytest
from PIL import ExifTags, Image

from tests.drawn import pictures
from tests.drawn.pictures import exif_segment, jpeg, jpeg_segments, photo, xmp_segment
from zenoimg.imaging import Recipe, watermark
from zenoimg.imaging.metadata.keeper import Keeper
from zenoimg.imaging.metadata.policy import MetadataPolicy
from zenoimg.imaging.metadata.tiff_block import TiffBlock

EXIF = pictures.exif(6, gps=True, maker_note=True)
PACKET = pictures.xmp(
    'dc:format="image/jpeg" exif:GPSLatitude="48,51.4N"',
    "<dc:creator><rdf:Seq><rdf:li>Ada</rdf:li></rdf:Seq></dc:creator><photoshop:City>Paris</photoshop:City>"
    "<dc:rights><rdf:Alt><rdf:li xml:lang='x-default'>© Ada</rdf:li></rdf:Alt></dc:rights><xmp:Label/>",
)
CUT = "EXIF is damaged (nothing to read at offset {}): the copy keeps what can be read of it"


def tags(block: bytes) -> dict[int, object]:
    """Return the EXIF that Pillow reads; its warnings about damage are errors here."""
    read = Image.Exif()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read.load(b"Exif\0\0" + block)
        found: dict[int, object] = dict(read)
        for directory in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
            if directory in found:
                found |= {directory: None} | {
                    (directory << 16) + tag: value for tag, value in read.get_ifd(directory).items()
                }
    return found


def cuts(block: bytes) -> Iterator[bytes]:
    return (block[:length] for length in range(len(block)))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("policy", ["keep", "keep-no-location"])
def test_exif_truncated_anywhere_keeps_whole_entries_and_is_valid(order: str, policy: MetadataPolicy) -> None:
    whole = pictures.exif(6, gps=True, maker_note=True, order=order)
    source, kept_of_all = tags(whole), set[int]()
    for cut in cuts(whole):
        keeper = Keeper(policy)
        kept = keeper.exif(cut)
        if not keeper.warnings:  # all directories are complete: the block is kept, with a value that ends outside it
            assert len(kept) <= len(cut)
            continue
        found = tags(kept) if kept else {}
        assert {tag: value for tag, value in found.items() if source.get(tag) != value and value is not None} == {}
        kept_of_all |= set(found)
    assert 0x0112 in kept_of_all


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("policy", ["keep", "keep-no-location"])
@pytest.mark.parametrize("damaged", [0x8769, 0x8825])
def test_exif_with_a_wrong_count_in_one_directory_keeps_the_others(
    damaged: int, policy: MetadataPolicy, order: str
) -> None:
    whole = pictures.exif(6, gps=True, order=order)
    tiff = TiffBlock(whole)
    pointer = tiff.find(tiff.first, damaged)
    assert pointer is not None
    tiff.pack("H", tiff.number(pointer), 5_000)
    keeper = Keeper(policy)
    block, source = keeper.exif(bytes(tiff.block)), tags(whole)
    if damaged == 0x8825 and policy == "keep":  # that directory may be lost entirely
        assert block == bytes(tiff.block)
        return
    kept = tags(block)
    assert all(source[tag] == value for tag, value in kept.items() if value is not None)
    date, latitude = (0x8769 << 16) + 0x9003, (0x8825 << 16) + 2
    expected = {0x010F, 0x0112, date} | ({latitude} if policy == "keep" else set())
    assert expected <= set(kept)
    assert (latitude in kept) == (policy == "keep")
    assert struct.pack(order + "2I", 51, 1) not in block or policy == "keep"
    assert [text for text in keeper.warnings if "keeps what can be read" in text] == keeper.warnings


def test_a_value_of_damaged_exif_that_is_a_picture_is_left_out() -> None:
    picture = jpeg(photo((64, 64)))
    entries = struct.pack("<HHII", 0x9286, 7, len(picture), 34) + struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0)
    block = b"II*\0" + struct.pack("<IH", 8, 60_000) + entries + picture
    assert block.index(picture) == 34
    keeper = Keeper("keep")
    assert tags(keeper.exif(block)) == {0x0112: 6}
    assert "a picture inside EXIF was left out" in keeper.warnings


def test_a_copy_with_truncated_exif_keeps_its_orientation_with_a_warning() -> None:
    cut = EXIF[: 8 + 2 + 12 * 2]  # the first directory ends after Make and Orientation
    done = watermark(jpeg(photo((80, 60)), [exif_segment(cut)]), Recipe(metadata="keep"))
    with Image.open(BytesIO(done.data)) as copy:
        assert copy.getexif()[0x0112] == 6
    assert (done.width, done.height) == (60, 80)
    assert done.warnings == (CUT.format(len(cut)),)


def test_coordinates_are_removed_even_if_another_entry_points_at_the_gps_directory() -> None:
    tiff = TiffBlock(pictures.exif(6, gps=True))
    gps = tiff.find(tiff.first, 0x8825)
    make = tiff.find(tiff.first, 0x010F)
    assert gps is not None
    assert make is not None
    latitude = tiff.find(tiff.number(gps), 2)
    assert latitude is not None
    tiff.pack("HII", make.at + 2, 7, 24, tiff.value_at(latitude))
    tiff.pack("H", tiff.number(gps), 5_000)
    kept = Keeper("keep-no-location").exif(bytes(tiff.block))
    assert tags(kept)[0x0112] == 6
    assert struct.pack("<2I", 51, 1) not in kept
    assert struct.pack("<2I", 51, 1) in Keeper("keep").exif(bytes(tiff.block))


def test_xmp_with_too_many_tags_or_levels_is_not_repaired() -> None:
    start = PACKET[: PACKET.index(b"<dc:creator>")]
    for many in (b"<dc:a/>" * 60_000, b"<dc:a>" * 200):
        keeper = Keeper("keep")
        assert keeper.xmp(start + many) == b""
        assert len(keeper.warnings) == 1


def properties(packet: bytes) -> set[str]:
    return {element.tag for element in ElementTree.fromstring(packet).iter()} | {
        name for element in ElementTree.fromstring(packet).iter() for name in element.attrib
    }


@pytest.mark.parametrize("policy", ["keep", "keep-no-location"])
def test_xmp_truncated_anywhere_keeps_whole_properties_and_is_well_formed(policy: MetadataPolicy) -> None:
    whole, longest = properties(Keeper(policy).xmp(PACKET)), set[str]()
    for cut in cuts(PACKET):
        keeper = Keeper(policy)
        kept = keeper.xmp(cut)
        if kept:
            assert properties(kept) <= whole
            longest |= properties(kept)
        assert len(keeper.warnings) == 1 or cut.endswith(b"</x:xmpmeta>") or b"<?xpacket end" in cut
    assert longest == whole
    assert ("GPSLatitude" in str(longest)) == ("Paris" in str(Keeper(policy).xmp(PACKET))) == (policy == "keep")


@pytest.mark.parametrize(
    ("damaged", "keeps_rights"),
    [
        (PACKET + b"<!-- a second --><more/>", True),
        (PACKET.replace(b"<xmp:Label/>", b"<xmp:Label>\xe9</xmp:Label>"), True),
        (PACKET.replace(b"<xmp:Label/>", b"<xmp:Label></dc:rights>"), True),
        (PACKET.replace(b"<rdf:li xml:lang='x-default'>", b"<rdf:li xml:lang=>"), False),
    ],
    ids=["more after the end", "Latin-1", "crossed", "no value"],
)
def test_xmp_before_the_damage_is_kept(damaged: bytes, keeps_rights: bool) -> None:
    done = watermark(jpeg(photo((80, 60)), [xmp_segment(damaged)]), Recipe(metadata="keep"))
    (kept,) = (
        payload
        for marker, payload in jpeg_segments(done.data)
        if marker == 0xE1 and payload.startswith(b"http://ns.adobe.com/xap")
    )
    assert b"<rdf:li>Ada</rdf:li>" in kept
    assert ("© Ada".encode() in kept) == keeps_rights
    (warning,) = done.warnings
    assert warning.startswith("XMP is damaged (")
    assert warning.endswith("): the copy keeps what can be read of it")


@pytest.mark.parametrize(
    "hopeless",
    [
        b"",
        b"<x>",
        PACKET.replace(b"<x:xmpmeta", b'<!DOCTYPE x [<!ENTITY a "b">]><x:xmpmeta'),
        PACKET[: PACKET.index(b"<rdf:D")],
    ],
    ids=["empty", "no description", "entities", "cut before the description"],
)
def test_unreadable_xmp_is_left_out(hopeless: bytes) -> None:
    keeper = Keeper("keep")
    assert keeper.xmp(hopeless) == b""
    assert [text.rpartition(")")[2] for text in keeper.warnings] == [" and was left out"]
