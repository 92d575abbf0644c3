"""Which ancillary chunks of a PNG its copy keeps, and in what form."""

from __future__ import annotations

import re
from dataclasses import replace

from zenoimg.imaging.formats.png.chunks import Chunk, first
from zenoimg.imaging.formats.png.text import (
    TEXT_CHUNKS,
    DamagedText,
    InflationAllowance,
    Text,
    decode_raw_profile,
    encode_raw_profile,
    read_text,
)
from zenoimg.imaging.metadata.exif import orientation_of
from zenoimg.imaging.metadata.keeper import EXIF_HEADER, Keeper, tiff_block

# What decides how pixels look or how large they print; no policy touches it.
_RENDERING = {b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"mDCv", b"cLLi"}
_RENDERING |= {b"pHYs", b"bKGD", b"hIST", b"sPLT", b"oFFs", b"sCAL", b"pCAL", b"sTER"}
_LAYOUT = {b"iDOT"}  # offsets into the source's own compressed data
_XMP_KEYWORD = b"XML:com.adobe.xmp"
_XMP_HEADER = b"http://ns.adobe.com/xap/1.0/\0"
_PLACE_KEYWORD = re.compile(rb"gps|latitude|longitude|location|exif:gps|geotag", re.IGNORECASE)
_RAW_PROFILE = b"Raw profile type "


def orientation_in(chunks: list[Chunk]) -> int:
    """Return the orientation, 1 to 8, in the eXIf chunk."""
    return orientation_of(tiff_block(first(chunks, b"eXIf") or b""))


class ChunkKeeper:
    """Returns each ancillary chunk of a file as its copy holds it."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._allowance = InflationAllowance()

    def kept(self, chunk: Chunk) -> list[Chunk]:
        """Return what the copy keeps of a chunk: one chunk or none."""
        name = chunk.name.decode("latin-1")
        if not chunk.intact:
            self._keeper.warn(f"chunk {name!r} fails its checksum and was left out")
            return []
        if chunk.name in _RENDERING:
            return [chunk]
        if chunk.name == b"eXIf":
            block = self._keeper.exif(chunk.data)
            return [Chunk(b"eXIf", block)] if block else []
        if self._keeper.strips or chunk.name in _LAYOUT:
            return []
        if chunk.name in TEXT_CHUNKS:
            return self._text(chunk)
        if chunk.name == b"caBX":
            self._keeper.warn("Content Credentials vouch for the unmarked picture and were left out")
            return []
        if not chunk.is_ancillary or (not chunk.is_safe_to_copy and chunk.name != b"tIME"):
            self._keeper.warn(f"chunk {name!r} belongs to the unmarked picture and was left out")
            return []
        return [chunk]

    def _text(self, chunk: Chunk) -> list[Chunk]:
        name = f"text {chunk.data[:79].split(bytes(1))[0].decode('latin-1')!r} is"
        try:
            text = read_text(chunk, self._allowance)
            if not self._keeper.keeps_location and _PLACE_KEYWORD.search(text.keyword):
                return []
            kept = self._kept_text(text, name)
        except DamagedText as damage:
            self._keeper.left_out(name, damage)
            return []
        if kept == text.text:
            return [chunk]
        return [replace(text, text=kept).chunk] if kept else []

    def _kept_text(self, text: Text, name: str) -> bytes:
        """Return the text as the copy holds it; ``b""`` for none."""
        if text.keyword == _XMP_KEYWORD:
            return self._keeper.xmp(text.text, name)
        if not text.keyword.startswith(_RAW_PROFILE):
            return text.text
        kind, profile = text.keyword.removeprefix(_RAW_PROFILE), decode_raw_profile(text.text)
        header = b""
        if kind in (b"exif", b"APP1") and profile.startswith(EXIF_HEADER):
            header, kept = EXIF_HEADER, self._keeper.exif(profile, name)
        elif kind in (b"iptc", b"8bim"):
            is_photoshop = profile.startswith(b"8BIM")
            kept = self._keeper.photoshop(profile, name) if is_photoshop else self._keeper.iptc(profile, name)
        elif kind in (b"xmp", b"APP1"):
            kept = self._keeper.xmp(profile.removeprefix(_XMP_HEADER), name)
        else:
            return text.text
        if header + kept == profile:
            return text.text
        return encode_raw_profile(kind, header + kept) if kept else b""
