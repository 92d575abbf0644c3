from __future__ import annotations

import struct
from io import BytesIO

import pytest
from PIL import Image, ImageOps, _avif

from tests.drawn import animations, pictures
from tests.drawn.animations import by_millisecond, largest_difference, moving_ball, outside, psnr, shown, with_mark
from tests.drawn.avifs import avif, box, boxes, changed, contents, encoded, grid, sequence
from zenoimg.imaging import EncoderSettings, Limits, Recipe, Refused, WatermarkSpec, watermark
from zenoimg.imaging.marking.mark import overlay_for
from zenoimg.imaging.marking.placement import displayed_size, stored_box
from zenoimg.imaging.recipe import MetadataPolicy

SIZE = (72, 56)

# Orientation by irot (quarter turns, counter-clockwise) and imir (0: top and bottom, 1: left and right are swapped).
TURNS: dict[int, list[tuple[bytes, bytes]]] = {
    1: [],
    2: [(b"imir", b"\1")],
    3: [(b"irot", b"\2")],
    4: [(b"imir", b"\0")],
    5: [(b"irot", b"\1"), (b"imir", b"\0")],
    6: [(b"irot", b"\3")],
    7: [(b"irot", b"\3"), (b"imir", b"\0")],
    8: [(b"irot", b"\1")],
}


def decoded(data: bytes) -> Image.Image:
    picture = Image.open(BytesIO(data))
    picture.load()
    return picture


def mark_box(orientation: int = 1, size: tuple[int, int] = SIZE) -> tuple[int, int, int, int]:
    return overlay_for(WatermarkSpec(), size, orientation).boxes[0]


def see_through() -> Image.Image:
    picture = pictures.photo(SIZE, "RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(SIZE).point([max(0, level - 60) for level in range(256)]))
    return picture


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_mode_and_sampling_are_kept_and_the_mark_is_in_its_place(mode: str, subsampling: str) -> None:
    picture = see_through() if mode == "RGBA" else pictures.photo(SIZE, mode)
    data = encoded(picture, **({} if mode == "L" else {"subsampling": subsampling}))
    done = watermark(data)
    before, after = decoded(data), decoded(done.data)
    assert (after.mode, after.size) == (before.mode, before.size) == (mode, SIZE)
    assert [content[2] & 0x1C for content in contents(done.data, b"av1C")] == [
        content[2] & 0x1C for content in contents(data, b"av1C")
    ]
    before, after = before.convert("RGBA"), after.convert("RGBA")
    assert psnr(outside(before, mark_box()), outside(after, mark_box())) > 38
    assert psnr(before.crop(mark_box()), after.crop(mark_box())) < 30
    assert (done.format, done.content_type, done.frames, done.warnings) == ("AVIF", "image/avif", 1, ())


def test_lossless_alpha_stays_lossless() -> None:
    data = encoded(see_through(), advanced={"a:lossless": "1"})
    before, after = (outside(decoded(file), mark_box()) for file in (data, watermark(data).data))
    assert before.getchannel("A").tobytes() == after.getchannel("A").tobytes()


def test_quality_and_speed_come_from_the_recipe() -> None:
    data = encoded(pictures.photo((160, 120)))
    usual = watermark(data).data
    fine = watermark(data, Recipe(encoder=EncoderSettings(avif_quality=100))).data
    slow = watermark(data, Recipe(encoder=EncoderSettings(avif_speed=5))).data
    place = mark_box(size=(160, 120))
    source = outside(decoded(data), place)
    assert psnr(source, outside(decoded(fine), place)) > psnr(source, outside(decoded(usual), place)) + 3
    assert usual != slow
    assert usual == watermark(data).data


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_picture_keeps_its_rotation_and_the_mark_is_upright(orientation: int) -> None:
    ground = Image.new("RGB", SIZE, "#406080")
    ground.paste("#c04020", (0, 0, 20, 20))
    data = avif(ground, TURNS[orientation])
    done = watermark(data)
    turns = [(kind, done.data[start:end]) for kind, start, end in boxes(done.data) if kind in (b"irot", b"imir")]
    assert sorted(turns) == sorted(TURNS[orientation])
    assert decoded(done.data).getexif().get(0x0112, 1) == orientation
    assert (done.width, done.height) == displayed_size(SIZE, orientation)
    upright = ImageOps.exif_transpose(decoded(data)).convert("RGBA")
    expected = with_mark([animations.Shown(0, upright)])[0].picture
    assert psnr(ImageOps.exif_transpose(decoded(done.data)).convert("RGBA"), expected) > 34
    assert stored_box(mark_box(1, upright.size), SIZE, orientation) == mark_box(orientation)


def test_exif_is_kept_byte_for_byte_and_its_orientation_is_not_applied_twice() -> None:
    block = pictures.exif(6, maker_note=True)
    data = avif(pictures.photo(SIZE), [], [(b"Exif", bytes(4) + block)])
    done = watermark(data)
    assert pictures.exif(1, maker_note=True) in done.data
    assert not contents(done.data, b"irot")
    assert (done.width, done.height) == SIZE
    turned = watermark(avif(pictures.photo(SIZE), TURNS[6], [(b"Exif", bytes(4) + block)]))
    assert block in turned.data
    assert contents(turned.data, b"irot") == [b"\3"]


@pytest.mark.parametrize("block", [b"no TIFF", b"II*\0\xff\xff\xff\xff", pictures.exif(6)[:40]])
def test_damaged_exif_is_left_out_and_reported_and_the_picture_is_kept(block: bytes) -> None:
    done = watermark(avif(pictures.photo(SIZE), TURNS[3], [(b"Exif", bytes(4) + block)]))
    assert [warning.split(" (")[0] for warning in done.warnings] == ["EXIF is damaged"]
    assert contents(done.data, b"irot") == [b"\2"]
    assert decoded(done.data).getexif()[0x0112] == 3


def test_encoding_uses_one_thread_because_bytes_depend_on_the_number_of_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    encoder, threads = _avif.AvifEncoder, []

    def counted(*arguments: object) -> object:
        threads.append(arguments[4])
        return encoder(*arguments)

    data = encoded(pictures.photo(SIZE))
    monkeypatch.setattr(_avif, "AvifEncoder", counted)
    watermark(data)
    assert threads == [1]


@pytest.mark.parametrize(
    ("policy", "location", "camera"), [("keep", True, True), ("keep-no-location", False, True), ("strip", False, False)]
)
def test_metadata_follows_the_policy(policy: MetadataPolicy, location: bool, camera: bool) -> None:
    packet = pictures.xmp('exif:GPSLatitude="48,51N" dc:creator="A. Author"')
    profile = pictures.icc_profile()
    data = encoded(pictures.photo(SIZE), exif=pictures.exif(8, gps=True), xmp=packet, icc_profile=profile)
    done = watermark(data, Recipe(metadata=policy))
    copy = decoded(done.data)
    tags = copy.getexif()
    assert (tags[0x0112], copy.info["icc_profile"]) == (8, profile)
    assert (0x8825 in tags) == location
    assert (b"48,51N" in done.data) == location
    assert (b"Zeno Optics" in done.data) == camera
    assert b"A. Author" in done.data
    assert done.warnings == ()


@pytest.mark.parametrize("profile", [None, pictures.icc_profile()], ids=["nclx alone", "profile too"])
def test_primaries_and_transfer_are_kept(profile: bytes | None) -> None:
    data = encoded(pictures.photo(SIZE), icc_profile=profile)
    places = [start for kind, start, _ in boxes(data) if kind == b"colr" and data[start : start + 4] == b"nclx"]
    copy = bytearray(data)
    for place in places:
        struct.pack_into(">HH", copy, place + 4, 12, 8)
    done = watermark(bytes(copy))
    (nclx,) = (content for content in contents(done.data, b"colr") if content.startswith(b"nclx"))
    assert struct.unpack_from(">HH", nclx, 4) == (12, 8)


@pytest.mark.parametrize("with_alpha", [False, True])
def test_a_grid_that_stores_equal_cells_only_once_is_marked(with_alpha: bool) -> None:
    sky, photo = Image.new("RGB", (64, 64), "#406080"), pictures.photo((64, 64))
    clear, dense = Image.linear_gradient("L").resize((64, 64)), Image.new("L", (64, 64), 255)
    alpha = [dense, clear] * 6 if with_alpha else []
    data = grid([*[photo] * 9, sky, sky, sky], 4, alpha)
    assert decoded(data).size == (256, 192)
    done = watermark(data)
    place = mark_box(size=(256, 192))
    before, after = (outside(decoded(file).convert("RGBA"), place) for file in (data, done.data))
    assert psnr(before, after) > 38
    assert (done.width, done.height, done.warnings) == (256, 192, ())


@pytest.mark.parametrize(("transfer", "name"), [(16, "PQ"), (18, "HLG")])
def test_hdr_is_refused_with_the_name_of_its_transfer_function(transfer: int, name: str) -> None:
    data = changed(encoded(pictures.photo(SIZE)), b"colr", 6, struct.pack(">H", transfer))
    with pytest.raises(Refused, match=f"AVIF in {name} ") as refusal:
        watermark(data)
    assert refusal.value.code == "unsupported-format"


@pytest.mark.parametrize(("flags", "depth"), [(0x40, 10), (0x60, 12)])
def test_lost_bit_depth_is_reported(flags: int, depth: int) -> None:
    data = encoded(pictures.photo(SIZE))
    (av1c,) = contents(data, b"av1C")
    deep = changed(changed(data, b"av1C", 2, bytes((av1c[2] | flags,))), b"pixi", 5, bytes((depth,) * 3))
    assert watermark(deep).warnings == (
        f"{depth} bits per sample cannot be written and were converted to 8: finer shades are lost",
    )


def test_conversion_from_rgb_coding_is_reported() -> None:
    data = changed(encoded(pictures.photo(SIZE), subsampling="4:4:4"), b"colr", 8, struct.pack(">H", 0))
    done = watermark(data)
    assert done.warnings == ("coding as RGB cannot be written and was converted to YCbCr",)
    assert psnr(outside(decoded(data), mark_box()), outside(decoded(done.data), mark_box())) > 40


def test_only_the_clean_aperture_is_shown_and_copied() -> None:
    clap = struct.pack(">8i", 40, 1, 30, 1, 4, 1, -2, 1)
    data = avif(pictures.photo(SIZE), [(b"clap", clap)])
    done = watermark(data)
    assert (done.width, done.height) == decoded(done.data).size == (40, 30)
    left, top = (72 - 40) // 2 + 4, (56 - 30) // 2 - 2
    expected = decoded(data).crop((left, top, left + 40, top + 30))
    box_of_mark = mark_box(size=(40, 30))
    assert psnr(outside(expected, box_of_mark), outside(decoded(done.data), box_of_mark)) > 38
    assert not contents(done.data, b"clap")


def test_what_a_copy_cannot_contain_is_reported() -> None:
    properties = [(b"pasp", struct.pack(">II", 2, 1)), (b"clli", bytes(4))]
    items = [(b"tmap", b"\0")]
    top = box(b"uuid", bytes(16) + b"\0\0\0\0c2pa")
    done = watermark(avif(pictures.photo(SIZE), properties, items, top=top))
    assert [warning.split()[0:3] for warning in done.warnings] == [
        ["the", "HDR", "gain"],
        ["pixels", "that", "are"],
        ["the", "brightness", "of"],
        ["Content", "Credentials", "vouch"],
    ]


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_an_animation_looks_the_same_apart_from_the_mark_at_every_millisecond(mode: str) -> None:
    data = sequence(moving_ball(SIZE, 4, mode), [40, 70, 100, 30])
    done = watermark(data)
    before, after = by_millisecond(with_mark(shown(data))), by_millisecond(shown(done.data))
    assert len(before) == len(after) == 240
    assert [step.milliseconds for step in shown(done.data)] == [40, 70, 100, 30]
    for one, other in zip(before[::10], after[::10], strict=True):
        assert psnr(one, other) > 30
        assert psnr(outside(one, mark_box()), outside(other, mark_box())) > 38
    assert done.frames == 4


@pytest.mark.parametrize(("plays", "flag"), [(1, 0), (3, 1), (None, 1)])
def test_an_animation_keeps_its_number_of_repetitions(plays: int | None, flag: int) -> None:
    data = sequence(moving_ball(SIZE, 2), [40, 40])
    if plays is not None:
        data = changed(data, b"elst", 3, bytes((flag,)))
        data = changed(data, b"tkhd", 28, struct.pack(">Q", 80 * plays))
    done = watermark(data)
    expected = (1 << 64) - 1 if plays is None else 80 * plays
    assert {content[3] for content in contents(done.data, b"elst")} == {flag}
    assert {struct.unpack_from(">Q", content, 28)[0] for content in contents(done.data, b"tkhd")} == {expected}
    assert len(shown(done.data)) == 2


def test_an_animation_does_not_reveal_when_it_was_marked() -> None:
    data = sequence(moving_ball(SIZE, 2), [40, 40])
    times = {kind: contents(watermark(data).data, kind) for kind in (b"mvhd", b"tkhd", b"mdhd")}
    assert all(times.values())
    assert {content[4:20] for kind in times for content in times[kind]} == {bytes(16)}


def test_a_file_with_a_cover_picture_and_an_animation_is_treated_as_the_animation() -> None:
    data = sequence(moving_ball(SIZE, 3), [40, 40, 40])
    done = watermark(data[:8] + b"avif" + data[12:])
    assert done.frames == 3
    assert done.data[8:12] == b"avis"


def test_frames_and_pixels_are_counted_before_they_are_decoded() -> None:
    data = sequence(moving_ball(SIZE, 3), [40, 40, 40])
    with pytest.raises(Refused, match="3 frames; at most 2") as refusal:
        watermark(data, limits=Limits(max_frames=2))
    assert refusal.value.code == "too-many-frames"
    with pytest.raises(Refused, match="72 x 56 is 0") as refusal:
        watermark(data, limits=Limits(max_pixels=72 * 56 - 1))
    assert refusal.value.code == "too-large"
    endless = changed(data, b"stts", 8, struct.pack(">II", 0xFFFFFFFF, 1))
    with pytest.raises(Refused) as refusal:
        watermark(endless)
    assert refusal.value.code == "too-many-frames"


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_pixels_declared_only_in_the_coded_data_are_counted(mode: str) -> None:
    large = Image.new(mode, (600, 400), (200, 10, 10) if mode == "RGB" else (200, 10, 10, 9))
    for data in (encoded(large), sequence([large, large], [40, 40])):
        small = changed(data, b"ispe", 4, struct.pack(">II", 16, 16))
        with pytest.raises(Refused, match="600 x 400"):
            watermark(small, limits=Limits(max_pixels=200_000))


@pytest.mark.parametrize("name", ["animated/alpha-exif-xmp.avif", "orientation/irot-alpha.avif"])
def test_a_real_picture_looks_the_same_outside_the_mark(name: str) -> None:
    path = animations.SHARED_PHOTOS / name
    if not path.is_file():
        pytest.skip("no photos beside the checkout")
    data = path.read_bytes()
    done = watermark(data)
    assert done.warnings == ()
    before, after = Image.open(BytesIO(data)), Image.open(BytesIO(done.data))
    place = mark_box(before.getexif().get(0x0112, 1), before.size)
    assert before.getexif().get(0x0112, 1) == after.getexif().get(0x0112, 1)
    for number in range(done.frames):
        before.seek(number)
        after.seek(number)
        one, other = outside(before.convert("RGBA"), place), outside(after.convert("RGBA"), place)
        assert psnr(one, other) > 40
        assert largest_difference(one.getchannel("A"), other.getchannel("A")) <= 4
