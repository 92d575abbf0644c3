"""The JPEG states what the tone map item of the HEIF states."""

from __future__ import annotations

import struct

import pytest

from tests.drawn import heifs, pictures
from tests.drawn.heifs import SAMSUNG, needs_heic
from tests.drawn.ultra_hdr import smooth_map
from tests.unit.imaging.heif.test_heif_gain_map import about_samsung
from zenoimg.imaging import watermark
from zenoimg.imaging.formats.jpeg.gain_map.metadata import iso_metadata
from zenoimg.imaging.formats.jpeg.gain_map.stating import iso_payload

ISO = b"urn:iso:std:iso:ts:21496:-1\0"


def tone_map(
    *, base: float = 0.0, alternate: float = 3.0, gamma: float = 1.0, offset: float = 0.0, flags: int = 0
) -> bytes:
    """Return the content of a tmap item whose map has at most 3 stops."""
    numbers = zip("IIiiIii", (base, alternate, 0.0, 3.0, gamma, offset, offset), strict=True)
    fractions = [struct.pack(f">{sign}I", round(number * 1000), 1000) for sign, number in numbers]
    return b"\0" + struct.pack(">HHB", 0, 0, flags) + b"".join(fractions)


def photo(content: bytes) -> bytes:
    pair = heifs.encoded(pictures.photo((320, 240))), heifs.encoded(smooth_map((160, 120)))
    return heifs.with_gain_map(*pair, SAMSUNG, tone_map=content)


@needs_heic
@pytest.mark.parametrize(("base", "alternate"), [(0.0, 3.0), (0.0, 6.0), (2.0, 4.0)])
@pytest.mark.parametrize("flags", [0, 0x40])
def test_headrooms_and_colour_space_are_kept_as_stated(base: float, alternate: float, flags: int) -> None:
    copy = watermark(photo(tone_map(base=base, alternate=alternate, flags=flags))).data
    payload = copy[copy.rindex(ISO) + len(ISO) :]
    (stated,) = struct.unpack_from(">4xB", payload)
    headrooms = struct.unpack_from(">4I", payload, 5)
    assert stated == flags
    assert (headrooms[0] / headrooms[1], headrooms[2] / headrooms[3]) == (base, alternate)
    assert f'hdrgm:HDRCapacityMin="{base:.6f}" hdrgm:HDRCapacityMax="{alternate:.6f}"'.encode() in copy


@needs_heic
@pytest.mark.parametrize(
    ("stated", "headrooms"),
    [
        ('hdrgm:HDRCapacityMin="0.5" hdrgm:HDRCapacityMax="3.5"', (0.5, 3.5)),
        ('hdrgm:HDRCapacityMax="1.75"', (0.0, 1.75)),
        ("", (0.0, 2.3)),
        ('hdrgm:HDRCapacityMin="3" hdrgm:HDRCapacityMax="1"', (0.0, 2.3)),
        ('hdrgm:HDRCapacityMax="bright"', (0.0, 2.3)),
    ],
)
def test_headrooms_stated_only_in_xmp_are_kept(stated: str, headrooms: tuple[float, float]) -> None:
    about = about_samsung().replace(b' hdrgm:Gamma="1"', f' hdrgm:Gamma="1" {stated}'.encode())
    pair = heifs.encoded(pictures.photo((320, 240))), heifs.encoded(smooth_map((160, 120)))
    copy = watermark(heifs.with_gain_map(*pair, SAMSUNG, about=about)).data
    payload = copy[copy.rindex(ISO) + len(ISO) :]
    numbers = struct.unpack_from(">4I", payload, 5)
    assert (numbers[0] / numbers[1], numbers[2] / numbers[3]) == pytest.approx(headrooms, abs=1e-5)
    least, most = headrooms
    assert f'hdrgm:HDRCapacityMin="{least:.6f}" hdrgm:HDRCapacityMax="{most:.6f}"'.encode() in copy


@needs_heic
@pytest.mark.parametrize("content", [tone_map(gamma=5000), tone_map(offset=3000)])
def test_a_map_with_numbers_that_cannot_be_written_is_left_out(content: bytes) -> None:
    done = watermark(photo(content))
    (warning,) = [warning for warning in done.warnings if "gain map" in warning]
    assert "left out (its metadata are beyond what a picture can have)" in warning
    assert ISO not in done.data


def test_a_tone_map_is_read_back_as_written() -> None:
    metadata = iso_metadata(tone_map(base=1.0, alternate=5.0, gamma=2.0)[1:])
    assert iso_metadata(iso_payload(metadata)) == metadata
