"""Decide which ancillary chunks of a PNG its copy keeps, and in what form."""

from __future__ import annotations

import re
import zlib
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
from zenoimg.imaging.metadata import carve, names
from zenoimg.imaging.metadata.credentials import PNG_CHUNK
from zenoimg.imaging.metadata.exif import orientation_of
from zenoimg.imaging.metadata.keeper import EXIF_HEADER, Keeper, tiff_block

# Chunks that determine how pixels look or how large they print; no policy affects them.
_RENDERING = {b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"mDCv", b"cLLi"}
_RENDERING |= {b"pHYs", b"bKGD", b"hIST", b"sPLT", b"oFFs", b"sCAL", b"pCAL", b"sTER"}
_LAYOUT = {b"iDOT"}  # offsets into the source's own compressed data
_XMP_KEYWORD = b"XML:com.adobe.xmp"
_XMP_HEADER = b"http://ns.adobe.com/xap/1.0/\0"
_RAW_PROFILE = b"Raw profile type "
_RIGHTS = {b"Copyright": "copyright", b"Author": "creator", b"Disclaimer": "usage_terms"}
"""Keywords of PNG Third Edition, 11.3.3.1, and the field of ``Rights`` that each states."""


def orientation_in(chunks: list[Chunk]) -> int:
    """Return the orientation, 1 to 8, in the eXIf chunk."""
    return orientation_of(tiff_block(first(chunks, b"eXIf") or b""))


class ChunkKeeper:
    """Returns each ancillary chunk of a file as the copy keeps it."""

    def __init__(self, keeper: Keeper, chunks: list[Chunk]) -> None:
        self._keeper = keeper
        self._allowance = InflationAllowance()
        together: dict[bytes, list[bytes]] = {}
        for chunk in chunks:
            if (
                chunk.is_ancillary
                and chunk.name not in _RENDERING
                and chunk.name not in (*TEXT_CHUNKS, b"eXIf", PNG_CHUNK)
            ):
                together.setdefault(chunk.name, []).append(chunk.data)
        self._pieces = {name for name, parts in together.items() if carve.holds_picture(b"".join(parts))}

    def kept(self, chunk: Chunk) -> list[Chunk]:
        """Return what the copy keeps of a chunk: one chunk or none."""
        keeper, name = self._keeper, f"chunk {chunk.name.decode('latin-1')!r}"
        if not chunk.intact:
            keeper.warn(f"{name} fails its checksum and was left out")
            return []
        if chunk.name in _RENDERING:
            return self._rendering(chunk, name)
        if chunk.name == b"eXIf":
            return _filled(chunk, keeper.exif(chunk.data))
        if chunk.name in _LAYOUT or (keeper.strips and chunk.name not in TEXT_CHUNKS):
            return []
        if chunk.name in TEXT_CHUNKS:
            return self._text(chunk)
        if chunk.name == PNG_CHUNK:
            keeper.credentials_left_out()
            return []
        if not chunk.is_ancillary or (not chunk.is_safe_to_copy and chunk.name != b"tIME"):
            keeper.warn(f"{name} belongs to the unmarked picture and was left out")
            return []
        if chunk.name in self._pieces:
            keeper.found_picture(name)
            return []
        return _filled(chunk, keeper.other(chunk.data, name))

    def stamped(self, copy: list[Chunk]) -> list[Chunk]:
        """Return the copy's chunks with the rights that it has to state in eXIf and XMP, once all have been kept."""
        keeper = self._keeper
        if not keeper.stamp.texts:
            return copy
        exif, xmp = Chunk(b"eXIf", b""), Chunk(b"iTXt", _XMP_KEYWORD + bytes(5))
        if not any(chunk.name == b"eXIf" for chunk in copy):
            copy = [copy[0], exif, *copy[1:]]
        if not any(chunk.name == b"iTXt" and chunk.data.startswith(_XMP_KEYWORD + b"\0") for chunk in copy):
            copy = [copy[0], xmp, *copy[1:]]
        stamped = []
        for chunk in copy:
            if chunk.name == b"eXIf":
                stamped += _filled(chunk, keeper.stamp.exif(chunk.data))
            elif chunk.name == b"iTXt" and chunk.data.startswith(_XMP_KEYWORD + b"\0"):
                text = read_text(chunk, InflationAllowance())
                stamped.append(replace(text, text=keeper.stamp.xmp(text.text)).chunk)
            elif not (chunk.name in TEXT_CHUNKS and _RIGHTS.get(chunk.data.split(b"\0")[0]) in keeper.stamp.texts):
                stamped.append(chunk)
        return stamped

    def _rendering(self, chunk: Chunk, name: str) -> list[Chunk]:
        if chunk.name == b"iCCP":
            head, _, compressed = chunk.data.partition(b"\0")
            try:
                profile = self._allowance.inflated(compressed[1:])
            except DamagedText:  # viewers ignore it as well
                profile = b""
            kept = self._keeper.profile(profile)
            if kept != profile:
                return [Chunk(chunk.name, head + b"\0\0" + zlib.compress(kept))]
        if carve.holds_picture(chunk.data):
            self._keeper.found_picture(name)
            return []
        return [chunk]

    def _text(self, chunk: Chunk) -> list[Chunk]:
        keeper = self._keeper
        keyword = chunk.data[:79].split(b"\0")[0]
        if keeper.strips and not self._is_kept_stripped(keyword):
            return []
        name = f"text {keyword.decode('latin-1')!r}"
        try:
            text = read_text(chunk, self._allowance)
            if self._is_place(keyword):
                return []
            kept = self._kept_text(text, name)
        except DamagedText as damage:
            if not keeper.strips:
                keeper.left_out(f"{name} is", damage)
            return []
        if kept and keyword in _RIGHTS:
            keeper.stated.add(_RIGHTS[keyword])
        if kept == text.text:
            return [chunk]
        return [replace(text, text=kept).chunk] if kept else []

    def _is_kept_stripped(self, keyword: bytes) -> bool:
        if keyword in _RIGHTS:
            return not self._keeper.strips_rights
        return keyword == _XMP_KEYWORD or keyword.startswith(_RAW_PROFILE)

    def _is_place(self, keyword: bytes) -> bool:
        """Return whether a text's keyword denotes a location, such as ImageMagick's ``exif:GPSLatitude``."""
        name = re.split(r"[:./ ]", keyword.decode("latin-1"))[-1]
        if not self._keeper.keeps_coordinates and (names.is_coordinate("", name) or b"gps" in keyword.lower()):
            return True
        return not self._keeper.keeps_places and names.is_place_name("", name)

    def _kept_text(self, text: Text, name: str) -> bytes:
        """Return the text as the copy keeps it; ``b""`` for none."""
        if text.keyword == _XMP_KEYWORD:
            return self._keeper.xmp(text.text, f"{name} is")
        if not text.keyword.startswith(_RAW_PROFILE):
            return self._plain_text(text, name)
        kind, profile = text.keyword.removeprefix(_RAW_PROFILE), decode_raw_profile(text.text)
        header = next((header for header in (EXIF_HEADER, _XMP_HEADER) if profile.startswith(header)), b"")
        content = profile[len(header) :]
        if kind in (b"icc", b"icm"):
            kept = b"" if self._keeper.strips else self._keeper.profile(content)
        elif kind == b"exif" or header == EXIF_HEADER:
            kept = b"" if self._keeper.strips else self._keeper.exif(content, f"{name} is")
        elif kind == b"xmp" or header == _XMP_HEADER:
            kept = self._keeper.xmp(content, f"{name} is")
        elif kind in (b"iptc", b"8bim"):
            is_photoshop = content.startswith(b"8BIM")
            kept = (self._keeper.photoshop if is_photoshop else self._keeper.iptc)(content, f"{name} is")
        else:
            kept = self._keeper.other(content, name)
        if kept == content:
            return text.text
        return encode_raw_profile(kind, header + kept) if kept else b""

    def _plain_text(self, text: Text, name: str) -> bytes:
        if self._keeper.strips:
            return text.text if not carve.holds_picture(text.text) else b""
        return self._keeper.text(text.text, name)


def _filled(chunk: Chunk, data: bytes) -> list[Chunk]:
    """Return a chunk with new data; nothing if no data is left of the source's."""
    return [replace(chunk, data=data)] if data or not chunk.data else []
