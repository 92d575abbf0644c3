"""Photoshop image resources (Adobe Photoshop File Formats Specification), which carry IPTC in JPEG files."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

IPTC, IPTC_DIGEST = 0x0404, 0x0425
THUMBNAILS = (0x0409, 0x040C)
EXIF_BLOCKS = (0x0422, 0x0423)
XMP_PACKET = 0x0424
COPYRIGHT_FLAG, PROFILE = 0x040A, 0x040F
_SIGNATURES = (b"8BIM", b"8B64", b"MeSa", b"PHUT", b"AgHg", b"DCSR")
_MAX_RESOURCES = 2_000
"""Editors write about a hundred resources, and up to 998 paths."""

ResourcePatch = Callable[[int, bytes], bytes | None]
"""Returns the copy's data for a resource, given its number; ``None`` removes the resource."""


class DamagedResources(ValueError):  # noqa: N818 -- describes the data, as Refused does
    """Bytes that are not a sequence of image resources."""


@dataclass(frozen=True)
class Resource:
    """One image resource. ``name`` includes its length byte and is padded to an even length."""

    signature: bytes
    number: int
    name: bytes
    data: bytes

    @property
    def encoded(self) -> bytes:
        """The resource as stored, padded to an even length."""
        padding = b"\0" * (len(self.data) % 2)
        head = self.signature + struct.pack(">H", self.number) + self.name
        return head + struct.pack(">I", len(self.data)) + self.data + padding


def patched_resources(block: bytes, patch: ResourcePatch) -> bytes:
    """Return a block of image resources with ``patch`` applied to each. Raises ``DamagedResources``."""
    kept = []
    changed = False
    for resource in _resources(block):
        data = patch(resource.number, resource.data)
        if data is not None:
            kept.append(replace(resource, data=data))
        changed |= resource.number == IPTC and data != resource.data
    return b"".join(resource.encoded for resource in (_with_new_digest(kept) if changed else kept))


def with_iptc(block: bytes, update: Callable[[bytes], bytes]) -> bytes:
    """Return a block of image resources with ``update`` applied to its IPTC datasets, even empty ones."""
    resources = list(_resources(block))
    if not any(resource.number == IPTC for resource in resources):
        resources.append(Resource(b"8BIM", IPTC, b"\0\0", b""))
    updated = [
        replace(resource, data=update(resource.data)) if resource.number == IPTC else resource for resource in resources
    ]
    return b"".join(resource.encoded for resource in _with_new_digest(updated))


def _with_new_digest(resources: list[Resource]) -> list[Resource]:
    """Update the MD5 of the IPTC data: Photoshop prefers IPTC to XMP only if it matches."""
    iptc = next((resource.data for resource in resources if resource.number == IPTC), None)
    if iptc is None:
        return [resource for resource in resources if resource.number != IPTC_DIGEST]
    digest = hashlib.md5(iptc, usedforsecurity=False).digest()
    return [replace(resource, data=digest) if resource.number == IPTC_DIGEST else resource for resource in resources]


def _resources(block: bytes) -> Iterator[Resource]:
    at, count = 0, 0
    while at + 12 <= len(block):
        if count == _MAX_RESOURCES:
            raise DamagedResources("it has too many parts")
        count += 1
        signature = block[at : at + 4]
        if signature not in _SIGNATURES:
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
        yield Resource(signature, number, block[at + 6 : name_end], data)
        at = name_end + 4 + length + length % 2
    if block[at:].strip(b"\0"):
        raise DamagedResources("an image resource is cut off")
