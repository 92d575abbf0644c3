"""Damaged pictures of all kinds result in a copy that can be opened, or a refusal: never anything else."""

from __future__ import annotations

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.drawn import pictures
from tests.fuzz.seeds import opened, seeds
from zenoimg.imaging import Limits, Refused, watermark
from zenoimg.imaging.identify import identify

pytestmark = pytest.mark.fuzz

SEEDS = seeds()
NAMES = sorted(SEEDS)
LIMITS = Limits(max_bytes=1_000_000, max_pixels=1_000_000, max_frames=8, max_total_pixels=2_000_000)
REFUSALS = {"not-an-image", "unsupported-format", "corrupt", "too-large", "too-many-frames", "too-small"}
OUTCOMES = REFUSALS | {"copied", "copied with warnings"}
SIGNATURES = {"jpeg": b"\xff\xd8\xff\xe0", "png": pictures.PNG_SIGNATURE, "tiff": b"II*\0", "bmp": b"BM"}
SIGNATURES |= {"heif": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"}
NUMBERS = (0, 1, 2, 3, 7, 8, 127, 128, 255, 256, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def judged(data: bytes) -> str:
    """Return the code of the refusal, "copied", or "copied with warnings"; any other error is raised."""
    try:
        done = watermark(data, limits=LIMITS)
    except Refused as refusal:
        return refusal.code if refusal.message else "a refusal without a message"
    found = identify(done.data)
    assert found is not None
    assert found.format == done.format
    assert done.width * done.height <= LIMITS.max_pixels
    return "copied with warnings" if done.warnings else "copied"


@pytest.mark.parametrize("name", NAMES)
def test_every_seed_is_copied(name: str) -> None:
    assert judged(SEEDS[name]).startswith("copied")
    opened(watermark(SEEDS[name]).data)


@pytest.mark.parametrize("name", NAMES)
def test_truncated_files_are_refused_or_copied_with_a_warning(name: str) -> None:
    """There may be a copy if only metadata, or data after the first picture, is cut off: with a warning."""
    data = SEEDS[name]
    ends = {*range(0, len(data), 1024), *range(min(len(data), 200)), *range(0, len(data), 1 + len(data) // 40)}
    outcomes = {end: judged(data[:end]) for end in sorted(ends)}
    assert set(outcomes.values()) <= REFUSALS | {"copied with warnings"}
    assert outcomes[0] == "not-an-image"


@pytest.mark.parametrize("name", NAMES)
def test_flipped_bits_result_in_a_copy_or_a_refusal(name: str) -> None:
    dice = random.Random(17)
    for _ in range(60):
        data = bytearray(SEEDS[name])
        for _ in range(dice.randint(1, 8)):
            # Half of them near the start, where headers are.
            at = dice.randrange(len(data) if dice.random() < 0.5 else min(len(data), 300))
            data[at] ^= 1 << dice.randrange(8)
        assert judged(bytes(data)) in OUTCOMES


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("signature", SIGNATURES)
def test_the_signature_of_another_format_is_refused(name: str, signature: str) -> None:
    head = SIGNATURES[signature]
    if name.startswith(signature):
        return
    assert judged(head + SEEDS[name][len(head) :]) in REFUSALS


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(NAMES), st.integers(0, 400), st.sampled_from(NUMBERS), st.sampled_from("BHI"), st.booleans())
def test_arbitrary_numbers_in_headers_result_in_a_copy_or_a_refusal(
    name: str, at: int, number: int, size: str, big: bool
) -> None:
    data = bytearray(SEEDS[name])
    at %= len(data) - 4
    struct.pack_into((">" if big else "<") + size, data, at, number & ((1 << 8 * struct.calcsize("<" + size)) - 1))
    assert judged(bytes(data)) in OUTCOMES


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(NAMES),
    st.lists(st.tuples(st.integers(0, 100_000), st.binary(max_size=12), st.integers(0, 40)), min_size=1, max_size=4),
)
def test_inserted_and_deleted_bytes_result_in_a_copy_or_a_refusal(
    name: str, edits: list[tuple[int, bytes, int]]
) -> None:
    data = SEEDS[name]
    for at, put_in, cut in edits:
        at %= max(1, len(data))
        data = data[:at] + put_in + data[at + cut :]
    assert judged(data) in OUTCOMES


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(NAMES), st.sampled_from(NAMES), st.floats(0, 1), st.floats(0, 1))
def test_halves_of_two_pictures_result_in_a_copy_or_a_refusal(one: str, other: str, cut: float, go_on: float) -> None:
    first, second = SEEDS[one], SEEDS[other]
    assert judged(first[: int(cut * len(first))] + second[int(go_on * len(second)) :]) in OUTCOMES


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(SIGNATURES)), st.binary(max_size=400))
def test_arbitrary_bytes_after_a_signature_are_refused(signature: str, rest: bytes) -> None:
    assert judged(SIGNATURES[signature] + rest) in REFUSALS
