"""Make the copy's gain map from the source's, changing only the blocks under the mark."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import IO, Any, cast

from PIL import Image, ImageMath
from PIL.JpegImagePlugin import JpegImageFile

from zenoimg.imaging.errors import Refused
from zenoimg.imaging.formats.jpeg.coefficients.editor import Draw, NotThisWay, marked
from zenoimg.imaging.formats.jpeg.coefficients.region import largest_factors
from zenoimg.imaging.formats.jpeg.encoding import encode
from zenoimg.imaging.formats.jpeg.gain_map.coverage import Coverage, Grid, coverage, filled, whole_blocks
from zenoimg.imaging.formats.jpeg.gain_map.gains import codes_under
from zenoimg.imaging.formats.jpeg.gain_map.metadata import UnknownMapError
from zenoimg.imaging.formats.jpeg.gain_map.source import SourceMap
from zenoimg.imaging.formats.jpeg.gain_map.undershoot import Undershoot, undershoot_for
from zenoimg.imaging.formats.jpeg.metadata import kept_segments
from zenoimg.imaging.formats.jpeg.stream import PixelStream
from zenoimg.imaging.marking.blend import blend
from zenoimg.imaging.marking.mark import Overlay
from zenoimg.imaging.marking.overlap import covered_box, covered_boxes
from zenoimg.imaging.marking.placement import Box, Size
from zenoimg.imaging.metadata.keeper import Keeper
from zenoimg.imaging.recipe import EncoderSettings

ENCODED_AGAIN = "the HDR gain map was decoded and encoded again, with its own tables"
_BLOCK = 8
_GROUND_BYTES, _SAMPLE_BYTES = 3, 30
"""Bytes per pixel under the mark, and per sample of the map there, measured with a tiled mark on three channels."""
_AROUND = 64
"""Pixels around the mark that a map's samples may cover: maps have at least an eighth of the picture's width."""


@dataclass
class GroundUnderMark:
    """Draws the mark on a picture and remembers the pixels under it. ``overlay`` is that of the picture."""

    overlay: Overlay
    size: Size
    picture: Image.Image = field(default_factory=lambda: Image.new("RGB", (1, 1)))
    origin: tuple[int, int] = (0, 0)

    def __call__(self, picture: Image.Image, overlay: Overlay) -> None:
        """Draw like ``blend``; ``overlay`` is relative to the corner of ``picture``, which may be a part."""
        if not overlay.boxes:
            return
        across, down = (self.overlay.boxes[0][axis] - overlay.boxes[0][axis] for axis in (0, 1))
        left, top, right, bottom = covered_box(overlay, picture.size)
        part = (
            max(0, left - _AROUND),
            max(0, top - _AROUND),
            min(picture.width, right + _AROUND),
            min(picture.height, bottom + _AROUND),
        )
        self.picture = picture.crop(part).convert("RGB")
        self.origin = across + part[0], down + part[1]
        blend(picture, overlay)

    def samples(self, box: Box, grid: Grid) -> Image.Image:
        """Return the ground in a map's samples, which is only approximate farther from the mark."""
        size = box[2] - box[0], box[3] - box[1]
        own = max(1, round(self.picture.width / grid.across)), max(1, round(self.picture.height / grid.down))
        small = self.picture.resize(own, Image.Resampling.BOX)
        whole = small.resize(size, Image.Resampling.NEAREST)
        whole.paste(small, (round(self.origin[0] / grid.across) - box[0], round(self.origin[1] / grid.down) - box[1]))
        return whole


def map_memory(map_size: Size, overlay: Overlay, size: Size) -> int:
    """Return the memory in bytes for marking the map: the ground under the mark, and the samples there."""
    if not covered_boxes(overlay, size):
        return 0
    left, top, right, bottom = covered_box(overlay, size)
    pixels = (right - left + 2 * _AROUND) * (bottom - top + 2 * _AROUND)
    grid = Grid(size, map_size)
    return round(pixels * (_GROUND_BYTES + _SAMPLE_BYTES / (grid.across * grid.down)))


def map_of_copy(source: SourceMap, ground: GroundUnderMark, keeper: Keeper) -> tuple[bytes, list[str]]:
    """Return the map's file for the copy, and warnings. Raises ``UnknownMapError`` if it cannot be decoded."""
    stream = source.stream
    segments = kept_segments(stream, keeper)
    grid = Grid(ground.size, (stream.width, stream.height))
    across, down = largest_factors(stream)
    step = _BLOCK * across, _BLOCK * down
    covered = coverage(ground.overlay, grid, step)
    if covered is None:
        return source.data, []
    is_opaque = ground.overlay.mark.getchannel("A").getextrema()[1] == 255
    below = undershoot_for(stream, source.metadata) if is_opaque else None

    def drawing(below: Undershoot | None) -> tuple[Overlay, Draw]:
        """Return the shape of what changes, and what draws it; ``below`` leaves the map outside the mark unchanged."""
        fills_blocks = is_opaque and below is None
        touched = covered.alpha.point([0] + [255] * 255)
        if fills_blocks:
            # With the map's coarse tables, edges inside a block would ring into the mark.
            touched = whole_blocks(touched, step)

        def draw(picture: Image.Image, shifted: Overlay) -> None:
            box = shifted.boxes[0]
            samples = picture.crop(box)
            codes = codes_under(samples, ground.samples(covered.box, grid), covered, source.metadata)
            samples.paste(_even(codes, covered, step) if fills_blocks else codes, (0, 0), touched)
            picture.paste(below.drawn(samples, covered.core) if below else samples, box)

        return Overlay(Image.merge("RGBA", (touched, touched, touched, touched)), (covered.box,)), draw

    pixels = PixelStream(source.data, stream)
    head = [one.encoded for one in segments]
    try:
        made = marked(stream, pixels.parts, head, *drawing(below), any_share=True, lowered=below.steps if below else 0)
        if not isinstance(made, NotThisWay):
            return made, []
        if made.reason in ("damaged", "incomplete"):
            raise UnknownMapError("it is damaged")
        picture = JpegImageFile(cast("IO[bytes]", pixels))
        picture.load()
        overlay, draw = drawing(None)
        draw(picture, overlay)
        return encode(picture, stream, EncoderSettings()).with_metadata(segments), [ENCODED_AGAIN]
    except UnknownMapError:
        raise
    except (Refused, OSError, SyntaxError, ValueError) as failure:
        raise UnknownMapError(f"it cannot be decoded ({failure})") from failure


def _even(codes: Image.Image, covered: Coverage, step: Size) -> Image.Image:
    """Return codes with each block filled with their mean under the mark, or under its opaque core if there is one."""
    core = covered.core
    has_core = filled(core.reduce(step), step, codes.size).point([0] + [255] * 255)
    bands = []
    for band in codes.split():
        under_all, under_core = (_mean(band, weight, step, codes.size) for weight in (covered.alpha, core))
        under_all.paste(under_core, (0, 0), has_core)
        bands.append(under_all)
    return bands[0] if len(bands) == 1 else Image.merge("RGB", bands)


def _mean(band: Image.Image, weight: Image.Image, step: Size, size: Size) -> Image.Image:
    """Return each block filled with its weighted mean; 0 if none of its samples has a weight."""

    def weighted(names: dict[str, Any]) -> Any:
        return names["float"](names["band"]) * names["float"](names["weight"])

    sums = ImageMath.lambda_eval(weighted, band=band, weight=weight).reduce(step), weight.convert("F").reduce(step)

    def mean(names: dict[str, Any]) -> Any:
        return names["float"](names["sums"]) / (names["weights"] + (names["weights"] == 0.0)) + 0.5

    return filled(ImageMath.lambda_eval(mean, sums=sums[0], weights=sums[1]).convert("L"), step, size)
