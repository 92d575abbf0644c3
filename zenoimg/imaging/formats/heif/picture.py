"""A HEIF as a Pillow image file: its size is known once it is opened, its pixels are decoded on demand."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from PIL import ImageFile

from zenoimg.imaging.colour.making import profile_of
from zenoimg.imaging.formats.heif.decoding import decoded
from zenoimg.imaging.formats.heif.header import HeifHeader, read_header
from zenoimg.imaging.metadata.exif import with_orientation
from zenoimg.imaging.metadata.tiff_block import DamagedExif


class HeifPicture(ImageFile.ImageFile):
    """The primary picture of a file, upright, with its colour profile, EXIF and XMP."""

    format = "HEIF"
    format_description = "HEIF"

    def _open(self) -> None:
        self._data: bytes | None = self.fp.read() if self.fp else b""
        self._header: HeifHeader = read_header(self._data)
        self._size = self._header.size
        self._mode = "RGBA" if self._header.has_alpha else "L" if self._header.sampling == "4:0:0" else "RGB"
        profile = self._header.profile or profile_of(self._header.primaries, self._header.transfer)
        if profile:
            self.info["icc_profile"] = profile
        if self._header.xmp:
            self.info["xmp"] = self._header.xmp
        with suppress(DamagedExif):
            self.info["exif"] = with_orientation(self._header.exif, 1)  # libheif has rotated the pixels

    def load(self) -> Any:
        """Decode the pixels on the first call."""
        if self._data is not None:
            picture, _ = decoded(self._data, self._header.size, self._header.coded_pixels)
            self._data = None
            self.im, self._mode, self._size = picture.im, picture.mode, picture.size
        return super().load()
