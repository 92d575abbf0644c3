"""Prepare an AVIF for delivery to a browser."""

from __future__ import annotations

from zenoimg.imaging.formats.iso.boxes import walk
from zenoimg.imaging.formats.iso.items import read_items
from zenoimg.imaging.metadata.exif import only_orientation

#: Boxes that hold nothing a browser draws (ISO/IEC 14496-12).
_METADATA = frozenset({b"uuid", b"udta", b"free", b"skip"})


def without_metadata(data: bytes) -> bytes | None:
    """Return the file with its metadata blanked in place, so that no offset changes.

    Metadata items keep their length; metadata boxes (XMP, Content Credentials, user data) become ``free`` space.
    Orientation is unaffected: it is stored in its own properties (irot, imir). Return ``None`` where this would
    remove a property (properties are referenced by position) or part of another item.
    """
    boxes = list(walk(data))
    properties = [box for box in boxes if box.kind == b"ipco"]
    for unused in (box for box in boxes if box.kind in _METADATA):
        if any(each.start <= unused.start < each.end for each in properties):
            return None
        # The box type precedes the 64-bit length, if there is one.
        kind = unused.start - (4 if data[unused.start - 4 : unused.start] == unused.kind else 12)
        blank = bytes(unused.end - unused.start)
        data = b"".join((data[:kind], b"free", data[kind + 4 : unused.start], blank, data[unused.end :]))
    for meta in (box for box in boxes if box.kind == b"meta"):
        for item in read_items(data, meta).by_number.values():
            if item.kind in (b"Exif", b"mime", b"uri ") and item.content:
                if item.content not in data:
                    return None
                nothing = bytes(4) + only_orientation(1) if item.kind == b"Exif" else b""
                length = len(item.content)
                data = data.replace(item.content, nothing.ljust(length, b"\0")[:length])
    return data
