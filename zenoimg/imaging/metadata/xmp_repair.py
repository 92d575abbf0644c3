"""Recover the readable part of a damaged XMP packet: one that is truncated, or has bytes not allowed in XML."""

from __future__ import annotations

import re
from contextlib import suppress
from xml.parsers import expat

from zenoimg.imaging.metadata.xmp import MAX_DEPTH, DamagedXmp, check_number_of_tags

_START_TAG = re.compile(rb"""<(?:[^>"']|"[^"]*"|'[^']*')*>""")
_BEGIN, _END = b"<?xpacket begin", b'<?xpacket end="w"?>'


def readable_part(packet: bytes) -> bytes:
    """Return a packet with the complete properties before the damage, closing the elements around them.

    All bytes up to there stay the same. Raises ``DamagedXmp`` if no property can be read, and for packets that take
    too long to read.
    """
    check_number_of_tags(packet)
    reader = _Reader(packet)
    end, still_open = reader.last_whole()
    closing = b"".join(b"</" + name.encode() + b">" for name in reversed(still_open))
    return packet[:end] + closing + (_END if packet.startswith(_BEGIN) else b"")


class _Reader:
    """Remembers the offset after the last complete property or description, and the elements open there."""

    def __init__(self, packet: bytes) -> None:
        self._packet = packet
        self._open: list[str] = []
        self._starts: list[int] = []
        self._rdf_depth = 0
        self._last: tuple[int, tuple[str, ...]] | None = None
        self._parser = expat.ParserCreate("UTF-8")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.EntityDeclHandler = self._refuse_entity

    def last_whole(self) -> tuple[int, tuple[str, ...]]:
        with suppress(expat.ExpatError):  # the packet is damaged
            self._parser.Parse(self._packet, True)
        if self._last is None:
            raise DamagedXmp("no property can be read")
        return self._last

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise DamagedXmp("elements are nested too deeply")
        at = self._parser.CurrentByteIndex
        self._open.append(name)
        self._starts.append(at)
        if not self._rdf_depth and name.rpartition(":")[2] == "RDF":
            self._rdf_depth = len(self._open)
        elif self._rdf_depth and len(self._open) == self._rdf_depth + 1 and attributes:
            tag = _START_TAG.match(self._packet, at)
            if tag and not tag[0].endswith(b"/>"):
                self._last = tag.end(), tuple(self._open)

    def _end(self, _name: str) -> None:
        self._open.pop()
        start = self._starts.pop()
        if self._rdf_depth and len(self._open) <= self._rdf_depth + 1:
            tag, at = _START_TAG.match(self._packet, start), self._parser.CurrentByteIndex
            is_empty = tag and tag[0].endswith(b"/>")
            self._last = at if is_empty else self._packet.index(b">", at) + 1, tuple(self._open)

    def _refuse_entity(self, *_declaration: object) -> None:
        raise DamagedXmp("it declares entities")
