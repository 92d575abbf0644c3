from __future__ import annotations

import contextlib
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from tests.drawn import pictures, profiles
from zenoimg.imaging import Recipe, WatermarkSpec, watermark
from zenoimg.imaging.colour import transforms
from zenoimg.imaging.colour.icc import space_of
from zenoimg.imaging.colour.inks import best_code
from zenoimg.imaging.colour.spaces import SRGB as SRGB_SPACE
from zenoimg.imaging.colour.tags import picture_space, png_tags
from zenoimg.imaging.colour.transforms import ProfileSpace, UnusableProfileError

P = profiles


def jpeg(mode: str, icc: bytes) -> bytes:
    return pictures.jpeg(pictures.photo((160, 120), mode), [pictures.icc_segment(icc)])


@pytest.mark.parametrize(
    "curve",
    [
        P.gamma_curve(2.2),
        P.parametric_curve(0, 2.2),
        P.parametric_curve(1, 2.2, 1.0, 0.0),
        P.parametric_curve(2, 2.2, 0.9, 0.1, 0.0),
        P.SRGB_CURVE,
        P.parametric_curve(4, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045, 0.0, 0.0),
        P.table_curve([(step / 255) ** 1.8 for step in range(256)]),
        P.table_curve([0.0, 0.2, 1.0]),
        b"curv\0\0\0\0\0\0\0\0",
    ],
    ids=["curv 1", "para 0", "para 1", "para 2", "para 3", "para 4", "curv 256", "curv 3", "curv 0"],
)
def test_curves_agree_with_the_colour_engine(curve: bytes) -> None:
    icc = P.rgb_profile(P.ADOBE_RGB_PRIMARIES, curve)
    space = space_of(icc, "RGB")
    numbers = [(r, g, b) for r in range(0, 256, 51) for g in range(0, 256, 51) for b in range(0, 256, 85)]
    engine = P.viewed(Image.frombytes("RGB", (len(numbers), 1), bytes(sum(numbers, ()))), icc).tobytes()
    ours = space.shown([tuple(value / 255 for value in each) for each in numbers])
    offs = [abs(round(value) - engine[3 * i + j]) for i, seen in enumerate(ours) for j, value in enumerate(seen)]
    assert max(offs) <= 8, "colours outside sRGB may be clipped differently"
    assert sum(off > 2 for off in offs) <= len(offs) / 50
    assert sum(offs) / len(offs) < 0.2


@pytest.mark.parametrize(
    "icc", [P.ADOBE_RGB, P.PROPHOTO, P.P3_BY_TABLE, P.LINEAR], ids=["Adobe", "ProPhoto", "P3", "linear"]
)
def test_the_chosen_code_is_within_a_level_of_the_best_of_its_neighbours(icc: bytes) -> None:
    space = space_of(icc, "RGB")
    for colour in [(120, 60, 60), (16, 16, 16), (32, 42, 96), (250, 240, 10)]:
        code = best_code(space, colour, 255)
        near = [
            (code[0] + r, code[1] + g, code[2] + b) for r in range(-3, 4) for g in range(-3, 4) for b in range(-3, 4)
        ]
        near = [each for each in near if min(each) >= 0 and max(each) <= 255]
        seen = space.shown([tuple(value / 255 for value in each) for each in (code, *near)])
        offs = [max(abs(one - other) for one, other in zip(each, colour, strict=True)) for each in seen]
        assert offs[0] <= min(offs) + 1


@pytest.mark.parametrize(
    ("icc", "mode", "reason"),
    [
        (b"x" * 200, "RGB", "it is not the profile of a device"),
        (P.profile(b"RGB ", {}), "RGB", "its tag rXYZ is missing"),
        (P.ADOBE_RGB[:140], "RGB", "it is damaged"),
        (P.GREY_22, "RGB", "it is for greyscale pixels"),
        (P.SRGB, "CMYK", "it is for RGB pixels"),
        (P.profile(b"RGB ", {}, kind=b"link"), "RGB", "it is not the profile of a device"),
        (P.rgb_profile(P.ADOBE_RGB_PRIMARIES, b"wave" + bytes(20)), "RGB", "one of its curves is of an unknown type"),
        (P.rgb_profile(P.ADOBE_RGB_PRIMARIES, P.parametric_curve(0, 0.0)), "RGB", "one of its curves does not rise"),
        (P.rgb_profile(P.ADOBE_RGB_PRIMARIES, P.parametric_curve(1, 30000.0, 30000.0, 1.0)), "RGB", "it is damaged"),
        (P.rgb_profile(P.ADOBE_RGB_PRIMARIES, b"curv\0\0\0\0" + struct.pack(">I", 9)), "RGB", "it is damaged"),
    ],
)
def test_an_unusable_profile_is_reported_and_the_mark_drawn_without_it(icc: bytes, mode: str, reason: str) -> None:
    with pytest.raises(UnusableProfileError, match=reason):
        space_of(icc, mode)
    done = watermark(jpeg(mode, icc))
    assert done.warnings == (f"the colour profile cannot be used: {reason}; the mark is drawn as without one",)
    copy = Image.open(BytesIO(done.data))
    assert copy.info["icc_profile"] == icc
    plain = Image.open(BytesIO(watermark(pictures.jpeg(pictures.photo((160, 120), mode))).data))
    assert copy.tobytes() == plain.tobytes()


def test_a_profile_of_many_megabytes_is_not_kept_in_memory() -> None:
    with pytest.raises(UnusableProfileError, match="it is longer than 4,000,000 bytes"):
        space_of(P.ADOBE_RGB + bytes(4_000_000), "RGB")


def test_a_cmyk_profile_without_tables_cannot_be_used() -> None:
    with pytest.raises(UnusableProfileError):
        space_of(P.profile(b"CMYK", {}, connection=b"Lab ", kind=b"prtr"), "CMYK")


def test_every_truncated_profile_yields_a_reason_or_a_space() -> None:
    for icc, mode in ((P.P3_BY_TABLE, "RGB"), (P.GREY_22, "L"), (P.SRGB, "RGB")):
        for length in range(0, len(icc), 7):
            try:
                space_of(icc[:length], mode)
            except UnusableProfileError:
                continue


@settings(max_examples=200, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.integers(0, 2**32 - 1), st.binary(min_size=4, max_size=4))
def test_any_chunks_of_a_png_yield_a_space(places: bytes, gamma: int, points: bytes) -> None:
    chunks = {b"cHRM": places, b"gAMA": struct.pack(">I", gamma)}
    for found in (chunks, {**chunks, b"cICP": points}):
        space, reason = picture_space(png_tags(found, "RGB"))
        assert len(best_code(space, (120, 60, 60), 255)) == 3
        assert reason == ""


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([P.P3_BY_TABLE, P.SRGB, P.PROPHOTO]), st.data())
def test_damaged_numbers_in_a_profile_yield_a_reason_or_a_space(icc: bytes, data: st.DataObject) -> None:
    damaged = bytearray(icc)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(128, 470))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(UnusableProfileError):
        assert len(best_code(space_of(bytes(damaged), "RGB"), (120, 60, 60), 255)) == 3


def test_a_profile_in_several_segments_is_assembled_in_the_order_of_their_numbers() -> None:
    first, second = P.ADOBE_RGB[:300], P.ADOBE_RGB[300:]
    parts = [(0xE2, b"ICC_PROFILE\0\2\2" + second), (0xE2, b"ICC_PROFILE\0\1\2" + first)]
    whole = watermark(jpeg("RGB", P.ADOBE_RGB), Recipe(WatermarkSpec(color="#783c3c")))
    cut = watermark(pictures.jpeg(pictures.photo((160, 120)), parts), Recipe(WatermarkSpec(color="#783c3c")))
    assert Image.open(BytesIO(whole.data)).tobytes() == Image.open(BytesIO(cut.data)).tobytes()
    assert cut.warnings == ()


def test_black_and_white_are_the_same_in_any_rgb_space() -> None:
    for icc in (P.SRGB, P.ADOBE_RGB, P.PROPHOTO, P.DISPLAY_P3, P.LINEAR):
        space = space_of(icc, "RGB")
        assert best_code(space, (0, 0, 0), 255) == (0, 0, 0)
        assert best_code(space, (255, 255, 255), 65535) == pytest.approx((65535,) * 3, abs=20)
        assert best_code(space, (255, 255, 255), 255) == (255, 255, 255)
    assert best_code(SRGB_SPACE, (1, 2, 3), 255) == (1, 2, 3)


def test_the_colour_engine_is_loaded_only_for_profiles_with_tables() -> None:
    program = (
        "import sys; from zenoimg.imaging import Recipe, WatermarkSpec, watermark\n"
        "watermark(sys.stdin.buffer.read(), Recipe(WatermarkSpec(color='red')))\n"
        "print('PIL.ImageCms' in sys.modules)"
    )

    def loaded(data: bytes) -> str:
        done = subprocess.run([sys.executable, "-c", program], input=data, capture_output=True, check=True)
        return done.stdout.decode().strip()

    assert loaded(jpeg("RGB", P.ADOBE_RGB)) == "False"
    assert loaded(jpeg("CMYK", P.cmyk_profile())) == "True"


def test_transforms_are_cached_for_a_few_profiles(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[str] = []

    def counted(space: ProfileSpace, direction: transforms.Direction) -> ImageCms.ImageCmsTransform:
        built.append(direction)
        return original(space, direction)

    original = transforms._built
    monkeypatch.setattr(transforms, "_built", counted)
    monkeypatch.setattr(transforms, "_CACHE", transforms._TransformCache(2))
    profile = P.cmyk_profile()

    def use(icc: bytes) -> None:
        ProfileSpace(icc, "CMYK").check("from sRGB")
        ProfileSpace(icc, "CMYK").check("to sRGB")

    for _ in range(3):
        use(profile)
    assert built == ["from sRGB", "to sRGB"]
    use(profile + b"\0")
    use(profile)
    assert len(built) == 6
    assert len(transforms._CACHE._transforms) == 2


def test_threads_share_the_transforms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transforms, "_CACHE", transforms._TransformCache(3))
    variants = [P.cmyk_profile() + bytes(extra) for extra in range(4)]
    data = [jpeg("CMYK", icc) for icc in variants]
    recipes = [Recipe(WatermarkSpec(color=color)) for color in ("#783c3c", "#3c783c", "#202a60")]
    jobs = [(each, recipe) for recipe in recipes for each in data] * 2
    expected = [watermark(*job) for job in jobs]
    best_code.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda job: watermark(*job), jobs)) == expected
