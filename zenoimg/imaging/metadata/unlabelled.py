"""Handle blocks whose file does not say what they are: recognize them by signature, search for coordinates."""

from __future__ import annotations

import re

_PLACE_PARTS = (b"gps", b"itude", b"geo")
_PLACE_WORDS = re.compile(rb"gps|latitude|longitude|geo(?:tag|loc|hash|point|rss)")
_KNOWN_START = re.compile(
    rb"[ -~\0]{0,40}?(?:(?P<exif>II\*\0|MM\0\*)|(?P<photoshop>8BIM)|(?P<iptc>\x1c[\1\2])|"
    rb"(?P<xmp>(?:\xef\xbb\xbf)?\s*<(?:\?xpacket|x:x[am]pmeta|rdf:RDF)))"
)


def known_kind(block: bytes) -> tuple[str, int]:
    """Return ``exif``, ``photoshop``, ``iptc`` or ``xmp`` and the offset where it begins; ``""`` for other kinds.

    Up to 40 characters may precede it, since writers label such blocks.
    """
    match = _KNOWN_START.match(block)
    if match is None or match.lastgroup is None:
        return "", 0
    return match.lastgroup, match.start(match.lastgroup)


def mentions_coordinates(block: bytes) -> bool:
    """Return whether a block contains words for coordinates, in ASCII or UTF-16."""
    text = block.translate(None, b"\0").lower()
    return any(part in text for part in _PLACE_PARTS) and _PLACE_WORDS.search(text) is not None
