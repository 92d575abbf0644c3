from __future__ import annotations

import struct
from io import BytesIO

import pytest
from PIL import Image

from tests.drawn import pictures, tiffs
from tests.drawn.tiffs import LONG, LONG8, SHORT, UNDEFINED, Sheet, random_sheet, read, tiff
from zenoimg.imaging import Recipe, Watermarked, WatermarkSpec, watermark
from zenoimg.imaging.recipe import METADATA_POLICIES, MetadataPolicy

SIZE = (70, 50)
ASCII, RATIONAL = 2, 5
ICC = pictures.icc_profile()
RENDERING: tiffs.Tags = {
    34675: (UNDEFINED, ICC),
    274: (SHORT, [3]),
    282: (RATIONAL, struct.pack("<II", 300, 1)),
    283: (RATIONAL, struct.pack("<II", 300, 1)),
    296: (SHORT, [2]),
    297: (SHORT, [0, 1]),
}
DESCRIBING: tiffs.Tags = {
    270: (ASCII, b"a picture\0"),
    271: (ASCII, b"Zeno Optics\0"),
    305: (ASCII, b"drawn by a test\0"),
    700: (1, pictures.xmp()),
    33432: (ASCII, b"A. Author\0"),
    33723: (UNDEFINED, pictures.iptc((80, b"A. Author"))),
    34377: (UNDEFINED, pictures.resource(0x0404, pictures.iptc((80, b"A. Author")))),
    65000: (LONG, [1, 2, 3]),
    34665: (LONG, {36867: (ASCII, b"2025:06:12 15:25:14\0"), 40965: (LONG, {1: (ASCII, b"R98\0")})}),
}
GPS: tiffs.Tags = {34853: (LONG, {1: (ASCII, b"N\0"), 2: (RATIONAL, struct.pack("<6I", 48, 1, 51, 1, 24, 1))})}
PLACES = (struct.pack("<6I", 48, 1, 51, 1, 24, 1), b"48,51", b"Paris")


def marked(tags: tiffs.Tags, policy: MetadataPolicy = "keep-no-location") -> Watermarked:
    return watermark(tiff(sheet(tags)), Recipe(metadata=policy))


def sheet(tags: tiffs.Tags) -> Sheet:
    return random_sheet(SIZE, 8, 1, tags=tags)


def values(data: bytes, tags: tiffs.Tags) -> dict[int, bytes]:
    """Return the values of these tags as stored in the file, ``b"directory"`` for a directory."""
    page = read(data)[0]
    return {
        tag: b"directory" if isinstance(tags[tag][1], dict) else page.tags[tag][1] for tag in tags if tag in page.tags
    }


def test_tags_are_kept_byte_for_byte() -> None:
    data = tiff(sheet(RENDERING | DESCRIBING))
    done = watermark(data)
    assert done.warnings == ()
    assert values(done.data, RENDERING | DESCRIBING) == values(data, RENDERING | DESCRIBING)
    assert len(values(data, RENDERING | DESCRIBING)) == len(RENDERING) + len(DESCRIBING)


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("order", "<>")
def test_exif_is_kept_with_the_directories_in_it(order: str, big: bool) -> None:
    kind = LONG8 if big else LONG
    exif: tiffs.Tags = {36867: (ASCII, b"2025:06:12 15:25:14\0"), 40965: (kind, {1: (ASCII, b"R98\0")})}
    done = watermark(tiff(sheet({34665: (kind, exif)}), order=order, big=big))
    page = read(done.data)[0]
    found, _ = tiffs.directory(done.data, page.number(34665), order, big)
    assert found[36867] == (ASCII, b"2025:06:12 15:25:14\0")
    (at,) = struct.unpack(order + ("Q" if big else "I"), found[40965][1])
    assert tiffs.directory(done.data, at, order, big)[0] == {1: (ASCII, b"R98\0")}


@pytest.mark.parametrize("policy", METADATA_POLICIES)
def test_strip_keeps_only_rendering_information_and_rights(policy: MetadataPolicy) -> None:
    done = marked(RENDERING | DESCRIBING, policy)
    expected = {*RENDERING, 33432, 33723, 34377} if policy == "strip" else {*RENDERING, *DESCRIBING}
    assert set(values(done.data, RENDERING | DESCRIBING)) == expected
    assert done.warnings == ()


LOCATED: list[tiffs.Tags] = [
    GPS,
    {700: (1, pictures.xmp('exif:GPSLatitude="48,51.4N"'))},
    {33723: (UNDEFINED, pictures.iptc((80, b"A. Author"), (90, b"Paris")))},
    {33723: (LONG, pictures.iptc((80, b"A. Author"), (90, b"Paris")).ljust(28, b"\0"))},
    {34377: (UNDEFINED, pictures.resource(0x0404, pictures.iptc((90, b"Paris"))))},
]


@pytest.mark.parametrize("located", LOCATED, ids=range(len(LOCATED)))
def test_locations_are_removed_from_every_kind_of_metadata(located: tiffs.Tags) -> None:
    data = tiff(sheet(located))
    assert any(place in data for place in PLACES)
    done = watermark(data)
    assert not any(place in done.data for place in PLACES)
    assert done.warnings == ()
    kept = watermark(data, Recipe(metadata="keep"))
    assert any(place in kept.data for place in PLACES)


def test_a_map_reference_counts_as_a_location() -> None:
    tags: tiffs.Tags = {33922: (12, struct.pack("<6d", 0, 0, 0, 2.35, 48.85, 0)), 34735: (SHORT, [1, 1, 0, 0])}
    tiffs._SIZES.setdefault(12, 8)
    done = marked(tags)
    assert not {33922, 34735} & set(read(done.data)[0].tags)
    assert done.warnings == ("the map reference (GeoTIFF) tells the place and was left out",)
    assert marked(tags, "keep").warnings == ()


UNMARKED = b"the picture without its mark"
HIDDEN: list[tuple[tiffs.Tags, str]] = [
    ({37724: (UNDEFINED, b"Adobe Photoshop Document Data Block\0" + UNMARKED)}, "Photoshop's layers"),
    ({330: (LONG, {256: (LONG, [8]), 270: (ASCII, UNMARKED + b"\0")})}, "smaller copies of a page"),
    ({52545: (UNDEFINED, UNMARKED)}, "Content Credentials"),
]


@pytest.mark.parametrize(("tags", "named"), HIDDEN)
def test_data_that_shows_the_unmarked_picture_is_left_out_and_reported(tags: tiffs.Tags, named: str) -> None:
    done = marked(tags)
    assert UNMARKED not in done.data
    assert len(done.warnings) == 1
    assert done.warnings[0].startswith(named)


def test_thumbnails_are_removed_without_a_warning() -> None:
    resources = pictures.resource(0x040C, UNMARKED) + pictures.resource(0x03ED, b"resolution")
    packet = pictures.xmp("", f"<xmp:Thumbnails>{UNMARKED.decode()}</xmp:Thumbnails>")
    done = marked({34377: (UNDEFINED, resources), 700: (1, packet), 513: (LONG, [8]), 514: (LONG, [4])})
    assert UNMARKED not in done.data
    assert b"resolution" in done.data
    assert not {513, 514} & set(read(done.data)[0].tags)
    assert done.warnings == ()


DAMAGED: list[tuple[tiffs.Tags, str]] = [
    ({700: (1, b"<open>")}, "XMP is damaged"),
    ({33723: (UNDEFINED, b"no dataset")}, "IPTC is damaged"),
    ({34377: (UNDEFINED, b"no resources at all")}, "Photoshop data is damaged"),
    ({34665: (LONG, [4_000_000_000])}, "tag 34665 cannot be read"),
]


@pytest.mark.parametrize(("tags", "named"), DAMAGED)
def test_metadata_that_cannot_be_kept_is_reported(tags: tiffs.Tags, named: str) -> None:
    done = marked(tags)
    assert len(done.warnings) == 1
    assert done.warnings[0].startswith(named)
    assert set(tags) - set(read(done.data)[0].tags) == set(tags)


def test_an_unknown_field_type_is_reported() -> None:
    data = bytearray(tiff(sheet({65000: (UNDEFINED, b"abcd")})))
    at = data.index(struct.pack("<HHI", 65000, UNDEFINED, 4))
    struct.pack_into("<H", data, at + 2, 99)
    done = watermark(bytes(data))
    assert done.warnings == ("tag 65000 cannot be read and was left out",)


def test_relocated_maker_notes_are_reported() -> None:
    done = marked({34665: (LONG, {37500: (UNDEFINED, pictures.MAKER_NOTE)})})
    assert pictures.MAKER_NOTE in done.data
    assert done.warnings == ("the maker's notes in EXIF moved, and offsets that a maker hides in them no longer fit",)


def test_gps_inside_exif_is_removed_as_well() -> None:
    assert PLACES[0] not in marked({34665: (LONG, dict(GPS))}).data


def test_each_page_keeps_its_own_tags() -> None:
    sheets = [sheet({270: (ASCII, f"page number {index}\0".encode())}) for index in range(3)]
    done = watermark(tiff(*sheets))
    assert [page.tags[270][1] for page in read(done.data)] == [f"page number {index}\0".encode() for index in range(3)]


def jpeg_strips(*segments: tuple[int, bytes]) -> bytes:
    """Return a grey TIFF of four JPEG strips that have, like its tables, segments of metadata after SOI."""
    extra = b"".join(struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload for marker, payload in segments)
    strips = []
    for _ in range(4):
        encoded = BytesIO()
        Image.effect_noise((256, 64), 50).save(encoded, "JPEG", quality=90)
        strips.append(encoded.getvalue()[:2] + extra + encoded.getvalue()[2:])
    tables = b"\xff\xd8" + extra + b"\xff\xd9"
    data = b"".join(strips)
    offsets = [8 + sum(map(len, strips[:index])) for index in range(4)]
    arrays = 8 + len(data)
    data += struct.pack("<8I", *offsets, *map(len, strips)) + tables
    tags = [(256, 3, 1, 256), (257, 3, 1, 256), (258, 3, 1, 8), (259, 3, 1, 7), (262, 3, 1, 1), (273, 4, 4, arrays)]
    tags += [(277, 3, 1, 1), (278, 3, 1, 64), (279, 4, 4, arrays + 16), (347, 7, len(tables), arrays + 32)]
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return b"II*\0" + struct.pack("<I", 8 + len(data)) + data + struct.pack("<H", len(tags)) + entries + bytes(4)


@pytest.mark.parametrize("spec", [None, WatermarkSpec()], ids=["copied", "marked"])
def test_metadata_inside_jpeg_strips_is_kept_only_under_keep(spec: WatermarkSpec | None) -> None:
    adobe = b"Adobe\0\x64\0\0\0\0\0"
    data = jpeg_strips((0xE1, b"Exif\0\0 48,51N"), (0xFE, b"taken in Paris"), (0xEE, adobe))
    for policy in METADATA_POLICIES:
        done = watermark(data, Recipe(spec, metadata=policy))
        assert [place in done.data for place in (b"48,51N", b"Paris")] == [policy == "keep"] * 2
        assert adobe in done.data
        assert any("inside the JPEG data" in warning for warning in done.warnings) == (policy != "keep")
        picture, source = (Image.open(BytesIO(each)).crop((0, 0, 256, 128)) for each in (done.data, data))
        assert picture.tobytes() == source.tobytes(), "untouched strips look the same"
