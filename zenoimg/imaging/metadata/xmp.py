"""XMP (ISO 16684-1: RDF in XML), with properties cut out of its text and everything else left as it was.

Also which names in XMP and IPTC tell where a picture was taken, or show it unmarked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from xml.parsers import expat

EXIF_NS = "http://ns.adobe.com/exif/1.0/"
PHOTOSHOP_NS = "http://ns.adobe.com/photoshop/1.0/"
IPTC_CORE_NS = "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"
IPTC_EXT_NS = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
XMP_NS = "http://ns.adobe.com/xap/1.0/"
GEO_NS = "http://www.w3.org/2003/01/geo/wgs84_pos#"
GOOGLE_IMAGE_NS = "http://ns.google.com/photos/1.0/image/"
GAIN_MAP_NS = "http://ns.adobe.com/hdr-gain-map/1.0/"
CONTAINER_NS = "http://ns.google.com/photos/1.0/container/"
CAMERA_NS = "http://ns.google.com/photos/1.0/camera/"

_PLACES = {
    PHOTOSHOP_NS: {"City", "State", "Country"},
    IPTC_CORE_NS: {"Location", "CountryCode"},
    IPTC_EXT_NS: {
        "LocationCreated",
        "LocationShown",
        "City",
        "CountryCode",
        "CountryName",
        "ProvinceState",
        "Sublocation",
        "WorldRegion",
    },
    GEO_NS: {"lat", "long", "alt", "lat_long"},
}

_COORDINATES = ("latitude", "longitude", "longtitude", "absolutealtitude", "relativealtitude")

IPTC_PLACES = frozenset({26, 27, 90, 92, 95, 100, 101})
"""Datasets of record 2 (IPTC-NAA IIM 4.2): content location code and name, city, sublocation, state, country
(code and name)."""


def is_location(namespace: str, name: str) -> bool:
    """Tell whether an XMP property says where the picture was taken: coordinates, or a place by name.

    Makers, drones' above all, have namespaces of their own for coordinates: these are known by name alone.
    """
    lowered = name.lower()
    if lowered.startswith("gps") or lowered.endswith(_COORDINATES):
        return True
    return name in _PLACES.get(namespace, ())


def is_preview(namespace: str, name: str) -> bool:
    """Tell whether an XMP property holds the picture itself, small or large, without the mark."""
    return (namespace == XMP_NS and name == "Thumbnails") or (namespace == GOOGLE_IMAGE_NS and name == "Data")


def is_directory_of_pictures(namespace: str, name: str) -> bool:
    """Tell whether an XMP property speaks of pictures or videos that lie behind the first one in the file."""
    if namespace == CAMERA_NS:
        return name.startswith(("MicroVideo", "MotionPhoto"))
    return namespace in (GAIN_MAP_NS, CONTAINER_NS)


PropertyTest = Callable[[str, str], bool]
"""Tells for a namespace and a local name whether a property goes."""

_ATTRIBUTE = re.compile(rb"""\s+([^\s=/>"']+)\s*=\s*("[^"]*"|'[^']*')""")
_TAG = re.compile(rb"""<[^\s/>]+(?:\s+[^\s=/>"']+\s*=\s*(?:"[^"]*"|'[^']*'))*\s*(/?)>""")
_SEPARATOR = " "


class DamagedXmp(ValueError):  # noqa: N818 -- says what is there, as Refused does
    """A packet that is no well-formed XML in UTF-8, or that declares entities."""


def without_properties(packet: bytes, goes: PropertyTest) -> bytes:
    """Give a packet without the properties that ``goes`` names, as attributes and as elements.

    Bytes outside of them are the same as before. Raises ``DamagedXmp`` when the packet cannot be read.
    """
    kept, at = [], 0
    for start, end in _Scanner(packet, goes).spans():
        kept.append(packet[at:start])
        at = end
    return b"".join((*kept, packet[at:]))


# Tags and attributes take time and memory whatever their length; histories of edits and strokes of brushes, which
# make the longest packets, spend 13 bytes and more on each tag. An attribute, of 25 bytes mostly, counts twice.
_MOST_SHORT_TAGS, _BYTES_OF_A_TAG = 20_000, 12


class _Scanner:
    """Finds the spans of bytes that properties take up in a packet."""

    def __init__(self, packet: bytes, goes: PropertyTest) -> None:
        self._packet = packet
        self._goes = goes
        self._named = lru_cache(1024)(lambda name: goes(*_split(name)))
        self._found: list[tuple[int, int]] = []
        self._start_of_removal = self._depth = 0  # inside of the element that goes
        self._prefixes: dict[str, list[str]] = {}
        self._parser = expat.ParserCreate("UTF-8", _SEPARATOR)
        self._parser.StartElementHandler = self._start
        self._parser.StartNamespaceDeclHandler = self._declare
        self._parser.EndNamespaceDeclHandler = self._forget
        self._parser.EntityDeclHandler = self._refuse_entity

    def spans(self) -> list[tuple[int, int]]:
        tags = self._packet.count(b"<") + 2 * self._packet.count(b"=")
        if tags > _MOST_SHORT_TAGS + len(self._packet) // _BYTES_OF_A_TAG:
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
            if prefix not in ("", "xmlns", "xml") and self._goes(namespace, local):
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
