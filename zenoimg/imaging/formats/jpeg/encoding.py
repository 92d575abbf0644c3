"""Encode the pixels of a JPEG as in the source: quantization tables, sampling, progression and restart interval.

Huffman tables are optimized only where that keeps the copy from growing: it costs 1.77 times a plain encode at 12 MP.
"""

from __future__ import annotations

import threading
from typing import IO, Any, cast

from PIL import Image, ImageChops, ImageFile
from PIL.JpegImagePlugin import JpegImageFile

from zenoimg.imaging.formats.jpeg.quiet import without_coarse_table_notes
from zenoimg.imaging.formats.jpeg.standard_tables import has_standard_tables
from zenoimg.imaging.formats.jpeg.stream import (
    PROGRESSIVE,
    YCCK,
    EncodedChunks,
    JpegStream,
    adobe_transform,
    is_coded_rgb,
)
from zenoimg.imaging.formats.sampling import FINEST, sampling_of
from zenoimg.imaging.recipe import EncoderSettings

LOSSLESS_QUALITY = 95
"""libjpeg's quality for copies of lossless JPEGs, which have no quantization tables."""

_GROWTH = 1.03
"""How much larger than the source's the coded pixels may be before Huffman tables are optimized."""

_WIDE_BUFFER = threading.Lock()


def encode(picture: Image.Image, stream: JpegStream, settings: EncoderSettings) -> EncodedChunks:
    """Return the encoded picture, with Pillow's metadata at its start.

    ``picture`` has the mode and size that ``stream`` decodes to.
    """
    options = _options(picture, stream, settings)
    if writes_ycck(stream):
        picture = _as_ycck(picture)
    tables = options.get("qtables", [])
    with without_coarse_table_notes(any(max(table) > 255 for table in tables) and not options["progressive"]):
        plain = _encoded(picture, options)
        if options["progressive"] or plain.size <= _GROWTH * stream.picture_bytes:
            return plain  # libjpeg always makes tables for a progressive picture
        if has_standard_tables(stream):
            return plain
        return _encoded(picture, {**options, "optimize": True})


def sampling_name(stream: JpegStream) -> str | None:
    """Return the name of the source's chroma sampling, or ``None`` if it cannot be written."""
    return sampling_of((part.horizontal, part.vertical) for part in stream.components)


def writes_ycck(stream: JpegStream) -> bool:
    """Return whether inks can be written as YCCK: libjpeg gets the converted samples, which are not subsampled."""
    whole = all((part.horizontal, part.vertical) == (1, 1) for part in stream.components)
    return len(stream.components) == 4 and adobe_transform(stream) == YCCK and whole


def _options(picture: Image.Image, stream: JpegStream, settings: EncoderSettings) -> dict[str, Any]:
    options: dict[str, Any] = {
        "comment": b"",
        "progressive": stream.frame_marker in PROGRESSIVE,
        "restart_marker_blocks": stream.restart_interval,
        "keep_rgb": picture.mode == "RGB" and is_coded_rgb(stream),
        "subsampling": (sampling_name(stream) or FINEST) if picture.mode == "RGB" else -1,
    }
    if stream.is_lossless:
        # Restart intervals of a lossless scan are counted in samples, those of others in blocks.
        options |= {"restart_marker_blocks": 0, "quality": LOSSLESS_QUALITY}
    elif settings.jpeg_quality == "source":
        options["qtables"] = _tables(picture, stream)
    if isinstance(settings.jpeg_quality, int):
        options["quality"] = settings.jpeg_quality
    return options


def _tables(picture: Image.Image, stream: JpegStream) -> list[list[int]]:
    """Return one quantization table per component; the last one also applies to the components after it."""
    assert isinstance(picture, JpegImageFile), "the tables are those of a decoded JPEG"
    if picture.mode == "CMYK" and adobe_transform(stream) == YCCK and not writes_ycck(stream):
        # Written as CMYK: chroma tables are too coarse for inks.
        return [list(picture.quantization[stream.components[0].table])]
    tables = [list(picture.quantization[component.table]) for component in stream.components]
    while len(tables) > 1 and tables[-1] == tables[-2]:
        tables.pop()
    return tables


def _as_ycck(picture: Image.Image) -> Image.Image:
    """Return the samples of YCCK in the form that Pillow writes unconverted: as inverted CMYK.

    Adobe's YCCK is YCbCr of cyan, magenta and yellow, taken as red, green and blue, and unchanged black (libjpeg,
    ``jdcolor.c``).
    """
    *inks, black = picture.split()
    luma_chroma = Image.merge("RGB", inks).convert("YCbCr").split()
    return Image.merge("CMYK", (*(ImageChops.invert(channel) for channel in luma_chroma), black))


def _encoded(picture: Image.Image, options: dict[str, Any]) -> EncodedChunks:
    encoded = EncodedChunks()
    try:
        picture.save(cast("IO[bytes]", encoded), "JPEG", **options)
    except OSError:
        return _encoded_in_wide_buffer(picture, options)
    return encoded


def _encoded_in_wide_buffer(picture: Image.Image, options: dict[str, Any]) -> EncodedChunks:
    """Encode a picture for which Pillow's buffer is too small.

    A progressive or optimized picture gets one buffer of two bytes per pixel, which noise with fine tables exceeds.
    ``MAXBLOCK`` is Pillow's setting for the minimum size of buffers; no other setting affects them.
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
