from __future__ import annotations

import struct
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.drawn import pictures
from tests.drawn.bmps import bmp, random_values, values_of
from tests.unit.imaging.png.png_cases import patch
from zenoimg.imaging import Limits, Recipe, Refused, WatermarkSpec, watermark
from zenoimg.imaging.formats.bmp import rle as bmp_rle
from zenoimg.imaging.marking.mark import overlay_for

SIZE = (67, 50)
COUNT = SIZE[0] * SIZE[1]
GREYS = [(level * 17, level * 17, level * 17) for level in range(16)]
KINDS: dict[str, dict[str, Any]] = {
    "24": {"depth": 24},
    "24, OS/2": {"depth": 24, "header": 12},
    "32": {"depth": 32},
    "16": {"depth": 16},
    "16, 565": {"depth": 16, "compression": 3, "masks": (0xF800, 0x07E0, 0x001F)},
    "16, 4444": {"depth": 16, "header": 124, "compression": 3, "masks": (0x0F00, 0x00F0, 0x000F, 0xF000)},
    "32, alpha": {"depth": 32, "header": 124, "compression": 3, "masks": (0xFF0000, 0xFF00, 0xFF, 0xFF000000)},
    "32, alpha masks behind": {"depth": 32, "compression": 6, "masks": (0xFF0000, 0xFF00, 0xFF, 0xFF000000)},
    "32, RGBX": {"depth": 32, "header": 108, "compression": 3, "masks": (0xFF000000, 0xFF0000, 0xFF00, 0)},
    "8": {"depth": 8, "palette": [(index, index, index) for index in range(256)]},
    "4": {"depth": 4, "palette": GREYS},
    "4, OS/2": {"depth": 4, "palette": GREYS, "header": 12},
    "1": {"depth": 1, "palette": [(0, 0, 0), (255, 255, 255)]},
    "1, inverted": {"depth": 1, "palette": [(250, 250, 250), (3, 3, 3)]},
}


def drawn(kind: str, **more: Any) -> bytes:
    options = {**KINDS[kind], **more}
    return bmp(SIZE, options.pop("depth"), random_values(SIZE, 1 << KINDS[kind]["depth"]), **options)


def mark_box(size: tuple[int, int] = SIZE, spec: WatermarkSpec | None = None) -> tuple[int, int, int, int]:
    return overlay_for(spec or WatermarkSpec(), size).boxes[0]


def changed(before: bytes, after: bytes) -> set[tuple[int, int]]:
    pairs = zip(values_of(before), values_of(after), strict=True)
    return {(index % SIZE[0], index // SIZE[0]) for index, (one, other) in enumerate(pairs) if one != other}


def assert_only_the_mark_changed(before: bytes, after: bytes) -> None:
    left, top, right, bottom = mark_box()
    pixels = changed(before, after)
    assert len(pixels) > 30
    assert all(left <= x < right and top <= y < bottom for x, y in pixels)


@pytest.mark.parametrize("top_down", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_headers_depth_and_row_order_are_kept_and_only_the_mark_changes(kind: str, top_down: bool) -> None:
    if top_down and "OS/2" in kind:
        pytest.skip("these headers have no sign")
    profile = pictures.icc_profile()
    data = drawn(kind, top_down=top_down, behind=profile)
    done = watermark(data)
    assert_only_the_mark_changed(data, done.data)
    (at,) = struct.unpack_from("<I", data, 10)
    assert done.data[:at] == data[:at]
    assert done.data.endswith(profile)
    assert len(done.data) == len(data)
    assert (done.format, done.content_type, done.frames, done.warnings) == ("BMP", "image/bmp", 1, ())
    assert (done.width, done.height) == SIZE


def test_bits_that_are_not_colour_are_kept() -> None:
    for kind, bits in (("16", 0x8000), ("32", 0xFF000000), ("32, RGBX", 0xFF)):
        data = drawn(kind)
        before, after = values_of(data), values_of(watermark(data).data)
        assert [value & bits for value in before] == [value & bits for value in after]


@pytest.mark.parametrize(
    ("kind", "white"),
    [
        ("24", 0xFFFFFF),
        ("32", 0x00FFFFFF),
        ("16", 0x7FFF),
        ("16, 565", 0xFFFF),
        ("32, alpha", 0xFFFFFFFF),
        ("32, RGBX", 0xFFFFFF00),
        ("8", 255),
        ("4", 15),
        ("1", 1),
        ("1, inverted", 0),
    ],
)
def test_white_ink_is_drawn_white(kind: str, white: int) -> None:
    options = dict(KINDS[kind])
    ground = 1 if kind == "1, inverted" else 0
    depth = options.pop("depth")
    spec = patch(1.0)
    after = values_of(watermark(bmp(SIZE, depth, [ground] * COUNT, **options), Recipe(spec)).data)
    left, top, right, bottom = mark_box(spec=spec)
    assert after[(top + bottom) // 2 * SIZE[0] + (left + right) // 2] == white
    assert after[0] == ground


def test_alpha_is_composited() -> None:
    data = bmp(SIZE, 32, [0] * COUNT, header=124, compression=3, masks=KINDS["32, alpha"]["masks"])
    after = values_of(watermark(data, Recipe(patch(0.6))).data)
    assert set(after) == {0, 153 << 24 | 0xFFFFFF}


@pytest.mark.parametrize(("ground", "spec"), [(1, WatermarkSpec()), (1, WatermarkSpec(outline="none", opacity=0.1))])
def test_black_and_white_pictures_get_an_opaque_mark_with_an_outline(ground: int, spec: WatermarkSpec) -> None:
    data = bmp(SIZE, 1, [ground] * COUNT, palette=KINDS["1"]["palette"])
    done = watermark(data, Recipe(spec))
    assert sum(value != ground for value in values_of(done.data)) > 30
    assert done.warnings == ()


def palette_bytes(data: bytes) -> bytes:
    (at,) = struct.unpack_from("<I", data, 10)
    return data[54:at]


def test_free_palette_entries_take_the_marks_colours_and_indices_stay_the_same() -> None:
    palette = [(250, 0, 0), (0, 250, 0)]
    data = bmp(SIZE, 8, random_values(SIZE, 2), palette=palette)
    done = watermark(data)
    grown = palette_bytes(done.data)
    assert grown.startswith(palette_bytes(data))
    assert len(grown) > len(palette_bytes(data))
    assert struct.unpack_from("<I", done.data, 46) == (len(grown) // 4,)
    assert_only_the_mark_changed(data, done.data)
    assert struct.unpack_from("<I", done.data, 2) == (len(done.data),)
    Image.open(BytesIO(done.data)).load()


def test_declared_but_unused_entries_are_free() -> None:
    palette = [(250, 0, 0), (0, 250, 0)] + [(0, 0, 0)] * 254
    data = bmp(SIZE, 8, random_values(SIZE, 2), palette=palette)
    done = watermark(data)
    assert len(done.data) == len(data)
    assert_only_the_mark_changed(data, done.data)


def test_a_profile_after_the_pixels_moves_with_them() -> None:
    profile = pictures.icc_profile()
    data = bmp(SIZE, 8, random_values(SIZE, 2), palette=[(250, 0, 0), (0, 250, 0)], header=124, behind=profile)
    done = watermark(data)
    assert len(done.data) > len(data)
    place, length = struct.unpack_from("<II", done.data, 126)
    assert done.data[14 + place : 14 + place + length] == profile


def test_a_palette_without_colours_for_the_mark_gets_more_bits_with_a_warning() -> None:
    reds = [(200 + index, 0, 0) for index in range(16)]
    data = bmp(SIZE, 4, random_values(SIZE, 16), palette=reds)
    done = watermark(data)
    assert done.warnings == ("4-bit palette had no colours for the mark and was converted to 8-bit",)
    assert struct.unpack_from("<H", done.data, 28) == (8,)
    assert_only_the_mark_changed(data, done.data)


@pytest.mark.parametrize("header", [12, 40, 124])
@pytest.mark.parametrize("top_down", [False, True])
def test_a_full_palette_without_colours_for_the_mark_becomes_rgb_with_a_warning(top_down: bool, header: int) -> None:
    reds = [(200 + index % 40, 0, index // 8) for index in range(256)]
    if top_down and header == 12:
        pytest.skip("these headers have no sign")
    data = bmp(SIZE, 8, random_values(SIZE, 256), palette=reds, top_down=top_down, header=header)
    done = watermark(data)
    assert done.warnings == ("the palette had no colours for the mark and was converted to RGB",)
    left, top, right, bottom = mark_box()
    after = values_of(done.data)
    for index, value in enumerate(values_of(data)):
        if not (left <= index % SIZE[0] < right and top <= index // SIZE[0] < bottom):
            red, green, blue = reds[value]
            assert after[index] == red << 16 | green << 8 | blue
    Image.open(BytesIO(done.data)).load()


@pytest.mark.parametrize(("depth", "compression"), [(8, 1), (4, 2)])
def test_run_length_encoding_is_kept_and_only_the_mark_changes(depth: int, compression: int) -> None:
    values = [index // 9 % (1 << depth) for index in range(COUNT)]
    palette = [(index * 255 // ((1 << depth) - 1),) * 3 for index in range(1 << depth)]
    rows = [values[y * SIZE[0] : (y + 1) * SIZE[0]] for y in reversed(range(SIZE[1]))]
    codes = bmp_rle.encode(bytes(value for row in rows for value in row), *SIZE, four_bits=depth == 4)
    data = bmp(SIZE, depth, [], compression=compression, palette=palette, encoded=codes)
    plain = bmp(SIZE, depth, values, palette=palette)
    before, after = Image.open(BytesIO(data)), Image.open(BytesIO(watermark(data).data))
    assert after.info["compression"] == compression
    assert before.convert("L").tobytes() == Image.open(BytesIO(plain)).convert("L").tobytes()
    assert after.convert("L").tobytes() == Image.open(BytesIO(watermark(plain).data)).convert("L").tobytes()


RLE8_EXAMPLE = bytes.fromhex("0304 0506 0003 4556 6700 0278 0002 0501 0278 0000 091e 0001")
"""From Microsoft's page on bitmap compression, with what it decodes to."""


def test_run_length_codes_are_read_as_documented() -> None:
    pixels, length = bmp_rle.decode(RLE8_EXAMPLE, 20, 3, four_bits=False)
    assert length == len(RLE8_EXAMPLE)
    assert pixels[:13] == bytes.fromhex("040404 0606060606 455667 7878")
    assert pixels[20 + 18 : 40] == b"\x78\x78"
    assert pixels[40:49] == b"\x1e" * 9


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 40), st.integers(1, 12), st.booleans(), st.data())
def test_run_length_codes_lose_nothing(width: int, height: int, four_bits: bool, data: st.DataObject) -> None:
    value = st.integers(0, 15 if four_bits else 255)
    runs = st.lists(st.tuples(value, st.integers(1, 300)), min_size=1, max_size=20)
    pixels = b"".join(bytes((index,)) * count for index, count in data.draw(runs))
    pixels = (pixels * (width * height // len(pixels) + 1))[: width * height]
    codes = bmp_rle.encode(pixels, width, height, four_bits=four_bits)
    assert bmp_rle.decode(codes, width, height, four_bits=four_bits) == (bytearray(pixels), len(codes))


REFUSED: list[tuple[bytes, str, str]] = [
    (drawn("24", compression=4), "unsupported-format", "JPEG"),
    (drawn("24", compression=5), "unsupported-format", "PNG"),
    (drawn("1", header=64, compression=3), "unsupported-format", "Huffman"),
    (drawn("24", header=64, compression=4), "unsupported-format", "RLE24"),
    (drawn("4", compression=1), "unsupported-format", "4 bits per pixel with compression 1"),
    (drawn("32", compression=3, masks=(0x3FF00000, 0xFFC00, 0x3FF)), "unsupported-format", "0x3ff00000"),
    (drawn("16", compression=3, masks=(0xF00, 0xF00, 0xF)), "unsupported-format", "colour masks"),
    (drawn("8", palette=()), "corrupt", "no palette"),
    (drawn("24")[:-1], "corrupt", "truncated"),
    (drawn("8")[:-1], "corrupt", "truncated"),
    (drawn("24")[:40], "corrupt", "truncated"),
    (bmp((0, 5), 24, []), "corrupt", "0 x 5"),
    (bmp(SIZE, 8, [], compression=1, palette=GREYS, encoded=b"\3\1"), "corrupt", "0 of 50 rows"),
    (bmp((20_000, 20_000), 24, [], encoded=b""), "too-large", "400 megapixels"),
    (bmp((8, 8), 24, [0] * 64), "too-small", "no room"),
]


@pytest.mark.parametrize(("data", "code", "named"), REFUSED, ids=[named for _, _, named in REFUSED])
def test_unsupported_variants_are_refused_by_name(data: bytes, code: str, named: str) -> None:
    with pytest.raises(Refused, match=named) as refusal:
        watermark(data)
    assert refusal.value.code == code


def test_the_callers_limits_apply() -> None:
    with pytest.raises(Refused) as refusal:
        watermark(drawn("24"), limits=Limits(max_pixels=COUNT - 1))
    assert refusal.value.code == "too-large"


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA"])
def test_files_written_by_pillow_are_copied(mode: str) -> None:
    encoded = BytesIO()
    pictures.photo((120, 90), mode).save(encoded, "BMP", dpi=(300, 300))
    done = watermark(encoded.getvalue())
    before, after = Image.open(encoded), Image.open(BytesIO(done.data))
    assert (after.mode, after.size, after.info["dpi"]) == (before.mode, before.size, before.info["dpi"])
    assert done.warnings == ()
