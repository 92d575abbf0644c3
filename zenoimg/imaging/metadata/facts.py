"""Read what a mark's text may contain from a picture's metadata: creator, copyright notice, year of capture.

XMP is read first (it is Unicode and of any length), then EXIF, then IPTC, then the texts of a PNG.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from io import BytesIO
from typing import Any
from xml.parsers import expat

from zenoimg.imaging.formats import FORMATS
from zenoimg.imaging.metadata.iptc import BYLINE, COPYRIGHT
from zenoimg.imaging.metadata.names import DC_NS
from zenoimg.imaging.metadata.policy import Rights

_EXIF_NS, _XMP_NS = "http://ns.adobe.com/exif/1.0/", "http://ns.adobe.com/xap/1.0/"
_PHOTOSHOP_NS = "http://ns.adobe.com/photoshop/1.0/"
#: The properties for each field, most significant first.
_PROPERTIES = {
    "creator": (f"{DC_NS} creator",),
    "copyright": (f"{DC_NS} rights",),
    "year": (f"{_EXIF_NS} DateTimeOriginal", f"{_PHOTOSHOP_NS} DateCreated", f"{_XMP_NS} CreateDate"),
}
_LI = "http://www.w3.org/1999/02/22-rdf-syntax-ns# li"
_ARTIST, _COPYRIGHT, _EXIF_IFD, _TAKEN, _DIGITIZED = 0x013B, 0x8298, 0x8769, 0x9003, 0x9004
_DATE_CREATED = 55
_MAX_PACKET, _MAX_TEXT = 2_000_000, 1_000


def facts(data: bytes, format_name: str, rights: Rights) -> dict[str, str]:
    """Return ``creator``, ``copyright`` and ``year`` of an image file, as far as known, each on one line.

    ``rights`` are those stated in copies: they fill in what the picture does not state, or replace it. Unreadable
    metadata is ignored.
    """
    found: dict[str, str] = {}
    with _readable(), FORMATS[format_name].open(BytesIO(data)) as image:
        for stated in _stated(image):
            for name, value in stated.items():
                text = " ".join(value.replace("\0", " ").split())[:_MAX_TEXT]
                text = _year(text) if name == "year" else text
                if text:
                    found.setdefault(name, text)
    configured: dict[str, str] = {name: text for name, text in rights.texts.items() if name in _PROPERTIES}
    return {**found, **configured} if rights.overwrite else {**configured, **found}


@contextmanager
def _readable() -> Iterator[None]:
    """Suppress errors of any type, as decoders raise them, except for lack of memory."""
    try:
        yield
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - metadata that cannot be read states nothing
        return


def _stated(image: Any) -> Iterator[Mapping[str, str]]:
    """Yield what each kind of block states; an unreadable one does not hide the others."""
    for read in (_of_xmp, _of_exif, _of_iptc, _of_texts):
        with _readable():
            yield read(image)


def _of_xmp(image: Any) -> dict[str, str]:
    packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    packet = packet.encode() if isinstance(packet, str) else packet
    return _Properties().read(packet[:_MAX_PACKET]) if packet else {}


class _Properties:
    """Collects the texts of properties in an XMP packet, including those read before an error."""

    def __init__(self) -> None:
        self._values: dict[str, list[str]] = {}
        self._property = ""
        self._texts: list[str] = []

    def read(self, packet: bytes) -> dict[str, str]:
        parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._text
        parser.EntityDeclHandler = self._refuse
        with suppress(expat.ExpatError, ValueError):
            parser.Parse(packet.rstrip(b"\0 "), True)
        chosen = {name: next((self._values[each] for each in of if self._values.get(each)), []) for name, of in
                  _PROPERTIES.items()}  # fmt: skip
        return {name: ", ".join(values) for name, values in chosen.items() if values}

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        for wanted in _WANTED & attributes.keys():
            self._values.setdefault(wanted, [attributes[wanted]])
        if name in _WANTED:
            self._property, self._texts = name, []
        elif name == _LI:
            self._texts = []

    def _text(self, text: str) -> None:
        if self._property and len(self._texts) < _MAX_TEXT:
            self._texts.append(text)

    def _end(self, name: str) -> None:
        text = "".join(self._texts).strip()
        if self._property and text and name in (_LI, self._property):
            self._values.setdefault(self._property, []).append(text)
            self._texts = []
        if name == self._property:
            self._property = ""

    @staticmethod
    def _refuse(*_: object) -> None:
        raise ValueError("XMP does not declare entities")


_WANTED = frozenset(name for names in _PROPERTIES.values() for name in names)


def _of_exif(image: Any) -> dict[str, str]:
    exif = image.getexif()
    inside = exif.get_ifd(_EXIF_IFD)
    values = {
        "creator": exif.get(_ARTIST),
        "copyright": exif.get(_COPYRIGHT),
        "year": inside.get(_TAKEN) or inside.get(_DIGITIZED),
    }
    return {name: _exif_text(value) for name, value in values.items() if value}


def _exif_text(value: object) -> str:
    """Return a text that Pillow has decoded as Latin-1, although most writers use UTF-8."""
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    with suppress(UnicodeError):
        return text.encode("latin-1").decode()
    return text


def _of_iptc(image: Any) -> dict[str, str]:
    from PIL.IptcImagePlugin import getiptcinfo

    stated = getiptcinfo(image) or {}
    found = {}
    for name, number in (("creator", BYLINE), ("copyright", COPYRIGHT), ("year", _DATE_CREATED)):
        values = stated.get((2, number), [])
        texts = [_exif_text(value) for value in (values if isinstance(values, list) else [values])]
        if texts:
            found[name] = ", ".join(texts)
    return found


def _of_texts(image: Any) -> dict[str, str]:
    names = {"creator": "Author", "copyright": "Copyright", "year": "Creation Time"}
    texts = {name: image.info.get(keyword) for name, keyword in names.items()} if image.format == "PNG" else {}
    return {name: str(text) for name, text in texts.items() if text}


def _year(text: str) -> str:
    found = re.search(r"(?<![0-9])(1[89]|2[0-9])[0-9]{2}(?![0-9]{1,3}(?![0-9]))", text)
    return found[0] if found else ""
