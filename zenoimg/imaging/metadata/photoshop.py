"""Photoshop image resources (Adobe Photoshop File Formats Specification), which carry IPTC in JPEG files."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from zenoimg.imaging.metadata.exif import DamagedExif, patched
from zenoimg.imaging.metadata.xmp import IPTC_PLACES, DamagedXmp, is_location, without_properties

IPTC, IPTC_DIGEST = 0x0404, 0x0425
THUMBNAILS = {0x0409, 0x040C}
EXIF_BLOCKS = {0x0422, 0x0423}
XMP_PACKET = 0x0424
_TAG_MARKER, _APPLICATION_RECORD = 0x1C, 2
_MOST_RESOURCES, _MOST_DATASETS = 2_000, 10_000
"""An editor writes a hundred resources, and may write 998 paths; a long list of keywords is a thousand datasets."""


class DamagedResources(ValueError):  # noqa: N818 -- says what is there, as Refused does
    """Bytes that are no sequence of image resources or of IPTC datasets."""


@dataclass(frozen=True)
class _Resource:
    signature: bytes
    number: int
    name: bytes  # with its length byte, padded to an even length
    data: bytes

    @property
    def encoded(self) -> bytes:
        padding = b"\0" * (len(self.data) % 2)
        head = self.signature + struct.pack(">H", self.number) + self.name
        return head + struct.pack(">I", len(self.data)) + self.data + padding


def patched_resources(block: bytes, *, location: bool) -> bytes:
    """Give a block of image resources without thumbnails and, unless ``location`` stays, without places.

    Places leave IPTC datasets and embedded EXIF and XMP. Raises ``DamagedResources`` when it cannot be read.
    """
    kept = []
    places_left = False
    for resource in _resources(block):
        if resource.number in THUMBNAILS:
            continue
        data = resource.data
        if not location:
            data = _without_places(resource)
            places_left |= resource.number == IPTC and data != resource.data
        kept.append(_Resource(resource.signature, resource.number, resource.name, data))
    if places_left:
        kept = _with_new_digest(kept)
    return b"".join(resource.encoded for resource in kept)


def without_iptc_places(datasets: bytes) -> bytes:
    """Give IPTC datasets without those that name a place. Raises ``DamagedResources``."""
    return b"".join(
        dataset
        for record, number, dataset in _datasets(datasets)
        if record != _APPLICATION_RECORD or number not in IPTC_PLACES
    )


def _without_places(resource: _Resource) -> bytes:
    try:
        if resource.number == IPTC:
            return without_iptc_places(resource.data)
        if resource.number in EXIF_BLOCKS:
            return patched(resource.data, location=False)
        if resource.number == XMP_PACKET:
            return without_properties(resource.data, is_location)
    except (DamagedExif, DamagedXmp) as failure:
        raise DamagedResources(str(failure)) from failure
    return resource.data


def _with_new_digest(resources: list[_Resource]) -> list[_Resource]:
    """Photoshop trusts IPTC over XMP only while this MD5 of it is right."""
    iptc = next(resource.data for resource in resources if resource.number == IPTC)
    digest = hashlib.md5(iptc, usedforsecurity=False).digest()
    return [
        _Resource(resource.signature, resource.number, resource.name, digest)
        if resource.number == IPTC_DIGEST
        else resource
        for resource in resources
    ]


def _resources(block: bytes) -> Iterator[_Resource]:
    at, left = 0, _MOST_RESOURCES
    while at + 12 <= len(block):
        left = _one_less(left)
        signature = block[at : at + 4]
        if signature not in (b"8BIM", b"8B64", b"MeSa", b"PHUT", b"AgHg", b"DCSR"):
            raise DamagedResources(f"no image resource at byte {at}")
        (number,) = struct.unpack_from(">H", block, at + 4)
        name_end = at + 7 + block[at + 6]
        name_end += (name_end - at) % 2
        if name_end + 4 > len(block):
            raise DamagedResources("an image resource is cut off")
        (length,) = struct.unpack_from(">I", block, name_end)
        data = block[name_end + 4 : name_end + 4 + length]
        if len(data) != length:
            raise DamagedResources("an image resource is cut off")
        yield _Resource(signature, number, block[at + 6 : name_end], data)
        at = name_end + 4 + length + length % 2
    if block[at:].strip(b"\0"):
        raise DamagedResources("an image resource is cut off")


def _datasets(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield record, dataset number and the bytes of each dataset, its head included."""
    at, left = 0, _MOST_DATASETS
    while at < len(data):
        if at + 5 > len(data) or data[at] != _TAG_MARKER:
            if data[at:].strip(b"\0"):
                raise DamagedResources(f"no IPTC dataset at byte {at}")
            return
        left = _one_less(left)
        record, number, length = struct.unpack_from(">BBH", data, at + 1)
        start = at + 5
        if length & 0x8000:  # extended: the low bits count the bytes of the true length
            length_bytes = length & 0x7FFF
            length = int.from_bytes(data[start : start + length_bytes], "big")
            start += length_bytes
        if start + length > len(data):
            raise DamagedResources("an IPTC dataset is cut off")
        yield record, number, data[at : start + length]
        at = start + length


def _one_less(left: int) -> int:
    if not left:
        raise DamagedResources("it has too many parts")
    return left - 1
