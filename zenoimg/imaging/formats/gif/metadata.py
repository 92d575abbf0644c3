"""Decide which extension blocks of a GIF its copy keeps."""

from __future__ import annotations

from dataclasses import replace

from zenoimg.imaging.formats.gif.blocks import APPLICATION, COMMENT, PLAIN_TEXT, Extension
from zenoimg.imaging.metadata import carve
from zenoimg.imaging.metadata.credentials import GIF_APPLICATION
from zenoimg.imaging.metadata.keeper import Keeper

LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_PROFILE = b"ICCRGBG1012"
_XMP = b"XMP DataXMP"
_HEAD_BYTES = 12
_XMP_TRAILER = b"\x01" + bytes(range(255, -1, -1)) + b"\0"
"""Ends an XMP packet, which has no sub-blocks, for readers of sub-blocks (XMP Specification Part 3, 1.1.2)."""


def kept_extensions(extensions: list[Extension], keeper: Keeper) -> list[list[Extension]]:
    """Return what the copy keeps of each extension, followed by what it has to state in addition.

    Pictures are also searched for in all extensions of one application together.
    """
    together: dict[tuple[int, bytes], list[bytes]] = {}
    for extension in extensions:
        if _is_signature(extension):
            continue
        together.setdefault(_kind(extension), []).append(_content(extension))
    pieces = {kind for kind, parts in together.items() if kind[1] != _XMP and carve.holds_picture(b"".join(parts))}
    xmp, at_xmp = b"", len(extensions)
    kept: list[list[Extension]] = []
    for index, extension in enumerate(extensions):
        if _kind(extension)[1] == _XMP:
            if index < at_xmp and (packet := _packet(extension)):
                xmp, at_xmp = keeper.xmp(packet), index
            kept.append([])
        elif _is_signature(extension):
            keeper.credentials_left_out()
            kept.append([])
        elif _kind(extension) in pieces or (not _kind(extension)[1] and carve.holds_picture(extension.blocks)):
            keeper.found_picture(_name(extension))
            kept.append([])
        else:
            kept.append(_kept(extension, keeper))
    stamped = keeper.stamp.xmp(xmp)
    kept.append([])
    kept[at_xmp] = [_xmp_extension(stamped)] if stamped else []
    return kept


def _kept(extension: Extension, keeper: Keeper) -> list[Extension]:
    application, content = _kind(extension)[1], _content(extension)
    if carve.holds_picture(extension.blocks):
        keeper.found_picture(_name(extension))
        return []
    if application in LOOPS or extension.label == PLAIN_TEXT:
        return [extension]
    if application == _PROFILE:
        kept = keeper.profile(content)
    elif extension.label == COMMENT:
        kept = keeper.text(content, _name(extension))
    else:
        kept = keeper.other(content, _name(extension))
    if kept == content:
        return [extension]
    head = extension.blocks[:_HEAD_BYTES] if application else b""
    return [replace(extension, blocks=head + _in_blocks(kept))] if kept else []


def _is_signature(extension: Extension) -> bool:
    return _kind(extension)[1].startswith(GIF_APPLICATION)


def _kind(extension: Extension) -> tuple[int, bytes]:
    """Return the label, and the application's name; the name is empty for other extensions."""
    return extension.label, extension.blocks[1:_HEAD_BYTES] if extension.label == APPLICATION else b""


def _name(extension: Extension) -> str:
    if extension.label == APPLICATION:
        return f"application extension {_kind(extension)[1].decode('latin-1')!r}"
    return "a comment" if extension.label == COMMENT else f"extension {extension.label:#04x}"


def _content(extension: Extension) -> bytes:
    return _joined(extension.blocks[_HEAD_BYTES if extension.label == APPLICATION else 0 :])


def _packet(extension: Extension) -> bytes:
    body = extension.blocks[_HEAD_BYTES:]
    return body.removesuffix(_XMP_TRAILER) if body.endswith(_XMP_TRAILER) else _joined(body)


def _xmp_extension(packet: bytes) -> Extension:
    return Extension(APPLICATION, bytes((len(_XMP),)) + _XMP + packet + _XMP_TRAILER)


def _in_blocks(content: bytes) -> bytes:
    parts = [content[at : at + 255] for at in range(0, len(content), 255)]
    return b"".join(bytes((len(part),)) + part for part in parts) + b"\0"


def _joined(body: bytes) -> bytes:
    """Return the content of sub-blocks."""
    parts, at = [], 0
    while body[at]:
        parts.append(body[at + 1 : at + 1 + body[at]])
        at += 1 + body[at]
    return b"".join(parts)
