"""Pictures as the gallery shows them: full-size files that any browser draws, and thumbnails, without metadata.

Where a browser knows the format, pixels travel as they are, bit for bit; around them only what decides how they
look stays: colour profile, orientation, timing. So no place, name or serial number reaches the page, whatever
the pipeline keeps in its copies. What browsers do not draw, or not in the right colours, is converted: TIFF
and JPEGs in CMYK. Files are untrusted: each is opened by the decoder of its own format, after the limits.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from typing import IO, cast

from PIL import ImageCms, ImageOps
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.Image import Image, Resampling
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from zenoimg.imaging.errors import Refused
from zenoimg.imaging.formats.avif.boxes import walk
from zenoimg.imaging.formats.avif.items import read_items
from zenoimg.imaging.formats.gif.blocks import APPLICATION, GifFrame, read_gif, write_gif
from zenoimg.imaging.formats.jpeg.metadata import kept_segments
from zenoimg.imaging.formats.jpeg.stream import SOS, read_stream
from zenoimg.imaging.formats.png.chunks import SIGNATURE, Chunk, read_chunks
from zenoimg.imaging.formats.webp.chunks import EXIF, XMP, read_webp, write_webp
from zenoimg.imaging.identify import HEAD_BYTES, identify
from zenoimg.imaging.limits import Limits
from zenoimg.imaging.metadata.exif import only_orientation, orientation_of
from zenoimg.imaging.metadata.keeper import Keeper, tiff_block

#: The longer side of a thumbnail in pixels: sharp at 250 CSS pixels on a screen of two device pixels each.
THUMBNAIL_PIXELS = 512
_THUMBNAIL_QUALITY = 76
_PREVIEW_QUALITY = 92

_EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WebP": "webp", "GIF": "gif", "BMP": "bmp", "AVIF": "avif"}
_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_PNG_PIXELS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"acTL", b"fcTL", b"fdAT"}
_PNG_COLOUR = {b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"bKGD", b"pHYs"}
_TAKEN = Limits(*[sys.maxsize] * 5)  # what the pipeline took is no longer measured
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))

_DECODERS: Mapping[str, Callable[[IO[bytes]], ImageFile]] = {
    "JPEG": JpegImageFile,
    "PNG": PngImageFile,
    "WebP": WebPImageFile,
    "GIF": GifImageFile,
    "BMP": BmpImageFile,
    "AVIF": AvifImageFile,
    "TIFF": TiffImageFile,
}


@dataclass(frozen=True)
class Shown:
    """A file that browsers draw, and the ending of its name. ``converted`` when its pixels are not the source's."""

    data: bytes
    extension: str
    converted: bool


def shown(data: bytes, limits: Limits) -> Shown:
    """Give a picture in full size as a page can show it. Raises ``Refused`` for what cannot be drawn."""
    name = _format_of(data)
    try:
        bare = _BARE[name](data) if name in _BARE else None
        if bare is not None:
            return Shown(bare, _EXTENSIONS[name], converted=False)
        return _converted(_upright_srgb(_opened(data, name, limits)))
    except Refused:
        raise
    except Exception as failure:  # decoders raise errors of any type on damaged input
        raise Refused("corrupt", f"cannot be drawn as {name}: {failure}") from failure


def thumbnail(data: bytes, limits: Limits) -> bytes:
    """Give a small WebP of a picture that ``shown`` gave: upright, in sRGB. Raises ``Refused``."""
    name = _format_of(data)
    try:
        picture = _opened(data, name, limits)
        # A JPEG is decoded at a half, a quarter or an eighth of its size: a fraction of time and memory.
        picture.draft(None, (2 * THUMBNAIL_PIXELS, 2 * THUMBNAIL_PIXELS))
        picture.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS), Resampling.LANCZOS, reducing_gap=2.0)
        small = _upright_srgb(picture)
        encoded = BytesIO()
        small.save(encoded, "WEBP", quality=_THUMBNAIL_QUALITY, method=4)
    except Refused:
        raise
    except Exception as failure:
        raise Refused("corrupt", f"cannot be drawn as {name}: {failure}") from failure
    return encoded.getvalue()


def _format_of(data: bytes) -> str:
    identified = identify(data[:HEAD_BYTES])
    if identified is None or identified.format not in _DECODERS:
        name = identified.format if identified else "what it holds"
        raise Refused("unsupported-format", f"{name} cannot be drawn here")
    return identified.format


def _opened(data: bytes, name: str, limits: Limits) -> ImageFile:
    """Open by one decoder; not by ``Image.open``, whose own limit warns where ours decides."""
    picture = _DECODERS[name](BytesIO(data))
    limits.check_picture(*picture.size)
    return picture


def _upright_srgb(picture: Image) -> Image:
    """Give pixels turned as a viewer shows them, in sRGB: mode ``L``, ``RGB`` or ``RGBA``."""
    picture.load()
    profile = picture.info.get("icc_profile")
    plain = _of_eight_bits(ImageOps.exif_transpose(picture))
    if profile and plain.mode in ("RGB", "RGBA", "L", "CMYK"):
        plain = _in_srgb(plain, profile)
    if plain.mode not in ("L", "RGB", "RGBA"):
        plain = plain.convert("RGB")
    plain.info.clear()
    return plain


def _of_eight_bits(picture: Image) -> Image:
    """Give a picture of 8-bit samples without a palette; deep greys are scaled, not clipped."""
    mode = picture.mode
    if mode.startswith("I;16"):
        return picture.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    if mode in ("I", "F"):
        low, high = cast("tuple[float, float]", picture.getextrema())
        scale = 255 / (high - low) if high > low else 1.0
        return picture.convert("F").point(lambda value: value * scale - low * scale).convert("L")
    if mode == "1":
        return picture.convert("L")
    if mode in ("P", "PA", "LA", "La", "RGBa") or "transparency" in picture.info:
        has_alpha = mode != "P" or "transparency" in picture.info
        return picture.convert("RGBA" if has_alpha else "RGB")
    return picture


def _in_srgb(picture: Image, profile: bytes) -> Image:
    """Give the picture through its profile; as it is where the profile is damaged or of another kind."""
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
        opaque = picture.convert("RGB") if alpha else picture
        turned = ImageCms.profileToProfile(opaque, source, _SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture
    if turned is None:
        return picture
    if alpha is not None:
        turned.putalpha(alpha)
    return turned


def _converted(picture: Image) -> Shown:
    """Encode upright sRGB pixels: as JPEG what is a photo, as PNG what has alpha or few shades."""
    encoded = BytesIO()
    if picture.mode == "RGBA" or picture.getcolors(256) is not None:
        picture.save(encoded, "PNG", compress_level=3)
        return Shown(encoded.getvalue(), "png", converted=True)
    picture.save(encoded, "JPEG", quality=_PREVIEW_QUALITY, subsampling=0)
    return Shown(encoded.getvalue(), "jpg", converted=True)


def _bare_jpeg(data: bytes) -> bytes | None:
    stream = read_stream(data)
    markers = [segment.marker for segment in stream.segments]
    head = stream.segments[: markers.index(SOS)]
    between_scans = stream.segments[len(head) :]
    if len(stream.components) == 4 or any(segment.is_metadata for segment in between_scans):
        return None
    kept = kept_segments(stream, Keeper("strip", alone=True))
    tables = [segment for segment in head if not segment.is_metadata]
    scans = memoryview(data)[stream.first_scan : stream.end]
    return b"".join((b"\xff\xd8", *(segment.encoded for segment in (*kept, *tables)), scans))


def _bare_png(data: bytes) -> bytes:
    kept = []
    for chunk in read_chunks(data):
        if chunk.name == b"eXIf" and orientation_of(chunk.data) != 1:
            chunk = Chunk(b"eXIf", only_orientation(orientation_of(chunk.data)))
        elif chunk.name not in _PNG_PIXELS | _PNG_COLOUR:
            continue
        kept.append(chunk.encoded)
    return SIGNATURE + b"".join(kept)


def _bare_webp(data: bytes) -> bytes:
    source = read_webp(data, _TAKEN)
    orientation = orientation_of(tiff_block(source.first(b"EXIF")))
    flags = source.flags & ~(XMP | EXIF) | (EXIF if orientation != 1 else 0)
    kept = []
    for chunk in source.chunks:
        if chunk.name == b"VP8X":
            kept.append(replace(chunk, data=struct.pack("<I", flags) + chunk.data[4:]))
        elif chunk.name == b"EXIF" and orientation != 1:
            kept.append(replace(chunk, data=only_orientation(orientation)))
        elif chunk.name in (b"ICCP", b"ANIM", b"ANMF", b"ALPH", b"VP8 ", b"VP8L"):
            kept.append(chunk)
    return write_webp(kept)


def _bare_gif(data: bytes) -> bytes:
    source = read_gif(data)
    kept = [
        block
        for block in source.blocks
        if isinstance(block, GifFrame) or (block.label == APPLICATION and block.blocks[1:12] in _LOOPS)
    ]
    return write_gif(replace(source, blocks=tuple(kept)))


def _bare_avif(data: bytes) -> bytes | None:
    """Blank the items of metadata where they lie, so that no offset moves; orientation stands elsewhere (irot)."""
    boxes = list(walk(data))
    if any(box.kind in (b"uuid", b"udta") for box in boxes):
        return None
    for unused in (box for box in boxes if box.kind in (b"free", b"skip")):
        data = data[: unused.start] + bytes(unused.end - unused.start) + data[unused.end :]
    for meta in (box for box in boxes if box.kind == b"meta"):
        for item in read_items(data, meta).by_number.values():
            if item.kind in (b"Exif", b"mime", b"uri ") and item.content:
                if item.content not in data:
                    return None
                nothing = bytes(4) + only_orientation(1) if item.kind == b"Exif" else b""
                length = len(item.content)
                data = data.replace(item.content, nothing.ljust(length, b"\0")[:length])
    return data


def _bare_bmp(data: bytes) -> bytes:
    return data


_BARE: Mapping[str, Callable[[bytes], bytes | None]] = {
    "JPEG": _bare_jpeg,
    "PNG": _bare_png,
    "WebP": _bare_webp,
    "GIF": _bare_gif,
    "AVIF": _bare_avif,
    "BMP": _bare_bmp,
}
"""Gives a file without metadata and with all of its pixels; ``None`` where browsers would not show it right."""
