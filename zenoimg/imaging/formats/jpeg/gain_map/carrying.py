"""Decide whether a copy keeps its source's gain map, and assemble the copy with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zenoimg.imaging.formats.jpeg.gain_map.container import with_map
from zenoimg.imaging.formats.jpeg.gain_map.editing import GroundUnderMark, map_of_copy
from zenoimg.imaging.formats.jpeg.gain_map.metadata import UnknownMapError
from zenoimg.imaging.formats.jpeg.gain_map.source import SourceMap, declarations, map_in
from zenoimg.imaging.formats.jpeg.stream import JpegStream, Segment
from zenoimg.imaging.formats.jpeg.trailer import Further
from zenoimg.imaging.metadata.keeper import Keeper
from zenoimg.imaging.recipe import Recipe

NOT_THERE = "the file declares an HDR gain map that it does not hold; the copy does not declare one"


@dataclass(frozen=True)
class Choice:
    """``kept`` is the map that the copy keeps, ``others`` the number of other further pictures."""

    kept: SourceMap | None
    others: int
    warnings: tuple[str, ...] = ()
    declares_others: bool = False
    """Whether the picture's metadata declare a map or a video."""


def choose(stream: JpegStream, further: Sequence[Further], recipe: Recipe) -> Choice:
    """Return whether a copy keeps the source's gain map, and why not."""
    declared = declarations(stream)
    promised = declared.map or declared.video
    try:
        found = map_in(stream, further, declared)
    except UnknownMapError as problem:
        return Choice(None, len(further) - 1, (left_out_map(str(problem)),), promised)
    if found is None:
        if not declared.map:
            return Choice(None, len(further), (), promised)
        why = left_out_map("nothing says what its codes mean") if further else NOT_THERE
        return Choice(None, max(0, len(further) - 1), (why,), promised)
    if recipe.hdr == "drop" or recipe.metadata == "strip":
        return Choice(None, len(further) - 1, (left_out_map("the recipe drops it"),), promised)
    return Choice(found, len(further) - 1, (), promised)


def with_gain_map(
    copy: bytes, segments: list[Segment], source: SourceMap, ground: GroundUnderMark, recipe: Recipe
) -> tuple[bytes, list[str]]:
    """Return a copy with its segments and its gain map, which is marked as well, and warnings.

    ``copy`` has no application segments yet; ``ground`` has drawn its mark.
    """
    keeper = Keeper(recipe.metadata)
    try:
        map_jpeg, warnings = map_of_copy(source, ground, keeper)
        whole = with_map(copy, segments, map_jpeg, source.declared, source.directory)
    except UnknownMapError as problem:
        return b"".join((copy[:2], *(segment.encoded for segment in segments), copy[2:])), [left_out_map(str(problem))]
    return whole, warnings + keeper.warnings


def left_out_map(why: str) -> str:
    """Return the warning about a gain map that a copy lacks."""
    return f"the HDR gain map was left out ({why}): the copy shows in standard range"
