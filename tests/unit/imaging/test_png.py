from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Sequence
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests import pictures
from tests.pictures import chunk, png, png_chunks, png_samples
from zenoimg.imaging import EncoderSettings, Recipe, Refused, WatermarkSpec, watermark
from zenoimg.imaging.mark import overlay_for

SIZE = (61, 43)
TYPES = [
    (color_type, depth)
    for color_type, depths in ((0, (1, 2, 4, 8, 16)), (2, (8, 16)), (3, (1, 2, 4, 8)), (4, (8, 16)), (6, (8, 16)))
    for depth in depths
]


def palette(count: int, seed: int = 2) -> bytes:
    """Black, white, and colours between."""
    dice = random.Random(seed)
    return (bytes(3) + b"\xff" * 3 + dice.randbytes(3 * count))[: 3 * count]


def some_samples(color_type: int, depth: int, seed: int = 5) -> list[int]:
    dice = random.Random(seed)
    count = SIZE[0] * SIZE[1] * pictures.SAMPLES_A_PIXEL[color_type]
    return [dice.randrange(1 << depth) for _ in range(count)]


def some_png(color_type: int, depth: int, *, interlaced: bool = False, before: Sequence[bytes] = ()) -> bytes:
    needed = [chunk(b"PLTE", palette(1 << depth))] if color_type == 3 else []
    samples = some_samples(color_type, depth)
    return png(SIZE, color_type, depth, samples, interlaced=interlaced, before=[*needed, *before])


def patch(opacity: float) -> WatermarkSpec:
    """A mark without soft edges: a white square, half as wide as the picture is high."""
    encoded = BytesIO()
    Image.new("RGB", (8, 8), "white").save(encoded, "PNG")
    return WatermarkSpec(logo=encoded.getvalue(), scale=0.5, opacity=opacity)


def header(data: bytes) -> tuple[int, ...]:
    return struct.unpack(">IIBBBBB", png_chunks(data)[0][1])


def colours(data: bytes) -> list[tuple[int, ...]]:
    """Red, green, blue and alpha of every pixel at 16 bits, from the file alone."""
    _, _, depth, color_type, _, _, _ = header(data)
    chunks = dict(png_chunks(data))
    samples, most = png_samples(data), (1 << depth) - 1
    if color_type == 3:
        entries = [tuple(value * 257 for value in entry) for entry in struct.iter_unpack("3B", chunks[b"PLTE"])]
        alphas = [value * 257 for value in chunks.get(b"tRNS", b"")]
        return [(*entries[index], alphas[index] if index < len(alphas) else 65535) for index in samples]
    key: tuple[int, ...] | None = None
    if b"tRNS" in chunks:
        key = struct.unpack(f">{len(chunks[b'tRNS']) // 2}H", chunks[b"tRNS"])
    step = pictures.SAMPLES_A_PIXEL[color_type]
    result = []
    for at in range(0, len(samples), step):
        pixel = tuple(samples[at : at + step])
        scaled = [value * 65535 // most for value in pixel]
        alpha = scaled.pop() if color_type in (4, 6) else 65535 * (pixel != key)
        result.append((*(scaled * 3)[:3], alpha))
    return result


def mark_box(spec: WatermarkSpec | None = None, orientation: int = 1) -> tuple[int, int, int, int]:
    return overlay_for(spec or WatermarkSpec(), SIZE, orientation).boxes[0]


def changed(before: bytes, after: bytes) -> set[tuple[int, int]]:
    pairs = zip(colours(before), colours(after), strict=True)
    return {(index % SIZE[0], index // SIZE[0]) for index, (one, other) in enumerate(pairs) if one != other}


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize(("color_type", "depth"), TYPES)
def test_type_depth_and_interlacing_stay_and_only_the_mark_changes(
    color_type: int, depth: int, interlaced: bool
) -> None:
    data = some_png(color_type, depth, interlaced=interlaced)
    done = watermark(data)
    assert header(done.data) == (*SIZE, depth, color_type, 0, 0, interlaced)
    left, top, right, bottom = mark_box()
    pixels = changed(data, done.data)
    assert all(left <= x < right and top <= y < bottom for x, y in pixels)
    assert len(pixels) > 30
    assert (done.format, done.content_type, done.frames, done.warnings) == ("PNG", "image/png", 1, ())
    assert (done.width, done.height) == SIZE
    Image.open(BytesIO(done.data)).load()


@pytest.mark.parametrize(("color_type", "depth"), [(0, 16), (2, 16), (4, 16), (6, 16)])
def test_sixteen_bits_are_blended_at_sixteen_bits(color_type: int, depth: int) -> None:
    samples_a_pixel = pictures.SAMPLES_A_PIXEL[color_type]
    pixel = [1000, 20_003, 40_001, 65_535][:samples_a_pixel]
    if color_type == 4:
        pixel = [1000, 65_535]
    data = png(SIZE, color_type, depth, pixel * (SIZE[0] * SIZE[1]))
    after = png_samples(watermark(data, Recipe(patch(0.5))).data)
    inside = max(after[0::samples_a_pixel])
    assert inside == (1000 * 127 + 65_535 * 128 + 127) // 255


@pytest.mark.parametrize(("color_type", "depth"), [(4, 8), (4, 16), (6, 8), (6, 16)])
def test_on_transparent_ground_the_mark_is_there_and_the_ground_stays_transparent(color_type: int, depth: int) -> None:
    data = png(SIZE, color_type, depth, [0] * (SIZE[0] * SIZE[1] * pictures.SAMPLES_A_PIXEL[color_type]))
    pixels = colours(watermark(data, Recipe(patch(0.6))).data)
    assert set(pixels) == {(0, 0, 0, 0), (65535, 65535, 65535, 153 * 257)}
    assert pixels.count((0, 0, 0, 0)) > len(pixels) / 2


def test_half_transparent_ground_counts_for_its_share() -> None:
    data = png(SIZE, 6, 16, [0, 0, 0, 32_768] * (SIZE[0] * SIZE[1]))
    pixels = colours(watermark(data, Recipe(patch(0.5))).data)
    red, _, _, alpha = max(pixels, key=lambda pixel: pixel[3])
    assert alpha == pytest.approx(0.75 * 65535, rel=0.01)
    assert red == pytest.approx(65535 * 0.5 / 0.75, rel=0.02)


@pytest.mark.parametrize(("color_type", "depth"), [(0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16)])
@pytest.mark.parametrize("key", ["white", "black"])
def test_a_mark_on_a_transparent_colour_is_not_transparent(color_type: int, depth: int, key: str) -> None:
    value = (1 << depth) - 1 if key == "white" else 0
    per_pixel = pictures.SAMPLES_A_PIXEL[color_type]
    transparency = chunk(b"tRNS", struct.pack(">H", value) * per_pixel)
    data = png(SIZE, color_type, depth, [value] * (SIZE[0] * SIZE[1] * per_pixel), before=[transparency])
    done = watermark(data)
    pixels = colours(done.data)
    opaque = [pixel[:3] for pixel in pixels if pixel[3]]
    assert len(opaque) > 100
    assert max(opaque)[0] > 0.6 * 65535
    assert min(opaque)[0] < 0.4 * 65535
    assert len(opaque) < len(pixels) / 2
    assert dict(png_chunks(done.data))[b"tRNS"] == dict(png_chunks(data))[b"tRNS"]


@pytest.mark.parametrize(("color_type", "depth"), [(0, 4), (0, 8), (0, 16), (2, 8), (2, 16)])
def test_ink_of_the_transparent_colour_is_opaque_all_the_same(color_type: int, depth: int) -> None:
    value, per_pixel = (1 << depth) - 1, pictures.SAMPLES_A_PIXEL[color_type]
    transparency = chunk(b"tRNS", struct.pack(">H", value) * per_pixel)
    data = png(SIZE, color_type, depth, [value] * (SIZE[0] * SIZE[1] * per_pixel), before=[transparency])
    left, top, right, bottom = mark_box(patch(0.5))
    opaque = sum(pixel[3] > 0 for pixel in colours(watermark(data, Recipe(patch(0.5))).data))
    assert opaque == (right - left) * (bottom - top)


@pytest.mark.parametrize("key", [0, 1])
def test_a_mark_shows_on_a_transparent_one_bit_picture(key: int) -> None:
    data = png(SIZE, 0, 1, [key] * (SIZE[0] * SIZE[1]), before=[chunk(b"tRNS", struct.pack(">H", key))])
    assert sum(pixel[3] > 0 for pixel in colours(watermark(data).data)) > 60


@pytest.mark.parametrize("opacity", [0.1, 0.6, 1.0])
@pytest.mark.parametrize("ground", [0, 1])
def test_two_levels_show_even_a_faint_mark(opacity: float, ground: int) -> None:
    data = png(SIZE, 0, 1, [ground] * (SIZE[0] * SIZE[1]))
    after = png_samples(watermark(data, Recipe(WatermarkSpec(opacity=opacity))).data)
    assert sum(value != ground for value in after) > 60


def test_a_full_palette_stays_and_the_mark_uses_its_colours() -> None:
    data = png(SIZE, 3, 8, some_samples(3, 8), before=[chunk(b"PLTE", palette(256))])
    done = watermark(data)
    assert dict(png_chunks(done.data))[b"PLTE"] == palette(256)
    assert changed(data, done.data)


def test_free_slots_take_the_marks_colours_and_no_index_moves() -> None:
    entries = palette(4)
    samples = [value % 4 for value in some_samples(3, 8)]
    data = png(SIZE, 3, 8, samples, before=[chunk(b"PLTE", entries)])
    done = watermark(data)
    grown = dict(png_chunks(done.data))[b"PLTE"]
    assert grown.startswith(entries)
    assert len(entries) < len(grown) <= 768
    left, top, right, bottom = mark_box()
    for index, (before, after) in enumerate(zip(samples, png_samples(done.data), strict=True)):
        if not (left <= index % SIZE[0] < right and top <= index // SIZE[0] < bottom):
            assert before == after


def test_a_palette_without_colours_for_the_mark_grows_in_depth_and_says_so() -> None:
    data = png(SIZE, 3, 1, some_samples(3, 1), before=[chunk(b"PLTE", b"\xff\0\0\xf0\0\0")])
    done = watermark(data)
    assert header(done.data)[2:4] == (8, 3)
    assert done.warnings == ("1-bit palette had no colours for the mark and became 8-bit",)
    assert changed(data, done.data)


@pytest.mark.parametrize("transparent", [False, True])
def test_a_full_palette_without_colours_for_the_mark_becomes_true_colour_and_says_so(transparent: bool) -> None:
    reds = b"".join(bytes((200 + index % 40, 0, index // 8)) for index in range(256))
    before = [chunk(b"gAMA", struct.pack(">I", 45455)), chunk(b"PLTE", reds), chunk(b"bKGD", b"\3")]
    if transparent:
        before.insert(2, chunk(b"tRNS", b"\0\x80"))
    data = png(SIZE, 3, 8, some_samples(3, 8), before=before)
    done = watermark(data)
    mode = "RGBA" if transparent else "RGB"
    assert header(done.data)[2:4] == (8, 6 if transparent else 2)
    assert done.warnings == (
        f"the palette had no colours for the mark and became {mode}",
        "chunk bKGD belongs to a palette and was left out",
    )
    left, top, right, bottom = mark_box()
    pixels = changed(data, done.data)
    assert pixels
    assert all(left <= x < right and top <= y < bottom for x, y in pixels)
    assert [name for name, _ in png_chunks(done.data)] == [b"IHDR", b"gAMA", b"IDAT", b"IEND"]


def test_transparent_entries_stay_and_the_mark_on_them_is_seen() -> None:
    before = [chunk(b"PLTE", palette(8)), chunk(b"tRNS", b"\xff\xff\0\x40")]
    data = png(SIZE, 3, 8, [2] * (SIZE[0] * SIZE[1]), before=before)
    done = watermark(data)
    assert dict(png_chunks(done.data))[b"tRNS"].startswith(b"\xff\xff\0\x40")
    pixels = colours(done.data)
    assert sum(pixel[3] > 0.5 * 65535 for pixel in pixels) > 60
    assert done.warnings == ()


def test_a_tiled_mark_on_a_palette_covers_the_picture() -> None:
    data = png(SIZE, 3, 8, [0] * (SIZE[0] * SIZE[1]), before=[chunk(b"PLTE", palette(256))])
    pixels = changed(data, watermark(data, Recipe(WatermarkSpec(position="tile"))).data)
    assert {(x // 31, y // 22) for x, y in pixels} == {(0, 0), (1, 0), (0, 1), (1, 1)}


ICC = chunk(b"iCCP", b"sRGB\0\0" + zlib.compress(pictures.icc_profile()))
KEPT = [
    chunk(b"gAMA", struct.pack(">I", 45455)),
    chunk(b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)),
    ICC,
    chunk(b"cICP", b"\x09\x10\0\1"),
    chunk(b"sBIT", b"\5\6\5"),
    chunk(b"bKGD", bytes(6)),
    chunk(b"pHYs", struct.pack(">IIB", 3780, 3780, 1)),
    chunk(b"tIME", b"\x07\xe9\6\x0c\x0f\x19\x0e"),
    chunk(b"tEXt", b"Title\0a picture"),
    chunk(b"zTXt", b"Author\0\0" + zlib.compress(b"A. Author")),
    chunk(b"iTXt", "Comment\0\0\0de\0Kommentar\0schön".encode()),
    chunk(b"eXIf", pictures.exif(1, maker_note=True)),
    chunk(b"prVt", b"private and safe to copy"),
]


def test_ancillary_chunks_stay_byte_for_byte_in_place_and_order() -> None:
    after = chunk(b"tEXt", b"Later\0behind the pixels")
    data = png(SIZE, 2, 8, some_samples(2, 8), before=KEPT, after=[after])
    done = watermark(data)
    kept = done.data.split(b"IDAT")[0]
    assert kept.endswith(b"".join(KEPT) + kept[-4:])
    assert done.data.endswith(after + chunk(b"IEND", b""))
    assert done.warnings == ()
    assert watermark(data, Recipe(metadata="keep")).data == done.data


def test_strip_leaves_what_pixels_look_like() -> None:
    before = [*KEPT[:-2], chunk(b"eXIf", pictures.exif(6, gps=True))]
    done = watermark(png(SIZE, 2, 8, some_samples(2, 8), before=before), Recipe(metadata="strip"))
    names = [name for name, _ in png_chunks(done.data)]
    assert names[1:-2] == [b"gAMA", b"cHRM", b"iCCP", b"cICP", b"sBIT", b"bKGD", b"pHYs", b"eXIf"]
    assert dict(Image.open(BytesIO(done.data)).getexif()) == {0x0112: 6}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_mark_follows_the_orientation_in_exif(orientation: int) -> None:
    data = some_png(2, 8, before=[chunk(b"eXIf", pictures.exif(orientation, gps=True))])
    done = watermark(data)
    left, top, right, bottom = mark_box(orientation=orientation)
    pixels = changed(data, done.data)
    assert pixels
    assert all(left <= x < right and top <= y < bottom for x, y in pixels)
    assert (done.width, done.height) == (SIZE if orientation < 5 else (SIZE[1], SIZE[0]))
    after = Image.open(BytesIO(done.data)).getexif()
    assert after[0x0112] == orientation
    assert 0x8825 not in after


def raw_profile(kind: bytes, profile: bytes) -> bytes:
    digits = profile.hex().encode()
    lines = b"\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
    text = b"\n" + kind + b"\n" + str(len(profile)).rjust(8).encode() + b"\n" + lines + b"\n"
    return chunk(b"zTXt", b"Raw profile type " + kind + b"\0\0" + zlib.compress(text))


PLACES = pictures.iptc((80, b"A. Author"), (90, b"Paris"))
LOCATED = [
    chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + pictures.xmp('exif:GPSLatitude="48,51.4N"')),
    chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(pictures.xmp('photoshop:City="Paris"'))),
    raw_profile(b"exif", b"Exif\0\0" + pictures.exif(gps=True)),
    raw_profile(b"iptc", pictures.resource(0x0404, PLACES)),
    raw_profile(b"iptc", PLACES),
    raw_profile(b"xmp", pictures.xmp('photoshop:City="Paris"')),
    chunk(b"tEXt", b"exif:GPSLatitude\x0048/1, 51/1, 24/1"),
]


def text_in(data: bytes) -> bytes:
    """All that text chunks say, inflated and out of hexadecimal digits."""
    said = b""
    for name, content in png_chunks(data):
        if name in (b"tEXt", b"zTXt", b"iTXt"):
            text = content
            at = content.find(b"\x78\x9c")
            if at >= 0:
                text = content[:at] + zlib.decompress(content[at:])
            said += text
            if text.startswith(b"Raw profile"):
                said += bytes.fromhex(b"".join(text.split(b"\n")[3:]).decode())
    return said


@pytest.mark.parametrize("located", LOCATED, ids=range(len(LOCATED)))
def test_places_leave_text_chunks(located: bytes) -> None:
    data = some_png(2, 8, before=[located])
    places = (b"48,51", b"Paris", struct.pack("<4I", 48, 1, 51, 1), b"48/1")
    assert any(place in text_in(data) for place in places)
    done = watermark(data)
    assert not any(place in text_in(done.data) for place in places)
    assert done.warnings == ()
    assert located in watermark(data, Recipe(metadata="keep")).data


DAMAGED = [
    (chunk(b"zTXt", b"Author\0\0no zlib"), "text 'Author' is damaged"),
    (chunk(b"zTXt", b"Bomb\0\0" + zlib.compress(bytes(20_000_000))), "text 'Bomb' is damaged"),
    (chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<open>"), "text 'XML:com.adobe.xmp' is damaged"),
    (chunk(b"eXIf", b"nothing"), "EXIF is damaged"),
    (chunk(b"zTXt", b"Raw profile type iptc\0\0" + zlib.compress(b"\niptc\n 9\nff")), "text 'Raw profile type iptc'"),
    (chunk(b"tEXt", b"Title\0text")[:-1] + b"?", "chunk 'tEXt' fails its checksum"),
    (chunk(b"prVT", b"unsafe"), "chunk 'prVT' belongs to the unmarked picture"),
    (chunk(b"caBX", b"jumbf"), "Content Credentials"),
]


@pytest.mark.parametrize(("lost", "named"), DAMAGED, ids=range(len(DAMAGED)))
def test_what_cannot_be_kept_is_named(lost: bytes, named: str) -> None:
    done = watermark(some_png(2, 8, before=[lost, KEPT[0]]))
    assert len(done.warnings) == 1
    assert done.warnings[0].startswith(named)
    assert [name for name, _ in png_chunks(done.data)] == [b"IHDR", b"gAMA", b"IDAT", b"IEND"]


def test_a_histogram_goes_when_the_palette_changes() -> None:
    before = [chunk(b"PLTE", palette(4)), chunk(b"hIST", bytes(8))]
    done = watermark(png(SIZE, 3, 8, [0] * (SIZE[0] * SIZE[1]), before=before))
    assert b"hIST" not in dict(png_chunks(done.data))
    assert "hIST" in done.warnings[0]


def test_apng_is_refused_by_name() -> None:
    with pytest.raises(Refused, match="APNG") as refusal:
        watermark(some_png(2, 8, before=[chunk(b"acTL", struct.pack(">II", 2, 0))]))
    assert refusal.value.code == "unsupported-format"


def test_palette_indices_without_a_palette_are_corrupt() -> None:
    with pytest.raises(Refused, match="no palette") as refusal:
        watermark(png(SIZE, 3, 8, some_samples(3, 8)))
    assert refusal.value.code == "corrupt"


def test_a_wrong_checksum_of_pixels_is_corrupt() -> None:
    data = bytearray(some_png(2, 8))
    data[data.index(b"IDAT") + 20] ^= 1
    with pytest.raises(Refused, match="'IDAT' fails its checksum"):
        watermark(bytes(data))


def test_the_size_is_checked_before_pixels_are_decoded() -> None:
    bomb = pictures.PNG_SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0))
    bomb += chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    with pytest.raises(Refused, match="2500 megapixels") as refusal:
        watermark(bomb)
    assert refusal.value.code == "too-large"


@pytest.mark.parametrize(("transfer", "white"), [(1, 1.0), (13, 1.0), (16, 0.581), (18, 0.75)])
def test_white_ink_is_paper_white_in_hdr(transfer: int, white: float) -> None:
    data = some_png(2, 8, before=[chunk(b"cICP", bytes((9, transfer, 0, 1)))])
    samples = png_samples(watermark(data, Recipe(patch(1.0))).data)
    left, top, right, bottom = mark_box(patch(1.0))
    centre = ((top + bottom) // 2 * SIZE[0] + (left + right) // 2) * 3
    assert samples[centre] / 255 == pytest.approx(white, abs=0.004)


def test_compression_is_the_recipes() -> None:
    data = some_png(2, 8)
    stored = watermark(data, Recipe(encoder=EncoderSettings(png_compression=0)))
    assert len(stored.data) > SIZE[0] * SIZE[1] * 3
    assert len(watermark(png(SIZE, 2, 8, [0] * (SIZE[0] * SIZE[1] * 3))).data) < 2000


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(TYPES),
    st.booleans(),
    st.integers(24, 70),
    st.integers(24, 70),
    st.integers(0, 1000),
)
def test_any_size_keeps_every_pixel_outside_the_mark(
    kind: tuple[int, int], interlaced: bool, width: int, height: int, seed: int
) -> None:
    color_type, depth = kind
    dice = random.Random(seed)
    count = width * height * pictures.SAMPLES_A_PIXEL[color_type]
    samples = [dice.randrange(1 << depth) for _ in range(count)]
    before = [chunk(b"PLTE", palette(1 << depth, seed))] if color_type == 3 else []
    data = png((width, height), color_type, depth, samples, interlaced=interlaced, before=before)
    left, top, right, bottom = overlay_for(WatermarkSpec(), (width, height)).boxes[0]
    for index, (one, other) in enumerate(zip(colours(data), colours(watermark(data).data), strict=True)):
        if not (left <= index % width < right and top <= index // width < bottom):
            assert one == other
