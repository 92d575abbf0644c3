"""Damaged JPEGs of every coding in the helper: each results in a copy or a refusal, and none crashes two helpers."""

from __future__ import annotations

import random
import struct
from collections import Counter
from collections.abc import Callable

import pytest

from tests.drawn import pictures
from tests.fuzz.seeds import opened
from tests.unit.imaging.jpeg.coefficients.cases import CODINGS, SAMPLINGS, drawn
from zenoimg.imaging import Limits, Refused, watermark

pytestmark = pytest.mark.fuzz

LIMITS = Limits(max_pixels=1_000_000)
ROUNDS, MUTATIONS = 8, 2_500
_BYTES = (0, 1, 2, 3, 4, 8, 16, 17, 33, 34, 63, 64, 127, 128, 254, 255)

Dice = random.Random
Mutation = Callable[[bytearray, int, Dice], None]
"""Changes a file in place; the number is where its first scan begins."""


def seeds() -> list[bytes]:
    codings = [*CODINGS, {"progressive": True}, {"progressive": True, "restart": 4}]
    files = [drawn(sampling, **coding) for sampling in SAMPLINGS for coding in codings]
    for mode in ("RGB", "L", "CMYK"):
        picture = pictures.photo((320, 240), mode)
        files += [
            pictures.jpeg(picture, progressive=progressive, optimize=True, restart_marker_blocks=restart)
            for progressive in (False, True)
            for restart in (0, 3)
        ]
    return files


def flip_bits(data: bytearray, _: int, dice: Dice) -> None:
    for _ in range(dice.randint(1, 6)):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def change_head(data: bytearray, scan: int, dice: Dice) -> None:
    for _ in range(dice.randint(1, 4)):
        data[dice.randrange(2, scan + 12)] = dice.choice(_BYTES)


def change_scans(data: bytearray, scan: int, dice: Dice) -> None:
    for _ in range(dice.randint(1, 4)):
        data[dice.randrange(scan, len(data))] = dice.randrange(256)


def cut_out(data: bytearray, _: int, dice: Dice) -> None:
    at = dice.randrange(2, len(data))
    del data[at : at + dice.randint(1, 400)]


def put_in(data: bytearray, _: int, dice: Dice) -> None:
    start = dice.randrange(len(data))
    at = dice.randrange(2, len(data))
    data[at:at] = data[start : start + dice.randint(1, 400)]


def change_size(data: bytearray, _: int, dice: Dice) -> None:
    at = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))
    struct.pack_into(">HH", data, at + 5, dice.choice((1, 8, 16, 100, 900)), dice.choice((1, 8, 16, 100, 1000)))


def repeat_scan(data: bytearray, _: int, dice: Dice) -> None:
    last = data[data.rindex(b"\xff\xda") : -2]
    data[-2:] = last * dice.randint(1, 20) + b"\xff\xd9"


MUTATIONS_OF: tuple[Mutation, ...] = (
    flip_bits,
    change_head,
    change_scans,
    cut_out,
    put_in,
    change_size,
    repeat_scan,
)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_damaged_files_result_in_a_copy_or_a_refusal(number: int) -> None:
    dice = Dice(number)
    files = seeds()
    outcomes: Counter[str] = Counter()
    for _ in range(MUTATIONS):
        data = bytearray(dice.choice(files))
        dice.choice(MUTATIONS_OF)(data, data.index(b"\xff\xda"), dice)
        try:
            done = watermark(bytes(data), limits=LIMITS)
        except Refused as refusal:
            outcomes[refusal.code] += 1
            continue
        outcomes[done.encoding] += 1
        if done.encoding == "coefficients":
            opened(done.data)
    assert outcomes["coefficients"] > MUTATIONS // 20, "otherwise hardly any file was decoded"
    assert outcomes["pixels"] > MUTATIONS // 20
