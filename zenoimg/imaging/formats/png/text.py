"""Read text chunks of a PNG (PNG Third Edition, 11.3.3), and ImageMagick's profiles in them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from string import whitespace

from zenoimg.imaging.formats.png.chunks import Chunk

TEXT_CHUNKS = {b"tEXt", b"zTXt", b"iTXt"}
_INFLATED_BYTES, _INFLATED_RATIO = 2 * 1024 * 1024, 4
"""Each compressed text may inflate to a multiple of its bytes; beyond that, all texts in a file share one allowance."""


class DamagedText(ValueError):  # noqa: N818 -- describes the data, as Refused does
    """A text chunk that cannot be read completely."""


@dataclass(frozen=True)
class Text:
    """A text chunk: keyword, the fields between it and the text, and the text, inflated."""

    name: bytes
    keyword: bytes
    between: bytes
    text: bytes
    compressed: bool

    @property
    def chunk(self) -> Chunk:
        """The text as a chunk."""
        text = zlib.compress(self.text) if self.compressed else self.text
        return Chunk(self.name, self.keyword + b"\0" + self.between + text)


class InflationAllowance:
    """The bytes to which all compressed texts of a file may still inflate: many bombs get no more than one."""

    def __init__(self) -> None:
        self._left = _INFLATED_BYTES

    def inflated(self, data: bytes) -> bytes:
        """Inflate a text. Raises ``DamagedText``."""
        inflater, free = zlib.decompressobj(), _INFLATED_RATIO * len(data)
        try:
            text = inflater.decompress(data, self._left + free)
        except zlib.error as failure:
            raise DamagedText(str(failure)) from failure
        self._left -= max(0, len(text) - free)
        if inflater.unconsumed_tail:
            raise DamagedText(f"longer than {len(text):,} bytes")
        return text


def read_text(chunk: Chunk, allowance: InflationAllowance) -> Text:
    """Read a text chunk. Raises ``DamagedText``."""
    keyword, separator, rest = chunk.data.partition(b"\0")
    if not separator:
        raise DamagedText("no keyword")
    if chunk.name == b"tEXt":
        return Text(chunk.name, keyword, b"", rest, compressed=False)
    if chunk.name == b"zTXt":
        return Text(chunk.name, keyword, rest[:1], allowance.inflated(rest[1:]), compressed=True)
    parts = rest[2:].split(b"\0", 2)
    if len(parts) != 3:
        raise DamagedText("no language and translated keyword")
    between = rest[:2] + parts[0] + b"\0" + parts[1] + b"\0"
    compressed = rest[:1] == b"\1"
    text = allowance.inflated(parts[2]) if compressed else parts[2]
    return Text(chunk.name, keyword, between, text, compressed)


def decode_raw_profile(text: bytes) -> bytes:
    """Return the bytes of a profile in the form that ImageMagick and ExifTool write. Raises ``DamagedText``.

    Its lines are a name, which may have several words, the length, and hexadecimal digits.
    """
    lines = text.strip().split(b"\n", 2)
    if len(lines) < 3:
        lines = text.split(None, 2)
    length = lines[1].strip() if len(lines) > 1 else b""
    if not length.isdigit() or len(length) > 10:
        raise DamagedText("no name and length")
    try:
        profile = bytes.fromhex(b"".join(lines[2:]).translate(None, whitespace.encode()).decode("ascii"))
    except ValueError as failure:
        raise DamagedText(str(failure)) from failure
    if len(profile) != int(length):
        raise DamagedText(f"{len(profile)} of {int(length)} bytes are there")
    return profile


def encode_raw_profile(kind: bytes, profile: bytes) -> bytes:
    """Return a profile in ImageMagick's form."""
    digits = profile.hex().encode()
    lines = [digits[at : at + 72] for at in range(0, len(digits), 72)]
    return b"\n" + kind + b"\n" + str(len(profile)).rjust(8).encode() + b"\n" + b"\n".join(lines) + b"\n"
