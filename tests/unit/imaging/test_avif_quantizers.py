"""The quantizers of an AVIF, read from AV1's headers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.drawn import pictures
from tests.drawn.animations import moving_ball
from tests.drawn.av1_headers import Frame, written
from tests.drawn.avifs import encoded, grid, sequence
from zenoimg.imaging.formats.avif.frame_header import base_q_idx
from zenoimg.imaging.formats.avif.header import read_header
from zenoimg.imaging.formats.avif.quantizers import Quantizers
from zenoimg.imaging.formats.avif.sequence_header import coded_size

FRAMES = st.builds(
    Frame,
    base_q_idx=st.integers(0, 255),
    width=st.integers(1, 4000),
    height=st.integers(1, 2000),
    reduced=st.booleans(),
    timing=st.booleans(),
    equal_interval=st.booleans(),
    ticks_zeroes=st.integers(0, 40),
    decoder_model=st.booleans(),
    display_delay=st.booleans(),
    operating_points=st.sampled_from([(0,), (0x101,), (0x103, 0x101), (0x303, 0x202, 0x101)]),
    frame_ids=st.booleans(),
    large_superblocks=st.booleans(),
    order_hint_bits=st.integers(0, 8),
    choose_screen_content=st.booleans(),
    screen_content=st.booleans(),
    choose_integer_mv=st.booleans(),
    superres=st.booleans(),
    coded_denominator=st.none() | st.integers(0, 7),
    frame_type=st.sampled_from([0, 2]),
    shown=st.booleans(),
    resilient=st.booleans(),
    disable_cdf_update=st.booleans(),
    own_size=st.booleans(),
    buffer_removal=st.booleans(),
    refresh=st.sampled_from([0xFF, 0x01]),
    render_size=st.booleans(),
    tiles=st.none() | st.lists(st.integers(1, 20), max_size=4).map(tuple),
)


@given(FRAMES)
def test_the_index_is_found_after_every_combination_of_fields(frame: Frame) -> None:
    data = written(frame)
    assert base_q_idx(data) == frame.base_q_idx
    assert coded_size(data) == (frame.width, frame.height)


@given(FRAMES, st.data())
def test_truncated_headers_yield_no_index_or_the_right_one(frame: Frame, data: st.DataObject) -> None:
    content = written(frame)
    end = data.draw(st.integers(0, len(content)))
    assert base_q_idx(content[:end]) in (None, frame.base_q_idx)


@given(st.binary(max_size=300))
def test_arbitrary_bytes_yield_an_index_or_none(content: bytes) -> None:
    assert base_q_idx(content) in (None, *range(256))


def test_a_frame_that_depends_on_others_yields_no_index() -> None:
    assert base_q_idx(written(replace(Frame(), frame_type=1))) is None


def test_the_sequence_header_may_be_only_in_the_configuration() -> None:
    data = written(Frame(base_q_idx=77))
    sequence_end = 4 + data[3]
    configuration = b"\x81\0\0\0" + data[2:sequence_end]
    assert base_q_idx(data[sequence_end:]) is None
    assert base_q_idx(data[sequence_end:], configuration) == 77


@pytest.mark.parametrize("speed", [6, 8, 10])
@pytest.mark.parametrize("size", [(72, 56), (700, 530)])
def test_pillows_index_is_four_times_its_quantizer(speed: int, size: tuple[int, int]) -> None:
    picture = pictures.photo(size, "RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(size))
    for level in (1, 10, 37, 55):
        advanced = {"c:cq-level": str(level), "a:cq-level": str(level + 5)}
        data = encoded(picture, quality=60, speed=speed, advanced=advanced)
        assert read_header(data).quantizers == Quantizers(4 * level, 4 * (level + 5))


def test_a_lower_quality_is_a_higher_index() -> None:
    picture = pictures.photo((120, 90))
    indices = [read_header(encoded(picture, quality=quality)).quantizers.colour for quality in (100, 90, 60, 30, 1)]
    assert None not in indices
    assert indices[0] == 0
    assert indices == sorted(set(indices), key=lambda index: index or 0)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_an_animation_has_the_index_of_its_first_frame(mode: str) -> None:
    frames = moving_ball((72, 56), 3, mode)
    fine, coarse = (read_header(sequence(frames, [40] * 3, quality=quality)).quantizers for quality in (90, 20))
    assert fine.colour is not None
    assert coarse.colour is not None
    assert 0 < fine.colour < coarse.colour
    assert (fine.alpha is None) == (mode == "RGB")


def test_a_grid_has_the_indices_of_its_first_tiles() -> None:
    cells = [pictures.photo((80, 64)), Image.new("RGB", (80, 64), "#406080")]
    alpha = [Image.linear_gradient("L").resize((80, 64)), Image.new("L", (80, 64), 255)]
    plain = grid(cells, 2, advanced={"c:cq-level": "20"})
    assert read_header(plain).quantizers == Quantizers(80, None)
    assert read_header(grid(cells, 2, alpha, advanced={"c:cq-level": "30"})).quantizers == Quantizers(120, 120)
