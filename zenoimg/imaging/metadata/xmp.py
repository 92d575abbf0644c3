"""XMP (ISO 16684-1: RDF in XML), with properties cut out of its text and everything else left as it was."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from xml.parsers import expat

PropertyTest = Callable[[str, str], bool]
"""Returns whether a property is removed, by its namespace and local name."""

_ATTRIBUTE = re.compile(rb"""\s+([^\s=/>"']+)\s*=\s*("[^"]*"|'[^']*')""")
_TAG = re.compile(rb"""<[^\s/>]+(?:\s+[^\s=/>"']+\s*=\s*(?:"[^"]*"|'[^']*'))*\s*(/?)>""")
_SEPARATOR = " "


class DamagedXmp(ValueError):  # noqa: N818 -- describes the data, as Refused does
    """A packet that is no well-formed XML in UTF-8, or that declares entities."""


def without_properties(packet: bytes, removes: PropertyTest) -> bytes:
    """Return a packet without the properties that ``removes`` selects, attributes and elements alike.

    All other bytes stay the same. Raises ``DamagedXmp`` when the packet cannot be read.
    """
    kept, at = [], 0
    for start, end in _Scanner(packet, removes).spans():
        kept.append(packet[at:start])
        at = end
    return b"".join((*kept, packet[at:]))


# Tags and attributes take time and memory whatever their length. Edit histories and brush strokes, which make the
# longest packets, use at least 13 bytes for each tag. An attribute, mostly of 25 bytes, counts twice.
_MAX_SHORT_TAGS, _BYTES_OF_A_TAG = 20_000, 12


class _Scanner:
    """Finds the spans of bytes that properties take up in a packet."""

    def __init__(self, packet: bytes, removes: PropertyTest) -> None:
        self._packet = packet
        self._removes = removes
        self._named = lru_cache(1024)(lambda name: removes(*_split(name)))
        self._found: list[tuple[int, int]] = []
        self._start_of_removal = self._depth = 0  # inside the element that is removed
        self._prefixes: dict[str, list[str]] = {}
        self._parser = expat.ParserCreate("UTF-8", _SEPARATOR)
        self._parser.StartElementHandler = self._start
        self._parser.StartNamespaceDeclHandler = self._declare
        self._parser.EndNamespaceDeclHandler = self._forget
        self._parser.EntityDeclHandler = self._refuse_entity

    def spans(self) -> list[tuple[int, int]]:
        tags = self._packet.count(b"<") + 2 * self._packet.count(b"=")
        if tags > _MAX_SHORT_TAGS + len(self._packet) // _BYTES_OF_A_TAG:
            raise DamagedXmp("too many tags and attributes")
        try:
            self._parser.Parse(self._packet.rstrip(b"\0"), True)
        except (expat.ExpatError, ValueError) as failure:
            raise DamagedXmp(str(failure)) from failure
        return self._found

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._named(name) and not any(map(self._named, attributes)):
            return
        start = self._parser.CurrentByteIndex
        tag = _TAG.match(self._packet, start)
        if tag is None:
            raise DamagedXmp(f"no tag at byte {start}")
        if self._named(name):
            if tag.group(1):
                self._found.append(tag.span())
            else:
                self._start_of_removal, self._depth = start, 1
                self._parser.StartElementHandler, self._parser.EndElementHandler = self._deeper, self._end
            return
        for attribute in _ATTRIBUTE.finditer(self._packet, start, tag.end()):
            prefix, _, local = attribute.group(1).decode("utf-8").rpartition(":")
            namespace = self._prefixes.get(prefix, [""])[-1] if prefix else ""
            if prefix not in ("", "xmlns", "xml") and self._removes(namespace, local):
                self._found.append(attribute.span())

    def _deeper(self, _name: str, _attributes: dict[str, str]) -> None:
        self._depth += 1

    def _end(self, _name: str) -> None:
        self._depth -= 1
        if not self._depth:
            end = self._packet.index(b">", self._parser.CurrentByteIndex) + 1
            self._found.append((self._start_of_removal, end))
            self._parser.StartElementHandler, self._parser.EndElementHandler = self._start, None

    def _declare(self, prefix: str | None, namespace: str | None) -> None:
        self._prefixes.setdefault(prefix or "", []).append(namespace or "")

    def _forget(self, prefix: str | None) -> None:
        self._prefixes[prefix or ""].pop()

    def _refuse_entity(self, *_declaration: object) -> None:
        raise DamagedXmp("it declares entities")


def _split(name: str) -> tuple[str, str]:
    namespace, _, local = name.rpartition(_SEPARATOR)
    return namespace, local
