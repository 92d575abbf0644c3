"""Scripts of pictures with several scans. libjpeg itself writes these pictures, and refuses invalid scripts."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from tests.drawn import pictures
from tests.unit.imaging.jpeg.coefficients.cases import drawn
from zenoimg.imaging import Recipe, WatermarkSpec, watermark
from zenoimg.imaging.formats.jpeg.coefficients import editor
from zenoimg.imaging.formats.jpeg.coefficients.scans import MOST_SCANS, is_writable, script_of
from zenoimg.imaging.formats.jpeg.coefficients.worker.messages import Scan
from zenoimg.imaging.formats.jpeg.stream import read_stream
from zenoimg.imaging.marking.mark import overlay_for

FIRST = Scan((0, 1, 2), 0, 0, 0, 0)
LIBJPEGS = 10  # scans that libjpeg's own script has for colour
SCRIPTS = {
    "coefficients by bands": [FIRST, *(Scan((part,), *band, 0, 0) for part in range(3) for band in ((1, 5), (6, 63)))],
    "components apart": [Scan((part,), *band, 0, 0) for part in range(3) for band in ((0, 0), (1, 63))],
    "luma refined twice": [
        Scan((0, 1, 2), 0, 0, 0, 1),
        Scan((0,), 1, 63, 0, 2),
        Scan((1,), 1, 63, 0, 0),
        Scan((2,), 1, 63, 0, 0),
        Scan((0,), 1, 63, 2, 1),
        Scan((0, 1, 2), 0, 0, 1, 0),
        Scan((0,), 1, 63, 1, 0),
    ],
}
SCRIPTS |= {
    "sequential, components apart": [Scan((part,), 0, 63, 0, 0) for part in range(3)],
    "sequential, chroma together": [Scan((0,), 0, 63, 0, 0), Scan((1, 2), 0, 63, 0, 0)],
}
WHOLE = SCRIPTS["components apart"]


def scripted(scans: list[Scan], monkeypatch: pytest.MonkeyPatch) -> bytes | None:
    """Return a picture written with a script, or ``None`` if libjpeg refuses that."""
    with monkeypatch.context() as patched:
        patched.setattr(editor, "script_of", lambda stream: tuple(scans))
        done = watermark(pictures.jpeg(pictures.photo((160, 120)), progressive=True))
    return done.data if done.encoding == "coefficients" else None


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_picture_keeps_its_scans(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = scripted(SCRIPTS[name], monkeypatch)
    assert data is not None
    done = watermark(data, Recipe(WatermarkSpec(position="top-left")))
    assert done.encoding == "coefficients"
    assert list(script_of(read_stream(done.data))) == SCRIPTS[name]
    before, after = (Image.open(BytesIO(file)).convert("RGB") for file in (data, done.data))
    right, bottom = overlay_for(WatermarkSpec(position="top-left"), (160, 120)).boxes[0][2:]
    changed = ImageChops.difference(before, after).getbbox()
    assert changed is not None
    assert changed[2] <= -(-right // 16) * 16 + 1, "chroma's blocks have 16 pixels; its upsampling takes one more"
    assert changed[3] <= -(-bottom // 16) * 16 + 1


def test_several_scans_with_tables_of_their_own_do_not_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    data = drawn("cmyk", separate=True, own_tables=True)
    done = watermark(data, Recipe(WatermarkSpec(scale=0.02)))
    assert done.encoding == "coefficients"
    assert len(done.data) < 1.01 * len(data)


def test_the_script_of_a_picture_from_libjpeg_is_libjpegs() -> None:
    data = pictures.jpeg(pictures.photo((160, 120)), progressive=True)
    assert len(script_of(read_stream(data))) == LIBJPEGS
    assert script_of(read_stream(watermark(data).data)) == script_of(read_stream(data))


def test_a_longer_script_than_libjpegs_longest_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    bands = [Scan((0,), at, at, 0, 0) for at in range(1, 15)]
    scans = [FIRST, *bands, Scan((0,), 15, 63, 0, 0), Scan((1,), 1, 63, 0, 0), Scan((2,), 1, 63, 0, 0)]
    assert len(scans) == MOST_SCANS
    kept = scripted(scans, monkeypatch)
    longer = scripted([*scans[:-1], Scan((2,), 1, 5, 0, 0), Scan((2,), 6, 63, 0, 0)], monkeypatch)
    assert kept is not None
    assert longer is not None
    assert len(script_of(read_stream(watermark(kept).data))) == MOST_SCANS
    assert len(script_of(read_stream(watermark(longer).data))) == LIBJPEGS


INVALID = {
    "no component": [*WHOLE, Scan((), 1, 63, 0, 0)],
    "components out of order": [Scan((1, 0, 2), 0, 0, 0, 0)],
    "a component twice": [Scan((0, 0, 1), 0, 0, 0, 0), Scan((2,), 0, 0, 0, 0)],
    "a component that the picture lacks": [FIRST, Scan((3,), 0, 0, 0, 0)],
    "first and other coefficients in one scan": [Scan((0,), 0, 63, 0, 0), *WHOLE[2:]],
    "other coefficients interleaved": [FIRST, Scan((0, 1), 1, 63, 0, 0)],
    "no first coefficients before the others": [WHOLE[1], WHOLE[0], *WHOLE[2:]],
    "coefficients out of order": [FIRST, Scan((0,), 5, 4, 0, 0)],
    "more than 64 coefficients": [FIRST, Scan((0,), 1, 64, 0, 0)],
    "too many bits left out": [Scan((0, 1, 2), 0, 0, 0, 11)],
    "refined before it was coded": [FIRST, Scan((0,), 1, 63, 1, 0)],
    "coded twice": [*WHOLE, WHOLE[-1]],
    "refined by two bits": [FIRST, Scan((0,), 1, 63, 0, 2), Scan((0,), 1, 63, 2, 0)],
    "refined from other bits than were left out": [FIRST, Scan((0,), 1, 63, 0, 2), Scan((0,), 1, 63, 1, 0)],
    "no first coefficients of a component": WHOLE[:4],
    "sequential without a component": SCRIPTS["sequential, components apart"][:2],
    "sequential with a component twice": [Scan((0, 1, 2), 0, 63, 0, 0), Scan((2,), 0, 63, 0, 0)],
    "sequential with bits left out": [Scan((0, 1, 2), 0, 63, 0, 1)],
    "sequential, then coefficients by bands": [Scan((0,), 0, 63, 0, 0), Scan((1,), 0, 63, 0, 0), *WHOLE[4:]],
}


@pytest.mark.parametrize("name", INVALID)
def test_an_invalid_script_is_recognized_and_libjpeg_refuses_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_writable(INVALID[name], 3)
    assert scripted(INVALID[name], monkeypatch) is None


SCANS = st.builds(
    Scan,
    st.sampled_from([(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2), (2, 1)]),
    st.sampled_from([0, 0, 1, 1, 6]),
    st.sampled_from([0, 0, 5, 63, 63]),
    st.integers(0, 3),
    st.integers(0, 3),
)


@pytest.mark.thorough
@settings(max_examples=300)
@given(st.data(), st.sampled_from(sorted(SCRIPTS)))
def test_exactly_the_scripts_are_kept_that_libjpeg_writes(data: st.DataObject, name: str) -> None:
    scans = list(SCRIPTS[name])
    for _ in range(data.draw(st.integers(0, 2))):
        at = data.draw(st.integers(0, len(scans)))
        scans[at : at + data.draw(st.integers(0, 1))] = data.draw(st.lists(SCANS, max_size=1))
    assume(scans)  # none stands for libjpeg's own script
    with pytest.MonkeyPatch.context() as monkeypatch:
        assert is_writable(scans, 3) == (scripted(scans, monkeypatch) is not None)
