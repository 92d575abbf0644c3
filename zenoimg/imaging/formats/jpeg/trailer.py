"""What follows the first picture of a JPEG file: further pictures, gain maps, videos. The copy holds none of it."""

from __future__ import annotations

from zenoimg.imaging.errors import Refused
from zenoimg.imaging.formats.jpeg.stream import JpegStream, read_stream

_MAX_PICTURES = 64
_GAIN_MAPS = (b"http://ns.adobe.com/hdr-gain-map/1.0/", b"urn:iso:std:iso:ts:21496:-1\0", b"HDRGainMap")


def left_out(stream: JpegStream, trailer: bytes) -> list[str]:
    """Return warnings that name what follows the first picture and is not in the copy."""
    pictures, rest = _pictures(trailer)
    texts = []
    if pictures and _has_gain_map(pictures, stream):
        texts.append("the HDR gain map was left out: the copy shows in standard range")
        pictures = pictures[1:]
    if pictures:
        more = "1 more picture" if len(pictures) == 1 else f"{len(pictures)} more pictures"
        texts.append(f"the first picture of the file (MPO) was kept, {more} left out")
    if b"ftyp" in rest[:4096]:
        texts.append(f"the video of a motion photo ({len(rest):,} bytes) was left out")
    elif rest.strip(b"\0\xff\r\n "):
        texts.append(f"other data behind the picture ({len(rest):,} bytes) was left out")
    return texts


def _pictures(trailer: bytes) -> tuple[list[JpegStream], bytes]:
    """Return the JPEGs in the order of the file, and what follows the last of them."""
    pictures: list[JpegStream] = []
    at = 0
    while len(pictures) < _MAX_PICTURES and (start := trailer.find(b"\xff\xd8\xff", at)) >= 0:
        try:
            picture = read_stream(trailer[start:])
            if not picture.ended:
                break
            pictures.append(picture)
        except (Refused, ValueError):
            break
        at = start + pictures[-1].end
    return pictures, trailer[at:]


def _has_gain_map(pictures: list[JpegStream], first: JpegStream) -> bool:
    return any(
        name in segment.payload
        for stream in (first, *pictures)
        for segment in stream.segments
        if segment.is_metadata
        for name in _GAIN_MAPS
    )
