"""JPEGs with metadata segments, watermarked, and the segments of the copy."""

from __future__ import annotations

from tests.drawn import pictures
from tests.drawn.pictures import Segment
from zenoimg.imaging import Recipe, Watermarked, watermark
from zenoimg.imaging.recipe import MetadataPolicy

SMALL = pictures.photo((96, 64))
THUMBNAIL = pictures.jpeg(pictures.photo((16, 12)))
XMP_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"


def marked(*segments: Segment, policy: MetadataPolicy = "keep-no-location", behind: bytes = b"") -> Watermarked:
    return watermark(pictures.jpeg(SMALL, segments) + behind, Recipe(metadata=policy))


def payloads(done: Watermarked, marker: int, prefix: bytes = b"") -> list[bytes]:
    return [
        content[len(prefix) :]
        for found, content in pictures.jpeg_segments(done.data)
        if found == marker and content.startswith(prefix)
    ]
