"""Write rights into XMP as a separate description at the end of a packet, so that no other byte changes.

Properties are those of the IPTC Photo Metadata Standard 2024.1: copyright notice, creator, credit line, rights usage
terms, and licensor URL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

from zenoimg.imaging.metadata.names import DC_NS, PHOTOSHOP_NS, PLUS_NS, RIGHTS_NS, TIFF_NS
from zenoimg.imaging.metadata.xmp import ByName, Name, scan, with_description, without_spans

PROPERTIES: dict[str, frozenset[Name]] = {
    "copyright": frozenset({(DC_NS, "rights"), (TIFF_NS, "Copyright")}),
    "creator": frozenset({(DC_NS, "creator"), (TIFF_NS, "Artist")}),
    "credit": frozenset({(PHOTOSHOP_NS, "Credit")}),
    "usage_terms": frozenset({(RIGHTS_NS, "UsageTerms")}),
    "licensor_url": frozenset({(PLUS_NS, "Licensor")}),
}
"""The properties for each field of ``Rights``."""

_ELEMENTS = {
    "copyright": '<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">{}</rdf:li></rdf:Alt></dc:rights>',
    "creator": "<dc:creator><rdf:Seq><rdf:li>{}</rdf:li></rdf:Seq></dc:creator>",
    "credit": "<photoshop:Credit>{}</photoshop:Credit>",
    "usage_terms": (
        '<xmpRights:UsageTerms><rdf:Alt><rdf:li xml:lang="x-default">{}</rdf:li></rdf:Alt></xmpRights:UsageTerms>'
    ),
    "licensor_url": (
        '<plus:Licensor><rdf:Seq><rdf:li rdf:parseType="Resource"><plus:LicensorURL>{}</plus:LicensorURL></rdf:li>'
        "</rdf:Seq></plus:Licensor>"
    ),
}
_NAMESPACES = {"dc": DC_NS, "photoshop": PHOTOSHOP_NS, "xmpRights": RIGHTS_NS, "plus": PLUS_NS}


@dataclass(frozen=True)
class _Replaced(ByName):
    """Removes only the descriptions' own properties, not nested ones."""

    def removes(self, namespace: str, name: str, *, is_property: bool, in_contact: bool) -> bool:
        return is_property and self.test(namespace, name)


def with_rights(packet: bytes, texts: Mapping[str, str]) -> bytes:
    """Return a packet that states these rights, by the names of ``Rights``, instead of those it stated.

    An empty packet, or one without RDF, gives a new one. Raises ``DamagedXmp``.
    """
    replaced = frozenset().union(*(PROPERTIES[field] for field in texts))
    if packet:
        found = scan(packet, _Replaced(lambda namespace, name: (namespace, name) in replaced))
        packet = without_spans(packet, found.removed)
    body = "".join(_ELEMENTS[field].format(escape(text)) for field, text in texts.items())
    used = {prefix: namespace for prefix, namespace in _NAMESPACES.items() if f"<{prefix}:" in body}
    return with_description(packet, "".join(f' xmlns:{prefix}="{name}"' for prefix, name in used.items()), body)
