"""Which ancillary chunks of a PNG its copy keeps, and in what form."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from string import whitespace

from zenoimg.imaging.formats.png.chunks import Chunk, first
from zenoimg.imaging.metadata.exif import DamagedExif, only_orientation, orientation_of, patched
from zenoimg.imaging.metadata.photoshop import DamagedResources, patched_resources, without_iptc_places
from zenoimg.imaging.metadata.xmp import DamagedXmp, is_location, is_preview, without_properties
from zenoimg.imaging.recipe import MetadataPolicy

# What decides how pixels look or how large they print; no policy touches it.
_RENDERING = {b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"mDCv", b"cLLi"}
_RENDERING |= {b"pHYs", b"bKGD", b"hIST", b"sPLT", b"oFFs", b"sCAL", b"pCAL", b"sTER"}
_TEXT = {b"tEXt", b"zTXt", b"iTXt"}
_LAYOUT = {b"iDOT"}  # offsets into the source's own compressed data
_XMP_KEYWORD = b"XML:com.adobe.xmp"
_PLACE_KEYWORD = re.compile(rb"gps|latitude|longitude|location|exif:gps|geotag", re.IGNORECASE)
_RAW_PROFILE = b"Raw profile type "
_TEXT_ROOM, _TEXT_GROWTH = 2 * 1024 * 1024, 4
"""What all compressed texts of a file may grow to: so many bytes, and besides so many times what they have."""


class _DamagedTextError(ValueError):
    """A text chunk that cannot be read to its end."""


@dataclass(frozen=True)
class _Text:
    """A text chunk (PNG Third Edition, 11.3.3): keyword, what stands between it and the text, and the text."""

    name: bytes
    keyword: bytes
    between: bytes
    text: bytes
    compressed: bool

    @property
    def chunk(self) -> Chunk:
        text = zlib.compress(self.text) if self.compressed else self.text
        return Chunk(self.name, self.keyword + b"\0" + self.between + text)


def orientation_in(chunks: list[Chunk]) -> int:
    """Give the orientation, 1 to 8, in the eXIf chunk."""
    return orientation_of(_tiff(first(chunks, b"eXIf") or b""))


class TextRoom:
    """Bytes that texts of a file may still grow by when they are inflated, so that many bombs stay as small as one."""

    left = _TEXT_ROOM

    def inflated(self, data: bytes) -> bytes:
        """Inflate a text."""
        inflater, free = zlib.decompressobj(), _TEXT_GROWTH * len(data)
        try:
            text = inflater.decompress(data, self.left + free)
        except zlib.error as failure:
            raise _DamagedTextError(str(failure)) from failure
        self.left -= max(0, len(text) - free)
        if inflater.unconsumed_tail:
            raise _DamagedTextError(f"longer than {len(text):,} bytes")
        return text


def kept_chunk(chunk: Chunk, policy: MetadataPolicy, warnings: list[str], room: TextRoom) -> list[Chunk]:
    """Give what the copy keeps of an ancillary chunk: one chunk or none; adds to ``warnings`` what is lost."""
    name = chunk.name.decode("latin-1")
    if not chunk.intact:
        warnings.append(f"chunk {name!r} fails its checksum and was left out")
        return []
    if chunk.name in _RENDERING:
        return [chunk]
    if chunk.name == b"eXIf":
        return _exif(chunk, policy, warnings)
    if policy == "strip" or chunk.name in _LAYOUT:
        return []
    if chunk.name in _TEXT:
        return _text(chunk, policy == "keep", warnings, room)
    if chunk.name == b"caBX":
        warnings.append("Content Credentials vouch for the unmarked picture and were left out")
        return []
    if not chunk.is_ancillary or (not chunk.is_safe_to_copy and chunk.name != b"tIME"):
        warnings.append(f"chunk {name!r} belongs to the unmarked picture and was left out")
        return []
    return [chunk]


def _tiff(block: bytes) -> bytes:
    """Some writers begin eXIf as JPEG's APP1 does."""
    return block.removeprefix(b"Exif\0\0")


def _exif(chunk: Chunk, policy: MetadataPolicy, warnings: list[str]) -> list[Chunk]:
    block = _tiff(chunk.data)
    orientation = orientation_of(block)
    if policy != "strip":
        try:
            return [Chunk(b"eXIf", patched(block, location=policy == "keep"))]
        except DamagedExif as damage:
            warnings.append(f"EXIF is damaged ({damage}) and was left out")
    return [Chunk(b"eXIf", only_orientation(orientation))] if orientation != 1 else []


def _text(chunk: Chunk, location: bool, warnings: list[str], room: TextRoom) -> list[Chunk]:
    try:
        text = _parsed(chunk, room)
        if not location and _PLACE_KEYWORD.search(text.keyword):
            return []
        patched_text = _patched_text(text, location)
        return [chunk if patched_text == text.text else _Text(**{**text.__dict__, "text": patched_text}).chunk]
    except (_DamagedTextError, DamagedExif, DamagedXmp, DamagedResources) as damage:
        keyword = chunk.data[:79].split(b"\0")[0].decode("latin-1")
        warnings.append(f"text {keyword!r} is damaged ({damage}) and was left out")
        return []


def _patched_text(text: _Text, location: bool) -> bytes:
    def goes(namespace: str, name: str) -> bool:
        return is_preview(namespace, name) or (not location and is_location(namespace, name))

    if text.keyword == _XMP_KEYWORD:
        return without_properties(text.text, goes)
    if not text.keyword.startswith(_RAW_PROFILE):
        return text.text
    kind, profile = text.keyword.removeprefix(_RAW_PROFILE), _raw_profile(text.text)
    if kind in (b"exif", b"APP1") and profile.startswith(b"Exif\0\0"):
        return _as_raw_profile(kind, b"Exif\0\0" + patched(profile[6:], location=location))
    if kind in (b"iptc", b"8bim"):
        if profile.startswith(b"8BIM"):
            return _as_raw_profile(kind, patched_resources(profile, location=location))
        return text.text if location else _as_raw_profile(kind, without_iptc_places(profile))
    if kind in (b"xmp", b"APP1"):
        packet = profile.removeprefix(b"http://ns.adobe.com/xap/1.0/\0")
        return _as_raw_profile(kind, without_properties(packet, goes))
    return text.text


def _raw_profile(text: bytes) -> bytes:
    """Decode ImageMagick's profiles: a name, the length, and hexadecimal digits, in lines."""
    try:
        _name, length, *digits = text.split(None, 2)
        profile = bytes.fromhex(b"".join(digits).translate(None, whitespace.encode()).decode("ascii"))
        if len(profile) != int(length):
            raise _DamagedTextError(f"{len(profile)} of {int(length)} bytes are there")
    except ValueError as failure:
        raise _DamagedTextError(str(failure)) from failure
    return profile


def _as_raw_profile(kind: bytes, profile: bytes) -> bytes:
    digits = profile.hex().encode()
    lines = [digits[at : at + 72] for at in range(0, len(digits), 72)]
    return b"\n" + kind + b"\n" + str(len(profile)).rjust(8).encode() + b"\n" + b"\n".join(lines) + b"\n"


def _parsed(chunk: Chunk, room: TextRoom) -> _Text:
    keyword, separator, rest = chunk.data.partition(b"\0")
    if not separator:
        raise _DamagedTextError("no keyword")
    if chunk.name == b"tEXt":
        return _Text(chunk.name, keyword, b"", rest, compressed=False)
    if chunk.name == b"zTXt":
        return _Text(chunk.name, keyword, rest[:1], room.inflated(rest[1:]), compressed=True)
    parts = rest[2:].split(b"\0", 2)
    if len(parts) != 3:
        raise _DamagedTextError("no language and translated keyword")
    between = rest[:2] + parts[0] + b"\0" + parts[1] + b"\0"
    compressed = rest[:1] == b"\1"
    return _Text(chunk.name, keyword, between, room.inflated(parts[2]) if compressed else parts[2], compressed)
