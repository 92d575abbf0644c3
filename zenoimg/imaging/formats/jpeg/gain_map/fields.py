"""Read the values of properties in an XMP packet, whether attributes, elements or lists."""

from __future__ import annotations

from xml.parsers import expat

from zenoimg.imaging.metadata.xmp import RDF_NS, Name

_SEPARATOR = " "
_MAX_PACKET = 1 << 20


def xmp_values(packet: bytes) -> dict[Name, list[str]]:
    """Return the values of each property and field, by namespace and local name; empty for a damaged packet.

    Names are matched anywhere, so that the fields of a directory's items are found as well.
    """
    if len(packet) > _MAX_PACKET:
        return {}
    reader = _Reader()
    try:
        reader.parser.Parse(packet.rstrip(b"\0"), True)
    except (expat.ExpatError, ValueError):
        return {}
    return reader.values


class _Reader:
    def __init__(self) -> None:
        self.values: dict[Name, list[str]] = {}
        self._open: list[Name] = []
        self._text: list[str] = []
        self.parser = expat.ParserCreate("UTF-8", _SEPARATOR)
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text.append
        self.parser.EntityDeclHandler = self._refuse_entity

    def _start(self, qualified: str, attributes: dict[str, str]) -> None:
        self._text.clear()
        self._open.append(_name(qualified))
        for name, value in attributes.items():
            if _name(name)[0] != RDF_NS:
                self.values.setdefault(_name(name), []).append(value)

    def _end(self, _qualified: str) -> None:
        name = self._open.pop()
        if self._text:
            self._take(name)

    def _take(self, name: Name) -> None:
        text = "".join(self._text).strip()
        self._text.clear()
        if name[0] == RDF_NS:  # an item of a list belongs to the property around it
            name = next((outer for outer in reversed(self._open) if outer[0] != RDF_NS), name)
        if text:
            self.values.setdefault(name, []).append(text)

    def _refuse_entity(self, *_declaration: object) -> None:
        raise ValueError("it declares entities")


def _name(qualified: str) -> Name:
    namespace, _, local = qualified.rpartition(_SEPARATOR)
    return namespace, local
