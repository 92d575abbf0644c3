"""Drawn JPEGs of every sampling, and the ways to code each."""

from __future__ import annotations

from typing import Any

from tests.drawn import jpegs

SIZE = (301, 203)
SAMPLINGS = {
    "4:4:4": [(1, 1)] * 3,
    "4:2:2": [(2, 1), (1, 1), (1, 1)],
    "4:2:0": [(2, 2), (1, 1), (1, 1)],
    "4:4:0": [(1, 2), (1, 1), (1, 1)],
    "4:1:1": [(4, 1), (1, 1), (1, 1)],
    "4:1:0": [(4, 2), (1, 1), (1, 1)],
    "a third": [(3, 1), (1, 1), (1, 1)],
    "uneven": [(2, 2), (2, 1), (1, 2)],
    "grey": [(1, 1)],
    "grey, factors of two": [(2, 2)],
    "cmyk": [(1, 1)] * 4,
    "ycck": [(2, 2), (1, 1), (1, 1), (2, 2)],
}
CODINGS: list[dict[str, Any]] = [
    {},
    {"separate": True},
    {"restart": 5},
    {"own_tables": True},
    {"own_tables": True, "separate": True},
]


def drawn(sampling: str, **coding: Any) -> bytes:
    factors = SAMPLINGS[sampling]
    adobe = [(0xEE, jpegs.ADOBE + (b"\2" if sampling == "ycck" else b"\0"))] if len(factors) == 4 else []
    return jpegs.jpeg_of(jpegs.drawn_planes(SIZE, factors), SIZE, segments=adobe, **coding)
