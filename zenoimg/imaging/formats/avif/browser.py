"""An AVIF as browsers are given it."""

from __future__ import annotations

from zenoimg.imaging.formats.avif.boxes import walk
from zenoimg.imaging.formats.avif.items import read_items
from zenoimg.imaging.metadata.exif import only_orientation


def without_metadata(data: bytes) -> bytes | None:
    """Return the file with its items of metadata blanked in place, so that no offset moves.

    Orientation is a property of its own (irot, imir). ``None`` where metadata has no item of its own.
    """
    boxes = list(walk(data))
    if any(box.kind in (b"uuid", b"udta") for box in boxes):
        return None
    for unused in (box for box in boxes if box.kind in (b"free", b"skip")):
        data = data[: unused.start] + bytes(unused.end - unused.start) + data[unused.end :]
    for meta in (box for box in boxes if box.kind == b"meta"):
        for item in read_items(data, meta).by_number.values():
            if item.kind in (b"Exif", b"mime", b"uri ") and item.content:
                if item.content not in data:
                    return None
                nothing = bytes(4) + only_orientation(1) if item.kind == b"Exif" else b""
                length = len(item.content)
                data = data.replace(item.content, nothing.ljust(length, b"\0")[:length])
    return data
