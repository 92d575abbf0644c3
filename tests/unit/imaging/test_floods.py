"""Files with more parts than any writer produces are refused by name; what real files may contain is accepted."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

import pytest

from tests.drawn import animations, gifs, pictures
from tests.drawn.animations import webp_chunk, webp_file, webp_image_data
from tests.drawn.apngs import ApngFrame, apng
from tests.drawn.avifs import avif
from tests.drawn.pictures import chunk
from tests.drawn.tiffs import Sheet, Tags, tiff
from tests.unit.imaging.gif.gif_cases import noise, table
from tests.unit.imaging.png.png_cases import some_png
from zenoimg.imaging import Refused, watermark
from zenoimg.imaging.limits import most_parts
from zenoimg.imaging.result import MOST_WARNINGS

SIZE = (64, 48)


def png_with(chunks: bytes) -> bytes:
    data = some_png(2, 8)
    return data[:33] + chunks + data[33:]


def gif_with(blocks: bytes) -> bytes:
    return gifs.gif(SIZE, [gifs.GifFrame(noise(SIZE, 50))], table(50))[:-1] + blocks + b";"


def webp_with(chunks: bytes) -> bytes:
    return webp_file(SIZE, webp_image_data(pictures.photo(SIZE)) + chunks, flags=0)


FLOODS: dict[str, tuple[Callable[[int], bytes], str]] = {
    "PNG of small chunks": (lambda count: png_with(chunk(b"teSt", b"") * count), "chunks"),
    "PNG of empty pixels": (lambda count: png_with(chunk(b"IDAT", b"") * count), "chunks"),
    "WebP of small chunks": (lambda count: webp_with(webp_chunk(b"test", b"") * count), "chunks"),
    "GIF of extensions": (lambda count: gif_with(b"!\xaa\0" * count), "blocks"),
    "GIF of controls": (lambda count: gif_with(b"!\xf9\4\0\0\0\0\0" * count), "blocks"),
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_file_with_thousands_of_parts_is_copied_and_one_beyond_the_bound_is_refused(name: str) -> None:
    flooded, parts = FLOODS[name]
    assert watermark(flooded(9_000)).data
    with pytest.raises(Refused, match=f"has more than .* {parts}") as refusal:
        watermark(flooded(30_000))
    assert refusal.value.code == "corrupt"


def test_a_long_file_may_have_more_parts() -> None:
    assert most_parts(100_000_000) > 1_500_000


def test_any_number_of_stray_block_terminators_is_skipped() -> None:
    assert watermark(gif_with(bytes(500_000))).data


def test_a_picture_in_chunks_of_one_byte_is_copied() -> None:
    data = some_png(2, 8)
    parts = [
        chunk(b"IDAT", bytes((byte,)))
        for name, content in pictures.png_chunks(data)
        if name == b"IDAT"
        for byte in content
    ]
    cut = data[:33] + b"".join(parts[:9_000]) + chunk(b"IEND", b"")
    assert watermark(cut).data == watermark(data).data


def test_many_small_compressed_texts_are_kept_and_decompression_bombs_left_out() -> None:
    bomb = chunk(b"zTXt", b"Bomb\0\0" + zlib.compress(bytes(1_500_000)))
    done = watermark(png_with(bomb * 3 + chunk(b"zTXt", b"Author\0\0" + zlib.compress(b"A. Author")) * 3))
    assert [warning[:22] for warning in done.warnings] == ["text 'Bomb' is damaged"] * 2
    assert done.data.count(b"zTXtBomb") == 1
    assert done.data.count(b"zTXtAuthor") == 3


def test_equal_warnings_are_merged_and_at_most_a_hundred_are_listed() -> None:
    done = watermark(
        png_with(chunk(b"caBX", b"") * 50 + b"".join(chunk(b"zTXt", b"%d\0\0no zlib" % n) for n in range(300)))
    )
    assert len(done.warnings) == MOST_WARNINGS + 1
    assert sum("Content Credentials" in warning for warning in done.warnings) == 1
    assert done.warnings[-1] == "201 more"


def test_frames_far_outside_the_screen_do_not_enlarge_the_canvas() -> None:
    far = gifs.GifFrame(noise((3, 3), 4), (65_000, 65_000), dispose="background")
    beside = gifs.GifFrame(noise(SIZE, 50), (8, 8))
    first = gifs.GifFrame(noise(SIZE, 50), dispose="background")
    done = watermark(gifs.gif(SIZE, [first, far, beside, far], table(50)))
    assert done.frames == 4
    assert (done.width, done.height) == SIZE


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def deep(count: int) -> bytes:
    boxes = b""
    for _ in range(count):
        boxes = box(b"moov", boxes)
    return boxes


@pytest.mark.parametrize(
    ("boxes", "named"),
    [
        (deep(40), "too deep"),
        (box(b"moov", box(b"free", b"") * 3_000) * 2, "more than 5,000 boxes"),
        (box(b"moov", box(b"free", b"") * 6_000), "free"),
    ],
)
def test_too_many_or_too_deeply_nested_boxes_are_refused(boxes: bytes, named: str) -> None:
    with pytest.raises(Refused, match=named) as refusal:
        watermark(avif(pictures.photo(SIZE)) + boxes)
    assert refusal.value.code == "corrupt"


def test_a_file_of_many_boxes_is_copied() -> None:
    assert watermark(avif(pictures.photo(SIZE)) + box(b"free", b"") * 4_000).data


@pytest.mark.parametrize(
    ("extents", "named"),
    [
        (struct.pack(">IBBH", 0, 0, 0, 2) + struct.pack(">HHH", 1, 0, 60_000) * 2, "extents"),
        (
            struct.pack(">IBBH", 0, 0x44, 0, 1) + struct.pack(">HHH", 1, 0, 99) + struct.pack(">II", 0, 0) * 99,
            "repeatedly",
        ),
        (struct.pack(">IBBH", 0, 0x44, 0, 1) + struct.pack(">HHH", 1, 0, 9_000) + bytes(300_000), "table"),
    ],
)
def test_items_that_repeatedly_reference_the_same_bytes_are_refused(extents: bytes, named: str) -> None:
    data = avif(pictures.photo(SIZE))
    at = int.from_bytes(data[:4], "big")
    with pytest.raises(Refused, match=named) as refusal:
        watermark(data[:at] + box(b"meta", bytes(4) + box(b"iloc", extents)) + data[at:])
    assert refusal.value.code == "corrupt"


def sheet(tags: Tags, **more: object) -> Sheet:
    return Sheet(SIZE, pictures.photo(SIZE, "L").tobytes(), tags=tags, **more)  # type: ignore[arg-type]


def test_a_directory_of_hundreds_of_entries_is_copied_and_one_of_thousands_is_refused() -> None:
    def of(count: int) -> bytes:
        return tiff(sheet({tag: (3, [1]) for tag in range(40_000, 40_000 + count)}))

    assert watermark(of(1_000)).data
    with pytest.raises(Refused, match="too many entries") as refusal:
        watermark(of(5_000))
    assert refusal.value.code == "corrupt"


def test_more_strips_than_fit_on_a_page_are_refused() -> None:
    row = b"\7" * SIZE[0]
    assert watermark(tiff(sheet({}, rows_per_strip=1, encoded=[row] * 500))).data
    with pytest.raises(Refused, match=r"a page of 2,000 strips") as refusal:
        watermark(tiff(sheet({}, rows_per_strip=1, encoded=[row] * 2_000)))
    assert refusal.value.code == "corrupt"


def test_jpeg_tables_longer_than_any_valid_ones_are_refused() -> None:
    tables = b"\xff\xd8" + b"\xff\xfe\0\2" * 2_000 + b"\xff\xd9"
    with pytest.raises(Refused, match="JPEG tables") as refusal:
        watermark(tiff(sheet({347: (7, tables)}, compression=7, encoded=[pictures.jpeg(pictures.photo(SIZE, "L"))])))
    assert refusal.value.code == "corrupt"


def left_out(tag: int, value: bytes) -> bool:
    """Return whether a TIFF's metadata was left out with a warning; otherwise assert that all of it is there."""
    done = watermark(tiff(sheet({tag: (7, value)})))
    assert (value in done.data) != bool(done.warnings)
    return bool(done.warnings)


@pytest.mark.parametrize(
    ("tag", "part", "few", "many"),
    [
        (33723, b"\x1c\2\x19\0\1k", 5_000, 11_000),  # keywords of IPTC
        (34377, pictures.resource(0x0404, b""), 1_200, 3_000),
        (700, b"<rdf:li>xmp.did:0123456789abcdef</rdf:li>", 60_000, 0),  # a long history
        (700, b"<dc:a/>", 15_000, 60_000),
        (700, b'<dc:a dc:b="0.12345"/>', 8_000, 30_000),
    ],
)
def test_metadata_with_more_parts_than_editors_write_is_left_out(tag: int, part: bytes, few: int, many: int) -> None:
    def of(count: int) -> bytes:
        return pictures.xmp(elements=(part * count).decode()) if tag == 700 else part * count

    assert not left_out(tag, of(few))
    assert not many or left_out(tag, of(many))


def test_exif_that_references_a_directory_many_times_is_left_out() -> None:
    entry = struct.pack("<HHII", 0x8825, 4, 1, 8 + 6 + 12 * 400)
    block = b"II*\0\x08\0\0\0" + struct.pack("<H", 400) + entry * 400 + bytes(4) + bytes(6)
    done = watermark(png_with(chunk(b"eXIf", block)))
    assert done.warnings == ("EXIF is damaged (more than 10,000 entries) and was left out",)
    assert b"eXIf" not in done.data


def test_exif_in_which_each_value_spans_the_whole_block_is_left_out() -> None:
    values = struct.pack("<HHII", 0x9000, 1, 5_000, 14) * 20
    block = b"II*\0\x08\0\0\0" + struct.pack("<HI", 0, 14) + struct.pack("<H", 20) + values + bytes(5_000)
    done = watermark(png_with(chunk(b"eXIf", block)))
    assert "repeatedly" in done.warnings[0]


def test_the_longest_animations_are_compressed_with_less_effort(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [ApngFrame(SIZE, list(pictures.photo(SIZE, seed=seed).tobytes())) for seed in (1, 2, 3)]
    data = apng(SIZE, 2, 8, frames)
    usual = watermark(data).data
    monkeypatch.setattr("zenoimg.imaging.formats.png.animation.animated._LONG", 3 * SIZE[0] * SIZE[1] - 1)
    swift = watermark(data).data
    assert [effort(copy) for copy in (usual, swift)] == [2, 1]
    assert [shown.picture.tobytes() for shown in animations.shown(swift)] == [
        shown.picture.tobytes() for shown in animations.shown(usual)
    ]


def effort(data: bytes) -> int:
    """Return the two bits that state an encoder's effort (RFC 1950, 2.2)."""
    return next(content for name, content in pictures.png_chunks(data) if name == b"IDAT")[1] >> 6
