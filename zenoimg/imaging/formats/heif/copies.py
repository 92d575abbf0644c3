"""Write marked pixels as JPEG, or as PNG when there is alpha, with the metadata that they keep."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import IO, cast

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from zenoimg.imaging.formats.jpeg.metadata import segments_of
from zenoimg.imaging.formats.jpeg.stream import EncodedChunks, Segment
from zenoimg.imaging.formats.sampling import FINEST, NAMES
from zenoimg.imaging.metadata.keeper import Keeper
from zenoimg.imaging.recipe import EncoderSettings

_XMP_KEYWORD = "XML:com.adobe.xmp"


@dataclass(frozen=True)
class KeptBlocks:
    """The metadata that a copy keeps: a TIFF structure, an XMP packet, a colour profile; each may be empty."""

    exif: bytes
    xmp: bytes
    profile: bytes


def as_jpeg(
    picture: Image.Image, sampling: str, blocks: KeptBlocks, keeper: Keeper, settings: EncoderSettings
) -> tuple[EncodedChunks, list[Segment]]:
    """Return a JPEG of grey or RGB pixels with their source's chroma sampling, and the segments for its start."""
    encoded = EncodedChunks()
    subsampling = sampling if sampling in NAMES.values() else FINEST
    picture.save(
        cast("IO[bytes]", encoded),
        "JPEG",
        quality=settings.heic_jpeg_quality,
        subsampling=subsampling if picture.mode == "RGB" else -1,
    )
    return encoded, segments_of(blocks.exif, blocks.xmp, blocks.profile, keeper)


def as_png(picture: Image.Image, blocks: KeptBlocks, settings: EncoderSettings) -> bytes:
    """Return a PNG."""
    texts, encoded = PngInfo(), BytesIO()
    if blocks.xmp:
        texts.add_itxt(_XMP_KEYWORD, blocks.xmp.decode("utf-8", "replace"))
    picture.save(
        encoded,
        "PNG",
        compress_level=settings.png_compression,
        pnginfo=texts,
        exif=blocks.exif,
        icc_profile=blocks.profile or None,
    )
    return encoded.getvalue()
