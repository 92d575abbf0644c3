"""The formats of pictures: one table of what is known of each, and one package for each that is watermarked.

A new format is a row here, a package, and its lines in ``docs/formats.md``. The row gives the name that records and
messages use, the media type, the extensions of file names (that of copies first), and what browsers can show.

A package holds ``writer``, whose ``watermarked(data, recipe, limits)`` returns the copy of a file or raises
``Refused`` (any other error means that the file is damaged). Where browsers show the format itself, it also holds
``browser``, whose ``without_metadata(data)`` returns the file that a page shows, or ``None`` when browsers would show
that one wrongly. Packages are imported with their first picture: all of them would be half of a function's cold
start. This module imports neither them nor Pillow.

``animation``   frames of GIF, APNG and WebP as what is on screen
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
"""Whether a page shows files of a format as they are, after a conversion, or not at all."""


@dataclass(frozen=True)
class Format:
    """A format by the name that records and messages use.

    ``extensions`` are those of file names, without a dot, the one for copies first. ``package`` is the folder here
    that watermarks it, and ``decoder`` the class, Pillow's or ours, that opens it and nothing else; both are empty for
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
        """Whether ``watermark`` takes it."""
        return bool(self.package)

    def module(self, part: str) -> ModuleType:
        """Import a module of the format's package: ``writer``, or ``browser`` where browsers show it directly."""
        return import_module(f"{__name__}.{self.package}.{part}")

    def open(self, file: Any) -> Any:
        """Return Pillow's ``ImageFile`` of a binary file, opened by this format's decoder and no other."""
        module, _, decoder = self.decoder.rpartition(".")
        return getattr(import_module(module), decoder)(file)


def file_name(name: str, format_name: str) -> str:
    """Return a name with an extension of a format, in place of one of another format: ``a.heic`` becomes ``a.jpg``."""
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
"""The table by name, formats that are only identified included."""

SUPPORTED = tuple(format_.name for format_ in _TABLE if format_.is_supported)
"""The names of the formats that ``watermark`` takes, as messages list them."""
