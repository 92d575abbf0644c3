"""Which extension blocks of a GIF its copy keeps."""

from __future__ import annotations

from dataclasses import replace

from zenoimg.imaging.formats.gif.blocks import APPLICATION, PLAIN_TEXT, Extension
from zenoimg.imaging.metadata.keeper import Keeper

LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_PROFILE = b"ICCRGBG1012"
_XMP = b"XMP DataXMP"
_CREDENTIALS = b"C2PA_GIF"
_HEAD_BYTES = 12
_XMP_TRAILER = b"\x01" + bytes(range(255, -1, -1)) + b"\0"
"""XMP Specification Part 3, 1.1.2: it ends a packet, which is stored without sub-blocks, for a reader of sub-blocks."""


def kept_extension(block: Extension, keeper: Keeper) -> list[Extension]:
    """Return what the copy keeps of an extension: one or none."""
    application = block.blocks[1:_HEAD_BYTES] if block.label == APPLICATION else b""
    if application in (*LOOPS, _PROFILE) or block.label == PLAIN_TEXT:
        return [block]
    if application.startswith(_CREDENTIALS):
        keeper.warn("Content Credentials vouch for the unmarked picture and were left out")
        return []
    if keeper.strips:
        return []
    return _xmp(block, keeper) if application == _XMP else [block]


def _xmp(block: Extension, keeper: Keeper) -> list[Extension]:
    body = block.blocks[_HEAD_BYTES:]
    packet = body.removesuffix(_XMP_TRAILER) if body.endswith(_XMP_TRAILER) else _joined(body)
    packet = keeper.xmp(packet) if packet else b""
    return [replace(block, blocks=block.blocks[:_HEAD_BYTES] + packet + _XMP_TRAILER)] if packet else []


def _joined(body: bytes) -> bytes:
    """Return the content of sub-blocks."""
    parts, at = [], 0
    while body[at]:
        parts.append(body[at + 1 : at + 1 + body[at]])
        at += 1 + body[at]
    return b"".join(parts)
