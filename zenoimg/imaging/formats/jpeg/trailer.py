"""Read what follows the first picture of a JPEG file: further pictures, gain maps, videos."""

from __future__ import annotations

from dataclasses import dataclass

from zenoimg.imaging.errors import Refused
from zenoimg.imaging.formats.jpeg.stream import JpegStream, read_stream

_MAX_PICTURES = 64


@dataclass(frozen=True)
class Further:
    """A picture after the first one: its number in the file (the first is 0), its bytes, and its segments."""

    number: int
    data: bytes
    stream: JpegStream


def further_pictures(trailer: bytes) -> tuple[list[Further], bytes]:
    """Return the JPEGs in file order, and what follows the last of them."""
    pictures: list[Further] = []
    at = 0
    while len(pictures) < _MAX_PICTURES and (start := trailer.find(b"\xff\xd8\xff", at)) >= 0:
        try:
            stream = read_stream(trailer[start:])
        except (Refused, ValueError):
            break
        if not stream.ended:
            break
        at = start + stream.end
        pictures.append(Further(len(pictures) + 1, trailer[start:at], stream))
    return pictures, trailer[at:]


def left_out(others: int, rest: bytes) -> list[str]:
    """Return warnings about what follows the first picture and is not in the copy: pictures and other data."""
    texts = []
    if others:
        more = "1 more picture" if others == 1 else f"{others} more pictures"
        texts.append(f"the first picture of the file (MPO) was kept, {more} left out")
    if b"ftyp" in rest[:4096]:
        texts.append(f"the video of a motion photo ({len(rest):,} bytes) was left out")
    elif rest.strip(b"\0\xff\r\n "):
        texts.append(f"other data behind the picture ({len(rest):,} bytes) was left out")
    return texts
