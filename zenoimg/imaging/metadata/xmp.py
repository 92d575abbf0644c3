"""Cut properties out of the text of XMP (ISO 16684-1: RDF in XML), leaving everything else unchanged."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

RDF_NS = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
Name = tuple[str, str]
"""Namespace and local name."""

_XML_NS = "http://www.w3.org/XML/1998/namespace"
_BEFORE = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
_AFTER = '</x:xmpmeta><?xpacket end="w"?>'

_ATTRIBUTE = re.compile(rb"""\s+([^\s=/>"']+)\s*=\s*("[^"]*"|'[^']*')""")
_TAG = re.compile(rb"""<[^\s/>]+(?:\s+[^\s=/>"']+\s*=\s*(?:"[^"]*"|'[^']*'))*\s*(/?)>""")
_SEPARATOR = " "

# Tags and attributes take time and memory whatever their length. Edit histories and brush strokes, which make up the
# longest packets, use at least 13 bytes per tag. An attribute, typically 25 bytes, counts twice.
_MAX_SHORT_TAGS, _BYTES_OF_A_TAG = 20_000, 12
MAX_DEPTH = 100

_OUTSIDE, _RDF, _NODE, _PROPERTY, _INNER = range(5)
"""How deep an element is: outside ``rdf:RDF``, that itself, a description in it, its properties, their values."""

_SHORTEST_PICTURE = 100
"""Minimum number of characters of a picture in base64."""


class DamagedXmp(ValueError):  # noqa: N818 -- describes the data, as Refused does
    """A packet that is not well-formed XML in UTF-8, or that declares entities."""


class XmpRules(Protocol):
    """Decides what is removed from a packet."""

    def removes(self, namespace: str, name: str, *, is_property: bool, in_contact: bool) -> bool:
        """Return whether an element or attribute is removed.

        ``is_property`` is set for a property of the description itself, ``in_contact`` for part of the contact data
        of a person or an agency.
        """

    def is_contact(self, namespace: str, name: str) -> bool:
        """Return whether an element holds contact data."""

    def removes_text(self, text: str) -> bool:
        """Return whether a property is removed for its value. Called only for packets that ``reads_texts`` selects."""

    def reads_texts(self, packet: bytes) -> bool:
        """Return whether ``removes_text`` may be true for any text in a packet."""


@dataclass(frozen=True)
class Scan:
    """What is known about a packet: spans of bytes to remove, and which properties are kept.

    ``inside`` is the offset of the first description in ``rdf:RDF``, or of its end tag, ``None`` if there is none;
    ``about`` is the subject of the descriptions; ``read_texts`` tells whether values were read.
    """

    removed: tuple[tuple[int, int], ...]
    properties: frozenset[Name]
    inside: int | None
    about: str
    read_texts: bool


def scan(packet: bytes, rules: XmpRules) -> Scan:
    """Read a packet. Raises ``DamagedXmp`` if it cannot be read."""
    return _Scanner(packet, rules).scan()


def check_number_of_tags(packet: bytes) -> None:
    """Raise ``DamagedXmp`` for a packet that would take too much time or memory to read."""
    tags = packet.count(b"<") + 2 * packet.count(b"=")
    if tags > _MAX_SHORT_TAGS + len(packet) // _BYTES_OF_A_TAG:
        raise DamagedXmp("too many tags and attributes")


def without_spans(packet: bytes, spans: tuple[tuple[int, int], ...]) -> bytes:
    """Return a packet without the given spans of bytes, which are in order."""
    kept, at = [], 0
    for start, end in spans:
        kept.append(packet[at:start])
        at = end
    return b"".join((*kept, packet[at:]))


def without_properties(packet: bytes, removes: Callable[[str, str], bool]) -> bytes:
    """Return a packet without the elements and attributes that ``removes`` selects by namespace and local name.

    All other bytes stay the same. Raises ``DamagedXmp`` if the packet cannot be read.
    """
    return without_spans(packet, scan(packet, ByName(removes)).removed)


def with_description(packet: bytes, attributes: str, body: str) -> bytes:
    """Return a packet with a new first description: attributes with their namespaces, and elements, as XML.

    Chromium looks for a gain map only in the first description that declares its namespace (seen with 156). No other
    byte changes. An empty packet, or one without RDF, gives a new one. Raises ``DamagedXmp``.
    """
    found = scan(packet, ByName(lambda _namespace, _name: False)) if packet else None
    about = quoteattr(found.about if found else "")
    described = f'<rdf:Description xmlns:rdf="{RDF_NS}" rdf:about={about}{attributes}>{body}</rdf:Description>'
    if found and found.inside is not None:
        return packet[: found.inside] + described.encode() + packet[found.inside :]
    return f'{_BEFORE}<rdf:RDF xmlns:rdf="{RDF_NS}">{described}</rdf:RDF>{_AFTER}'.encode()


@dataclass(frozen=True)
class ByName:
    """Rules that decide only by namespace and local name."""

    test: Callable[[str, str], bool]

    def removes(self, namespace: str, name: str, *, is_property: bool, in_contact: bool) -> bool:
        """See ``XmpRules``."""
        return self.test(namespace, name)

    def is_contact(self, namespace: str, name: str) -> bool:
        """See ``XmpRules``."""
        return False

    def removes_text(self, text: str) -> bool:
        """See ``XmpRules``."""
        return False

    def reads_texts(self, packet: bytes) -> bool:
        """See ``XmpRules``."""
        return False


@dataclass(slots=True)
class _Element:
    """An open element. ``in_contact`` applies to its content; ``texts`` holds those of all elements in it."""

    start: int
    name: Name
    level: int
    in_contact: bool
    is_removed: bool = False
    texts: list[str] | None = None

    def add(self, text: str) -> None:
        self.texts = self.texts or []
        self.texts.append(text)


_DOCUMENT = _Element(0, ("", ""), _OUTSIDE, in_contact=False)
_VALUE = _Element(0, ("", ""), _INNER, in_contact=False)
"""Placeholder for all elements inside values that do not matter, of which there are thousands."""


class _Scanner:
    """Finds the byte spans of properties in a packet."""

    def __init__(self, packet: bytes, rules: XmpRules) -> None:
        self._packet = packet
        self._rules = rules
        self._reads_texts = rules.reads_texts(packet)
        self._decide = lru_cache(2048)(self._decided)
        self._spans: list[tuple[int, int]] = []
        self._open: list[_Element] = []
        self._removed_depth = 0
        self._properties: set[Name] = set()
        self._inside_rdf: int | None = None
        self._about = ""
        self._parser = expat.ParserCreate("UTF-8", _SEPARATOR)
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.EntityDeclHandler = self._refuse_entity
        if self._reads_texts:
            self._parser.CharacterDataHandler = self._text

    def scan(self) -> Scan:
        check_number_of_tags(self._packet)
        try:
            self._parser.Parse(self._packet.rstrip(b"\0"), True)
        except (expat.ExpatError, ValueError) as failure:
            raise DamagedXmp(str(failure)) from failure
        return Scan(
            tuple(self._outermost()), frozenset(self._properties), self._inside_rdf, self._about, self._reads_texts
        )

    def _outermost(self) -> list[tuple[int, int]]:
        outermost: list[tuple[int, int]] = []
        for start, end in sorted(self._spans):
            if not outermost or start >= outermost[-1][1]:
                outermost.append((start, end))
        return outermost

    def _decided(self, qualified: str, is_property: bool, in_contact: bool) -> tuple[Name, bool, bool]:
        """Return the name of an element or attribute, whether it is removed, and whether it holds contact data."""
        namespace, _, local = qualified.rpartition(_SEPARATOR)
        is_syntax = namespace in (RDF_NS, _XML_NS)
        removed = not is_syntax and self._rules.removes(
            namespace, local, is_property=is_property, in_contact=in_contact
        )
        return (namespace, local), removed, in_contact or self._rules.is_contact(namespace, local)

    def _start(self, qualified: str, attributes: dict[str, str]) -> None:
        if self._removed_depth:
            self._removed_depth += 1
            return
        if len(self._open) >= MAX_DEPTH:
            raise DamagedXmp("elements are nested too deeply")
        parent = self._open[-1] if self._open else _DOCUMENT
        level = min(parent.level + 1, _INNER) if parent.level else _OUTSIDE
        name, is_removed, in_contact = self._decide(qualified, level == _PROPERTY, parent.in_contact)
        if level == _INNER and not (is_removed or in_contact or self._reads_texts or attributes):
            self._open.append(_VALUE)
            return
        if level == _OUTSIDE and name == (RDF_NS, "RDF"):
            level = _RDF
        element = _Element(self._parser.CurrentByteIndex, name, level, in_contact, is_removed)
        self._open.append(element)
        if level == _NODE and self._inside_rdf is None:
            self._inside_rdf = element.start
        if is_removed:
            self._removed_depth = 1
            return
        if level == _PROPERTY:
            self._properties.add(name)
        if attributes:
            self._read_attributes(element, attributes)

    def _read_attributes(self, element: _Element, attributes: dict[str, str]) -> None:
        is_node = element.level == _NODE
        removed: list[bool] = []
        for qualified, value in attributes.items():
            name, goes, _ = self._decide(qualified, is_node, element.in_contact)
            if is_node and name == (RDF_NS, "about"):
                self._about = self._about or value
            if self._reads_texts and len(value) >= _SHORTEST_PICTURE:
                goes = goes or self._rules.removes_text(value)
            removed.append(goes)
            if is_node and not goes and name[0] not in (RDF_NS, _XML_NS):
                self._properties.add(name)
        if any(removed):
            self._spans += self._attribute_spans(element.start, removed)

    def _attribute_spans(self, start: int, removed: list[bool]) -> list[tuple[int, int]]:
        tag = _TAG.match(self._packet, start)
        if tag is None:
            raise DamagedXmp(f"no tag at byte {start}")
        written = [
            attribute.span()
            for attribute in _ATTRIBUTE.finditer(self._packet, start, tag.end())
            if attribute[1] != b"xmlns" and not attribute[1].startswith(b"xmlns:")
        ]
        if len(written) != len(removed):
            raise DamagedXmp(f"the attributes at byte {start} cannot be told apart")
        return [span for span, goes in zip(written, removed, strict=True) if goes]

    def _text(self, text: str) -> None:
        if not self._removed_depth and self._open:
            self._open[-1].add(text)

    def _end(self, _qualified: str) -> None:
        if self._removed_depth > 1:
            self._removed_depth -= 1
            return
        element = self._open.pop()
        if self._removed_depth:
            self._removed_depth = 0
        elif element.texts:
            text = "".join(element.texts)
            is_value = element.level >= _PROPERTY and element.name[0] != RDF_NS
            if is_value and len(text) >= _SHORTEST_PICTURE and self._rules.removes_text(text):
                element.is_removed = True
                self._properties.discard(element.name)
            elif self._open and self._open[-1].level >= _PROPERTY:
                self._open[-1].add(text)
        if element.is_removed:
            self._spans.append((element.start, self._end_of(element)))
        elif element.level == _RDF and self._inside_rdf is None:
            tag = _TAG.match(self._packet, element.start)
            self._inside_rdf = None if tag and tag[1] else self._parser.CurrentByteIndex

    def _end_of(self, element: _Element) -> int:
        """Return the offset after an element whose end was just read."""
        tag = _TAG.match(self._packet, element.start)
        if tag is None:
            raise DamagedXmp(f"no tag at byte {element.start}")
        return tag.end() if tag[1] else self._packet.index(b">", self._parser.CurrentByteIndex) + 1

    def _refuse_entity(self, *_declaration: object) -> None:
        raise DamagedXmp("it declares entities")
