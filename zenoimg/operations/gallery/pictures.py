"""Pictures for the gallery: full-size files that any browser can draw, and thumbnails, without metadata.

Where browsers support the format, the pixels stay identical bit for bit, with only the metadata that affects their
appearance: colour profile, orientation, timing. So no location, name or serial number reaches the page, whatever the
copies keep. Formats that browsers do not draw, or not in the right colours (TIFF, CMYK JPEGs), are converted. Files are
untrusted: each is opened by the decoder of its own format, after its limits are checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import cast

from PIL import ImageCms, ImageOps
from PIL.Image import Image, Resampling
from PIL.ImageFile import ImageFile

from zenoimg.imaging.errors import Refused
from zenoimg.imaging.formats import FORMATS, Format
from zenoimg.imaging.formats.png.browser import keyed_in_eight_bits
from zenoimg.imaging.identify import HEAD_BYTES, identify
from zenoimg.imaging.limits import Limits

#: The longer side of a thumbnail in pixels: sharp at 250 CSS pixels on a screen with two device pixels per CSS pixel.
THUMBNAIL_PIXELS = 512
_THUMBNAIL_QUALITY = 76
_PREVIEW_QUALITY = 92

_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


@dataclass(frozen=True)
class Shown:
    """A file that browsers can draw, and its extension. ``converted``: its pixels are not those of the source."""

    data: bytes
    extension: str
    converted: bool


def shown(data: bytes, limits: Limits) -> Shown:
    """Return a full-size image that a page can show. Raises ``Refused`` for images that cannot be drawn."""
    known = _format_of(data)
    browser = known.module("browser") if known.browsers == "direct" else None
    try:
        bare = browser.without_metadata(data) if browser else None
        if bare is not None:
            return Shown(bare, known.extensions[0], converted=False)
        return _converted(_upright_srgb(_opened(data, known, limits)))
    except Refused:
        raise
    except Exception as failure:  # decoders raise errors of any type on damaged input
        raise Refused("corrupt", f"cannot be drawn as {known.name}: {failure}") from failure


def thumbnail(data: bytes, limits: Limits) -> bytes:
    """Return a small WebP of a picture from ``shown``: upright, in sRGB. Raises ``Refused``."""
    known = _format_of(data)
    try:
        opened = _opened(data, known, limits)
        # A JPEG is decoded at a half, a quarter or an eighth of its size, in a fraction of the time and memory.
        opened.draft(None, (2 * THUMBNAIL_PIXELS, 2 * THUMBNAIL_PIXELS))
        picture = _with_alpha(opened, data)
        picture.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS), Resampling.LANCZOS, reducing_gap=2.0)
        small = _upright_srgb(picture)
        encoded = BytesIO()
        small.save(encoded, "WEBP", quality=_THUMBNAIL_QUALITY, method=4)
    except Refused:
        raise
    except Exception as failure:
        raise Refused("corrupt", f"cannot be drawn as {known.name}: {failure}") from failure
    return encoded.getvalue()


def _format_of(data: bytes) -> Format:
    identified = identify(data[:HEAD_BYTES])
    if identified is None or FORMATS[identified.format].browsers == "never":
        name = identified.format if identified else "what it holds"
        raise Refused("unsupported-format", f"{name} cannot be drawn here")
    return FORMATS[identified.format]


def _opened(data: bytes, known: Format, limits: Limits) -> ImageFile:
    """Open with one decoder instead of ``Image.open``, whose own pixel limit would warn."""
    picture: ImageFile = known.open(BytesIO(data))
    limits.check_picture(*picture.size)
    return picture


def _with_alpha(picture: ImageFile, data: bytes) -> Image:
    """Return a picture with its transparent colour, if any, converted to alpha: resampling would change that colour."""
    picture.load()
    if picture.format == "PNG" and "transparency" in picture.info and picture.mode != "P":
        keyed = keyed_in_eight_bits(data) or picture.convert("RGBA")
        keyed.info = {name: value for name, value in picture.info.items() if name != "transparency"}
        return keyed
    return picture


def _upright_srgb(picture: Image) -> Image:
    """Return upright pixels in sRGB: mode ``L``, ``RGB`` or ``RGBA``."""
    picture.load()
    # The pipeline and browsers take the orientation from EXIF alone; Pillow would also read XMP.
    for name in ("xmp", "XML:com.adobe.xmp"):
        picture.info.pop(name, None)
    profile = picture.info.get("icc_profile")
    plain = _of_eight_bits(ImageOps.exif_transpose(picture))
    if profile and plain.mode in ("RGB", "RGBA", "L", "CMYK"):
        plain = _in_srgb(plain, profile)
    if plain.mode not in ("L", "RGB", "RGBA"):
        plain = plain.convert("RGB")
    plain.info.clear()
    return plain


def _of_eight_bits(picture: Image) -> Image:
    """Return a picture of 8-bit samples without a palette; greys of more bits are scaled, not clipped."""
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
    """Convert a picture from its profile to sRGB; return it unchanged if the profile is damaged or does not fit."""
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
    """Encode upright sRGB pixels: as PNG with alpha or at most 256 colours, else as JPEG."""
    encoded = BytesIO()
    if picture.mode == "RGBA" or picture.getcolors(256) is not None:
        picture.save(encoded, "PNG", compress_level=3)
        return Shown(encoded.getvalue(), "png", converted=True)
    picture.save(encoded, "JPEG", quality=_PREVIEW_QUALITY, subsampling=0)
    return Shown(encoded.getvalue(), "jpg", converted=True)
