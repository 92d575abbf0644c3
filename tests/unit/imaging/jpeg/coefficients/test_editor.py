"""Which blocks change, checked with a reader that shares no code with what is tested."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image, ImageChops, ImageStat
from PIL.JpegImagePlugin import JpegImageFile

from tests.drawn import jpegs, pictures
from tests.drawn.jpeg_planes import planes_of
from tests.drawn.jpegs import Plane
from tests.unit.imaging.jpeg.coefficients.cases import CODINGS, SAMPLINGS, SIZE, drawn
from zenoimg.imaging import Recipe, WatermarkSpec, watermark
from zenoimg.imaging.formats.jpeg.coefficients import editor
from zenoimg.imaging.formats.jpeg.coefficients.huffman import tables_of
from zenoimg.imaging.formats.jpeg.coefficients.worker.messages import CodingTables
from zenoimg.imaging.formats.jpeg.stream import read_stream
from zenoimg.imaging.marking.mark import overlay_for
from zenoimg.imaging.marking.placement import Box


def changed_blocks(before: list[Plane], after: list[Plane], size: tuple[int, int]) -> list[set[tuple[int, int]]]:
    """Return the column and row of each block that differs, for each component."""
    across, down = max(plane.across for plane in before), max(plane.down for plane in before)
    found = []
    for one, other in zip(before, after, strict=True):
        width, height = -(-size[0] * one.across // (8 * across)), -(-size[1] * one.down // (8 * down))
        found.append(
            {
                (column, row)
                for row in range(height)
                for column in range(width)
                if one.rows[row][column] != other.rows[row][column]
            }
        )
    return found


def blocks_of(box: Box, plane: Plane, planes: list[Plane]) -> set[tuple[int, int]]:
    across = 8 * max(other.across for other in planes) // plane.across
    down = 8 * max(other.down for other in planes) // plane.down
    return {
        (column, row)
        for row in range(box[1] // down, -(-box[3] // down))
        for column in range(box[0] // across, -(-box[2] // across))
    }


@pytest.mark.parametrize(
    ("sampling", "coding"),
    [
        pytest.param(
            sampling,
            coding,
            id=f"{sampling}, {', '.join(coding) or 'plain'}",
            marks=[pytest.mark.thorough] if coding and sampling != "4:2:0" else [],
        )
        for sampling in SAMPLINGS
        for coding in CODINGS
    ],
)
def test_only_blocks_under_the_mark_change(sampling: str, coding: dict[str, bool]) -> None:
    data = drawn(sampling, **coding)
    done = watermark(data)
    assert (done.encoding, done.warnings) == ("coefficients", ())
    before, after = planes_of(data), planes_of(done.data)
    box = overlay_for(WatermarkSpec(), SIZE).boxes[0]
    changed = changed_blocks(before, after, SIZE)
    for plane, blocks in zip(before, changed, strict=True):
        assert blocks <= blocks_of(box, plane, before)
    assert changed[0]


@pytest.mark.parametrize("position", ["top-left", "right", "center", "bottom-right"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_only_blocks_under_the_mark_change_in_every_corner_and_orientation(position: str, orientation: int) -> None:
    size = (203, 301) if orientation >= 5 else SIZE
    spec = WatermarkSpec(position=position, margin=0)  # type: ignore[arg-type]
    factors = SAMPLINGS["4:2:0"]
    segments = [pictures.exif_segment(pictures.exif(orientation))]
    data = jpegs.jpeg_of(jpegs.drawn_planes(size, factors), size, segments=segments)
    done = watermark(data, Recipe(spec))
    assert done.encoding == "coefficients"
    box = overlay_for(spec, size, orientation).boxes[0]
    before, after = planes_of(data), planes_of(done.data)
    for plane, blocks in zip(before, changed_blocks(before, after, size), strict=True):
        assert blocks <= blocks_of(box, plane, before)


def test_blocks_under_the_mark_are_those_of_decoding_and_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    data = pictures.jpeg(pictures.photo((640, 480)), quality=95)
    done = watermark(data)
    monkeypatch.setattr(editor, "bundled_libjpeg", lambda: None)
    whole = watermark(data)
    assert (done.encoding, whole.encoding) == ("coefficients", "pixels")
    box = overlay_for(WatermarkSpec(), (640, 480)).boxes[0]
    one, other = (Image.open(BytesIO(copy.data)).crop(box) for copy in (done, whole))
    assert max(ImageStat.Stat(ImageChops.difference(one, other)).mean) < 0.5


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_progressive_picture_stays_progressive_and_keeps_its_pixels(mode: str) -> None:
    data = pictures.jpeg(pictures.photo((320, 240), mode), progressive=True, subsampling=0)
    done = watermark(data)
    assert (done.encoding, done.warnings) == ("coefficients", ())
    before, after = JpegImageFile(BytesIO(data)), JpegImageFile(BytesIO(done.data))
    assert "progressive" in after.info
    difference = ImageChops.difference(before, after)
    left, top, right, bottom = overlay_for(WatermarkSpec(), (320, 240)).boxes[0]
    bounds = difference.getbbox(alpha_only=False)
    assert bounds is not None
    assert bounds[0] >= left // 8 * 8
    assert bounds[1] >= top // 8 * 8
    assert bounds[2] <= -(-right // 8) * 8
    assert bounds[3] <= -(-bottom // 8) * 8


def test_tables_with_all_symbols_are_reused_in_the_copy() -> None:
    data = pictures.jpeg(Image.new("RGB", (1152, 1024), "teal"))
    copy = watermark(data).data
    assert len(copy) > 1.01 * len(data)
    assert tables_in(copy) == tables_in(data)


def test_a_small_picture_that_grows_gets_tables_for_its_own_symbols(monkeypatch: pytest.MonkeyPatch) -> None:
    data = pictures.jpeg(pictures.photo((320, 240)))
    copy = watermark(data).data
    assert tables_in(copy) != tables_in(data)
    monkeypatch.setattr(editor, "SMALL_PICTURE", 0)
    usual = watermark(data).data
    assert len(usual) > 1.01 * len(data)
    assert tables_in(usual) == tables_in(data)
    assert len(copy) < 0.98 * len(usual)
    assert planes_of(copy) == planes_of(usual)


def test_a_small_picture_that_hardly_grows_keeps_its_tables() -> None:
    data = pictures.jpeg(pictures.photo((1000, 1000)), quality=98)
    copy = watermark(data, Recipe(WatermarkSpec(scale=0.02))).data
    assert len(copy) <= 1.01 * len(data)
    assert tables_in(copy) == tables_in(data)


def test_a_large_picture_that_grows_gets_new_tables_if_its_own_were_optimized(monkeypatch: pytest.MonkeyPatch) -> None:
    data = pictures.jpeg(pictures.photo((1200, 900)), quality=75, optimize=True)
    copy = watermark(data).data
    monkeypatch.setattr(editor, "has_standard_tables", lambda stream: True)
    usual = watermark(data).data
    assert coding_tables(usual) == coding_tables(data) != coding_tables(copy)
    assert len(usual) > 1.01 * len(data)
    assert len(copy) < 0.985 * len(usual)
    assert planes_of(copy) == planes_of(usual)


def test_a_large_picture_with_optimized_tables_that_hardly_grows_keeps_them() -> None:
    data = pictures.jpeg(pictures.photo((1200, 900)), quality=95, optimize=True)
    copy = watermark(data, Recipe(WatermarkSpec(scale=0.02))).data
    assert len(data) < len(copy) <= 1.01 * len(data)
    assert coding_tables(copy) == coding_tables(data)


def coding_tables(data: bytes) -> CodingTables:
    """Return a picture's Huffman tables, with a code for each symbol of 8-bit samples."""
    return tables_of(read_stream(data))


def tables_in(data: bytes) -> set[bytes]:
    return {payload for marker, payload in pictures.jpeg_segments(data) if marker == 0xC4}


def test_adobes_transform_is_kept() -> None:
    assert jpegs.ADOBE + b"\2" in watermark(drawn("ycck")).data


def pixels_by(data: bytes, reason: str, monkeypatch: pytest.MonkeyPatch, recipe: Recipe | None = None) -> None:
    """Check that a picture is marked by pixels, and why."""
    told = []
    marked = editor.marked

    def listening(*arguments: object) -> object:
        told.append(marked(*arguments))  # type: ignore[arg-type]
        return told[-1]

    monkeypatch.setattr("zenoimg.imaging.formats.jpeg.writer.marked", listening)
    done = watermark(data, recipe or Recipe())
    assert done.encoding == "pixels"
    assert told == [editor.NotThisWay(reason)]  # type: ignore[arg-type]
    JpegImageFile(BytesIO(done.data)).load()


def test_a_mark_over_the_whole_picture_is_drawn_by_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    data = pictures.jpeg(pictures.photo((800, 600)))
    pixels_by(data, "mark too large", monkeypatch, Recipe(WatermarkSpec(position="tile")))
    pixels_by(data, "mark too large", monkeypatch, Recipe(WatermarkSpec(scale=0.3)))


def test_an_incomplete_progressive_picture_is_marked_by_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    data = pictures.jpeg(pictures.photo((320, 240)), progressive=True)
    last = data.rindex(b"\xff\xda")
    pixels_by(data[:last] + b"\xff\xd9", "incomplete", monkeypatch)


def test_a_picture_with_subsampled_luma_is_marked_by_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    factors = [(1, 1), (2, 1), (1, 1)]
    pixels_by(jpegs.jpeg_of(jpegs.drawn_planes(SIZE, factors), SIZE), "sampling", monkeypatch)


def test_a_picture_with_a_damaged_scan_is_marked_by_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytearray(pictures.jpeg(pictures.photo((320, 240)), restart_marker_blocks=20))
    at = data.index(b"\xff\xd3")
    data[at + 1] = 0xD5
    pixels_by(bytes(data), "damaged", monkeypatch)


@pytest.mark.parametrize("sampling", ["grey", "4:4:4", "4:2:0", "4:1:0"])
def test_a_picture_with_levels_beyond_8_bits_is_marked_by_pixels(
    sampling: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their differences are ordinary, but the sums exceed the integers that libjpeg uses."""
    planes = jpegs.drawn_planes(SIZE, SAMPLINGS[sampling])
    plane = planes[0]
    for row in plane.rows[: plane.down]:
        for column, block in enumerate(row):
            block[0] = 1900 * min(column // plane.across, (len(row) - 1 - column) // plane.across)
    pixels_by(jpegs.jpeg_of(planes, SIZE), "out of range", monkeypatch)


def test_arithmetic_coding_is_not_attempted(monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytearray(pictures.jpeg(pictures.photo((320, 240))))
    data[data.index(b"\xff\xc0") + 1] = 0xC9
    pixels_by(bytes(data), "coding", monkeypatch)


def test_the_same_picture_gives_the_same_bytes_from_any_helper() -> None:
    data = drawn("4:2:0", own_tables=True)
    first = watermark(data).data
    watermark(pictures.jpeg(pictures.photo((1200, 900))))
    assert watermark(data).data == first
