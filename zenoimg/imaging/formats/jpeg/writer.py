"""JPEG: the mark is drawn on the blocks under it, everything else stays as it is in the source.

Where that is not possible (see ``coefficients``), all pixels go through Pillow, and are encoded with the source's
quantization tables, sampling, progression and restart interval. They pass through RGB rather than YCbCr, which would
keep a little more but costs Pillow a tenth to a fifth more time. Metadata are copied as the source's own segments.
"""

from __future__ import annotations

import threading
from typing import IO, Any, cast

from PIL import Image, ImageFile
from PIL.JpegImagePlugin import JpegImageFile

from zenoimg.imaging.blend import blend
from zenoimg.imaging.errors import Refused
from zenoimg.imaging.formats.jpeg.coefficients.editor import NotThisWay, marked
from zenoimg.imaging.formats.jpeg.metadata import kept_segments, orientation_in
from zenoimg.imaging.formats.jpeg.stream import (
    APP14,
    EncodedChunks,
    JpegStream,
    PixelStream,
    Segment,
    adobe_transform,
    is_coded_rgb,
    read_stream,
)
from zenoimg.imaging.formats.jpeg.trailer import left_out
from zenoimg.imaging.formats.sampling import FINEST, sampling_of
from zenoimg.imaging.limits import Limits
from zenoimg.imaging.mark import Overlay, overlay_for
from zenoimg.imaging.metadata.keeper import Keeper
from zenoimg.imaging.placement import displayed_size
from zenoimg.imaging.recipe import EncoderSettings, Recipe
from zenoimg.imaging.result import Watermarked

_PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
_ARITHMETIC = {0xC9, 0xCA}
_DECODABLE = {0xC0, 0xC1, 0xC2, *_ARITHMETIC}
_YCCK = 2
_BYTES_AT_A_TIME = 1 << 20  # Pillow's 64 KiB make a 6 MP decode 1 to 2% slower: it stops and restarts rows
_WIDE_BUFFER = threading.Lock()


def watermarked(data: bytes, recipe: Recipe, limits: Limits) -> Watermarked:
    """Return a watermarked copy of a JPEG; pictures after the first are left out with a warning."""
    stream = read_stream(data)
    limits.check_picture(stream.width, stream.height)
    _check_coding(stream)
    orientation = orientation_in(stream)
    overlay = overlay_for(recipe.watermark, (stream.width, stream.height), orientation)
    warnings = left_out(stream, data[stream.end :])
    keeper = Keeper(recipe.metadata, alone=bool(warnings))
    segments = kept_segments(stream, keeper)
    warnings += keeper.warnings
    width, height = displayed_size((stream.width, stream.height), orientation)
    pixels = PixelStream(data, stream)
    inverted_ink = adobe_transform(stream) is None

    def draw(picture: Image.Image, overlay: Overlay) -> None:
        blend(picture, overlay, inverted_ink=inverted_ink and picture.mode == "CMYK")

    copy: bytes | NotThisWay = NotThisWay("quality")
    if recipe.encoder.jpeg_quality == "source":
        copy = marked(stream, pixels.parts, [segment.encoded for segment in segments], overlay, draw)
    if not isinstance(copy, NotThisWay):
        return Watermarked(copy, "JPEG", width, height, 1, tuple(warnings), "coefficients")

    picture = JpegImageFile(cast("IO[bytes]", pixels))
    picture.decodermaxblock = _BYTES_AT_A_TIME
    picture.load()
    draw(picture, overlay)
    options = _encoder_options(picture, stream, recipe.encoder)
    warnings += _coding_warnings(picture, stream)
    copy = _encoded(picture, options).with_metadata(_as_written(segments, stream))
    return Watermarked(copy, "JPEG", width, height, 1, tuple(warnings))


def _check_coding(stream: JpegStream) -> None:
    if stream.precision != 8:
        raise Refused(
            "unsupported-format",
            f"{stream.precision}-bit JPEG is not supported; JPEG of 8 bits a sample is",
        )
    if stream.frame_marker not in _DECODABLE:
        raise Refused("unsupported-format", "lossless and hierarchical JPEG are not supported; the other kinds are")


def _encoder_options(picture: JpegImageFile, stream: JpegStream, settings: EncoderSettings) -> dict[str, Any]:
    options: dict[str, Any] = {
        "comment": b"",
        "progressive": stream.frame_marker in _PROGRESSIVE,
        "restart_marker_blocks": stream.restart_interval,
        "keep_rgb": picture.mode == "RGB" and is_coded_rgb(stream),
        "subsampling": (_sampling(stream) or FINEST) if picture.mode == "RGB" else -1,
    }
    if settings.jpeg_quality == "source":
        options["qtables"] = _tables(picture, stream)
    else:
        options["quality"] = settings.jpeg_quality
    return options


def _as_written(segments: list[Segment], stream: JpegStream) -> list[Segment]:
    """Return the segments with Adobe's transform as Pillow encodes: four components are CMYK, never YCCK."""
    if len(stream.components) != 4:
        return segments
    return [
        Segment(APP14, segment.payload[:11] + b"\0" + segment.payload[12:])
        if segment.marker == APP14 and segment.payload.startswith(b"Adobe")
        else segment
        for segment in segments
    ]


def _tables(picture: JpegImageFile, stream: JpegStream) -> list[list[int]]:
    """Return one quantization table for each component; the last one also serves the components after it."""
    if picture.mode == "CMYK" and adobe_transform(stream) == _YCCK:
        # Written as CMYK: chroma tables are too coarse for inks.
        return [list(picture.quantization[stream.components[0].table])]
    tables = [list(picture.quantization[component.table]) for component in stream.components]
    while len(tables) > 1 and tables[-1] == tables[-2]:
        tables.pop()
    return tables


def _sampling(stream: JpegStream) -> str | None:
    return sampling_of((part.horizontal, part.vertical) for part in stream.components)


def _coding_warnings(picture: JpegImageFile, stream: JpegStream) -> list[str]:
    warnings = []
    if picture.mode == "RGB" and _sampling(stream) is None:
        warnings.append("the chroma sampling cannot be written and became 4:4:4, which is finer")
    if picture.mode == "CMYK" and adobe_transform(stream) == _YCCK:
        warnings.append("YCCK coding cannot be written and became CMYK: the same inks, a larger file")
    elif picture.mode == "CMYK" and len({(part.horizontal, part.vertical) for part in stream.components}) > 1:
        warnings.append("subsampled inks cannot be written and are no longer subsampled: a larger file")
    if stream.frame_marker in _ARITHMETIC:
        warnings.append("arithmetic coding cannot be written and became Huffman coding: a larger file")
    return warnings


def _encoded(picture: JpegImageFile, options: dict[str, Any]) -> EncodedChunks:
    encoded = EncodedChunks()
    try:
        picture.save(cast("IO[bytes]", encoded), "JPEG", **options)
    except OSError:
        return _encoded_in_wide_buffer(picture, options)
    return encoded


def _encoded_in_wide_buffer(picture: JpegImageFile, options: dict[str, Any]) -> EncodedChunks:
    """Encode what Pillow's buffer is too small for.

    A progressive picture gets one buffer of two bytes a pixel, which noise at fine tables exceeds. ``MAXBLOCK`` is
    Pillow's setting for the minimum size of buffers; no other setting reaches them.
    """
    with _WIDE_BUFFER:
        usual = ImageFile.MAXBLOCK
        ImageFile.MAXBLOCK = max(usual, picture.width * picture.height * 8)
        try:
            encoded = EncodedChunks()
            picture.save(cast("IO[bytes]", encoded), "JPEG", **options)
        finally:
            ImageFile.MAXBLOCK = usual
    return encoded
