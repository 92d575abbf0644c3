"""Picture formats: one table with the properties of each, and one package for each that can be watermarked.

A new format needs a row here, a package, and its lines in ``docs/formats.md``. The row has the name used in records
and messages, the media type, the file name extensions (that of copies first), and what browsers can show.

A package contains ``writer``, whose ``watermarked(data, recipe, limits)`` returns the copy of a file or raises
``Refused`` (any other error means that the file is damaged). If browsers show the format itself, it also contains
``browser``, whose ``without_metadata(data)`` returns the file that a page shows, or ``None`` if browsers would show
it incorrectly. Packages are imported with their first picture: all of them together would be half of a function's
cold start. This module imports neither them nor Pillow.

``animation``   frames of APNG and WebP, in terms of what is on screen
``palette``     marks on palette indices
``few_levels``  marks on samples of fewer than 8 bits
``iso``         boxes and items of ISO base media files: AVIF and HEIF
``sampling``    chroma sampling by name
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType, ModuleType
from typing import Any, Literal

Browsers = Literal["direct", "converted", "never"]
"""Whether a page shows files in a format directly, after a conversion, or not at all."""


@dataclass(frozen=True)
class Format:
    """A format, with the name used in records and messages.

    ``extensions`` are those of file names, without a dot, the one for copies first. ``package`` is the subpackage
    that watermarks it, and ``decoder`` the class, Pillow's or ours, that opens only this format; both are empty for
    formats that are only identified.
    """

    name: str
    media_type: str
    extensions: tuple[str, ...] = ()
    package: str = ""
    decoder: str = ""
    browsers: Browsers = "never"

    @property
    def is_supported(self) -> bool:
        """Whether ``watermark`` supports it."""
        return bool(self.package)

    def module(self, part: str) -> ModuleType:
        """Import a module of the format's package: ``writer``, or ``browser`` if browsers show it directly."""
        return import_module(f"{__name__}.{self.package}.{part}")

    def open(self, file: Any) -> Any:
        """Return Pillow's ``ImageFile`` for a binary file, opened with this format's decoder and no other."""
        module, _, decoder = self.decoder.rpartition(".")
        return getattr(import_module(module), decoder)(file)


def file_name(name: str, format_name: str) -> str:
    """Return a name with the extension of a format, replacing that of another format: ``a.heic`` becomes ``a.jpg``."""
    stem, _, extension = name.rpartition(".")
    if extension.lower() in FORMATS[format_name].extensions:
        return name
    known = any(extension.lower() in format_.extensions for format_ in _TABLE)
    return f"{stem if stem and known else name}.{FORMATS[format_name].extensions[0]}"


_TABLE = (
    Format("JPEG", "image/jpeg", ("jpg", "jpeg", "jpe"), "jpeg", "PIL.JpegImagePlugin.JpegImageFile", "direct"),
    Format("PNG", "image/png", ("png", "apng"), "png", "PIL.PngImagePlugin.PngImageFile", "direct"),
    Format("WebP", "image/webp", ("webp",), "webp", "PIL.WebPImagePlugin.WebPImageFile", "direct"),
    Format("GIF", "image/gif", ("gif",), "gif", "PIL.GifImagePlugin.GifImageFile", "direct"),
    Format("TIFF", "image/tiff", ("tif", "tiff"), "tiff", "PIL.TiffImagePlugin.TiffImageFile", "converted"),
    Format("BMP", "image/bmp", ("bmp", "dib"), "bmp", "PIL.BmpImagePlugin.BmpImageFile", "direct"),
    Format("AVIF", "image/avif", ("avif", "avifs"), "avif", "PIL.AvifImagePlugin.AvifImageFile", "direct"),
    Format(
        "HEIF",
        "image/heic",
        ("heic", "heif", "hif"),
        "heif",
        "zenoimg.imaging.formats.heif.picture.HeifPicture",
        "converted",
    ),
    Format("JPEG XL", "image/jxl"),
    Format("JPEG 2000", "image/jp2"),
    Format("PSD", "image/vnd.adobe.photoshop"),
    Format("SVG", "image/svg+xml"),
    Format("EPS", "application/postscript"),
    Format("ICO", "image/vnd.microsoft.icon"),
    Format("PDF", "application/pdf"),
    Format("MNG", "video/x-mng"),
    Format("Apple CgBI PNG", "image/png"),
    Format("Netpbm", "image/x-portable-anymap"),
    Format("OpenEXR", "image/x-exr"),
    Format("Radiance HDR", "image/vnd.radiance"),
    Format("QOI", "image/qoi"),
    Format("DDS", "image/vnd.ms-dds"),
    Format("XCF", "image/x-xcf"),
    Format("camera raw", "image/x-dcraw"),
    Format("video", "video/mp4"),
)

FORMATS: Mapping[str, Format] = MappingProxyType({format_.name: format_ for format_ in _TABLE})
"""The table by name, including formats that are only identified."""

SUPPORTED = tuple(format_.name for format_ in _TABLE if format_.is_supported)
"""The names of the formats that ``watermark`` supports, as listed in messages."""
