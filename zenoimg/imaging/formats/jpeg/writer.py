"""JPEG: the mark is drawn on the blocks under it, everything else stays as in the source.

If that is not possible (see ``coefficients``), all pixels go through Pillow, and are encoded with the source's
quantization tables, sampling, progression and restart interval. They pass through RGB rather than YCbCr, which would
preserve a little more but takes Pillow a tenth to a fifth longer. Metadata are copied as the source's own segments.
"""

from __future__ import annotations

from typing import IO, cast

from PIL.JpegImagePlugin import JpegImageFile

from zenoimg.imaging.errors import Refused
from zenoimg.imaging.formats.jpeg.coefficients.editor import Draw, NotThisWay, marked
from zenoimg.imaging.formats.jpeg.coefficients.region import largest_factors
from zenoimg.imaging.formats.jpeg.encoding import LOSSLESS_QUALITY, encode, sampling_name, writes_ycck
from zenoimg.imaging.formats.jpeg.ending import NO_END_MARKER, check_complete
from zenoimg.imaging.formats.jpeg.gain_map.carrying import choose, with_gain_map
from zenoimg.imaging.formats.jpeg.gain_map.editing import GroundUnderMark, map_memory
from zenoimg.imaging.formats.jpeg.metadata import kept_segments, orientation_in
from zenoimg.imaging.formats.jpeg.profile import colours_in
from zenoimg.imaging.formats.jpeg.stream import (
    APP14,
    ARITHMETIC,
    LOSSLESS,
    YCCK,
    JpegStream,
    PixelStream,
    Segment,
    adobe_transform,
    read_stream,
)
from zenoimg.imaging.formats.jpeg.trailer import further_pictures, left_out
from zenoimg.imaging.limits import Limits
from zenoimg.imaging.marking.blend import blend
from zenoimg.imaging.marking.mark import Overlay, overlay_for
from zenoimg.imaging.marking.placement import displayed_size
from zenoimg.imaging.metadata.keeper import Keeper
from zenoimg.imaging.recipe import EncoderSettings, Recipe
from zenoimg.imaging.result import Encoding, Watermarked

_DECODABLE = {0xC0, 0xC1, 0xC2, LOSSLESS, *ARITHMETIC}
_FILES = 3
"""Number of times the file is in memory: the source, the helper's memory or the encoder's chunks, and the copy."""
_BYTES_AT_A_TIME = 1 << 20  # Pillow's 64 KiB make a 6 MP decode 1 to 2% slower: it stops and restarts rows


def watermarked(data: bytes, recipe: Recipe, limits: Limits) -> Watermarked:
    """Return a watermarked copy of a JPEG with its gain map; any other further pictures are left out and reported."""
    stream = read_stream(data)
    check_coding(stream)
    limits.check_picture(stream.width, stream.height)
    size = stream.width, stream.height
    need = _bytes_a_pixel(stream, recipe.encoder)
    limits.check_memory(*size, need, held=_FILES * len(data))
    if not stream.ended:
        check_complete(data, stream)
    orientation = orientation_in(stream)
    overlay = overlay_for(recipe.watermark, size, orientation, colours_in(stream))
    further, rest = further_pictures(data[stream.end :])
    hdr = choose(stream, further, recipe)
    if hdr.kept:
        map_size = hdr.kept.stream.width, hdr.kept.stream.height
        limits.check_memory(*size, need, held=_FILES * len(data) + map_memory(map_size, overlay, size))
    warnings = [*hdr.warnings, *left_out(hdr.others, rest)]
    is_alone = bool(further or warnings or hdr.declares_others)
    keeper = Keeper(recipe.metadata, recipe.rights, alone=is_alone, orientation=orientation)
    segments = kept_segments(stream, keeper)
    warnings += [*overlay.warnings, *keeper.warnings]
    if not stream.ended:
        warnings.append(NO_END_MARKER)
    ground = GroundUnderMark(overlay, size) if hdr.kept else None
    copy, segments, encoding, more = _marked(data, stream, recipe, overlay, ground, segments)
    warnings += more
    if hdr.kept and ground:
        copy, more = with_gain_map(copy, segments, hdr.kept, ground, recipe)
        warnings += more
    width, height = displayed_size(size, orientation)
    return Watermarked(copy, "JPEG", width, height, 1, tuple(warnings), encoding)


def _marked(
    data: bytes,
    stream: JpegStream,
    recipe: Recipe,
    overlay: Overlay,
    ground: GroundUnderMark | None,
    segments: list[Segment],
) -> tuple[bytes, list[Segment], Encoding, list[str]]:
    """Return the marked picture, its segments, how it was encoded, and warnings.

    It has its segments at its start unless ``ground`` is given: then a gain map follows, on which they depend.
    """
    draw: Draw = ground or blend
    pixels = PixelStream(data, stream)
    copy: bytes | NotThisWay = NotThisWay("quality")
    if recipe.encoder.jpeg_quality == "source":
        head = [] if ground else [segment.encoded for segment in segments]
        copy = marked(stream, pixels.parts, head, overlay, draw)
    if not isinstance(copy, NotThisWay):
        return copy, segments, "coefficients", []
    picture = JpegImageFile(cast("IO[bytes]", pixels))
    picture.decodermaxblock = _BYTES_AT_A_TIME
    picture.load()
    draw(picture, overlay)
    segments = _as_written(segments, stream)
    encoded = encode(picture, stream, recipe.encoder)
    return encoded.with_metadata([] if ground else segments), segments, "pixels", _coding_warnings(picture, stream)


def _bytes_a_pixel(stream: JpegStream, settings: EncoderSettings) -> float:
    """Return the measured peak memory in bytes per pixel, including the helper's, for either encoding.

    Coefficients take two bytes per sample, in the helper, or in Pillow if a scan is progressive or tables are
    optimized; pixels take four bytes, grey ones one. With a configured quality, the copy may be larger than the file.
    """
    across, down = largest_factors(stream)
    samples = sum(part.horizontal * part.vertical for part in stream.components) / max(1, across * down)
    pixels = 1 if len(stream.components) == 1 else 4
    return pixels + 2 * samples + (0 if settings.jpeg_quality == "source" else 2 * samples)


def check_coding(stream: JpegStream) -> None:
    """Raise ``Refused("unsupported-format")`` for a coding that cannot be decoded."""
    if stream.precision != 8:
        raise Refused(
            "unsupported-format",
            f"{stream.precision}-bit JPEG is not supported; JPEG of 8 bits per sample is",
        )
    if stream.frame_marker not in _DECODABLE:
        raise Refused("unsupported-format", "hierarchical and arithmetic lossless JPEG are not supported")
    if stream.is_lossless and len(stream.components) != 1:
        raise Refused("unsupported-format", "lossless JPEG in colour is not supported; lossless JPEG in grey is")
    if not stream.height:
        raise Refused("unsupported-format", "JPEG that gives its height after its pixels (DNL) is not supported")


def _as_written(segments: list[Segment], stream: JpegStream) -> list[Segment]:
    """Return the segments with Adobe's transform set to the encoded one."""
    if len(stream.components) != 4:
        return segments
    transform = YCCK if writes_ycck(stream) else 0
    return [
        Segment(APP14, segment.payload[:11] + bytes((transform,)) + segment.payload[12:])
        if segment.marker == APP14 and segment.payload.startswith(b"Adobe")
        else segment
        for segment in segments
    ]


def _coding_warnings(picture: JpegImageFile, stream: JpegStream) -> list[str]:
    warnings = []
    if picture.mode == "RGB" and sampling_name(stream) is None:
        warnings.append("the chroma sampling cannot be written and was converted to 4:4:4, which is finer")
    if picture.mode == "CMYK" and adobe_transform(stream) == YCCK:
        if not writes_ycck(stream):
            warnings.append("subsampled YCCK cannot be written and was converted to CMYK: the same inks, a larger file")
    elif picture.mode == "CMYK" and len({(part.horizontal, part.vertical) for part in stream.components}) > 1:
        warnings.append("subsampled inks cannot be written and are no longer subsampled: a larger file")
    if stream.is_arithmetic:
        warnings.append("arithmetic coding cannot be written and was converted to Huffman coding: a larger file")
    if stream.is_lossless:
        became = f"baseline JPEG of quality {LOSSLESS_QUALITY}"
        warnings.append(f"lossless JPEG cannot be written and was converted to {became}")
    return warnings
