"""Decide which of a JPEG's application segments and comments its copy keeps, and in what form."""

from __future__ import annotations

from zenoimg.imaging.formats.jpeg.flir import FLIR, kept_flir
from zenoimg.imaging.formats.jpeg.others import kept_others
from zenoimg.imaging.formats.jpeg.stream import (
    APP0,
    APP1,
    APP2,
    APP11,
    APP13,
    APP14,
    COM,
    MAX_PAYLOAD,
    JpegStream,
    Segment,
)
from zenoimg.imaging.formats.jpeg.xmp import XMP, XMP_EXTENSION, kept_xmp, packet_segments
from zenoimg.imaging.metadata.credentials import JPEG_IDENTIFIER
from zenoimg.imaging.metadata.exif import orientation_of
from zenoimg.imaging.metadata.keeper import Keeper

EXIF = b"Exif\0"
_EXIF_HEADER_BYTES, _PROFILE_HEADER_BYTES, _ADOBE_BYTES = 6, 14, 12
PHOTOSHOP = b"Photoshop 3.0\0"
_TIFF_HEADERS = (b"II*\0", b"MM\0*")

_KINDS = (
    (APP0, b"JFIF\0", "jfif"),
    (APP0, b"JFXX\0", "thumbnail"),
    (APP1, EXIF, "exif"),
    (APP1, XMP, "xmp"),
    (APP1, XMP_EXTENSION, "xmp"),
    (APP1, FLIR, "flir"),
    (APP2, b"ICC_PROFILE\0", "colour"),
    (APP2, b"MPF\0", "picture directory"),
    (APP2, b"urn:iso:std:iso:ts:21496:-1\0", "gain map"),
    (APP11, JPEG_IDENTIFIER, "credentials"),
    (APP13, PHOTOSHOP, "photoshop"),
    (APP14, b"Adobe", "adobe"),
    (COM, b"", "comment"),
)
_BLOCKS = ("exif", "xmp", "photoshop")
"""Blocks that may be split over several segments, in the order in which a copy gets those that its source lacks."""


def orientation_in(stream: JpegStream) -> int:
    """Return the EXIF orientation, 1 to 8."""
    return orientation_of(b"".join(_exif_parts(stream)))


def kept_segments(stream: JpegStream, keeper: Keeper) -> list[Segment]:
    """Return the application segments and comments for the start of the copy.

    Blocks of several segments take the place of their first one. Thumbnails are left out without a warning, since they
    contain nothing that the picture does not show.
    """
    described = [(segment, kind) for segment in stream.segments if (kind := _kind(segment)) is not None]
    others = kept_others([(segment, kind) for segment, kind in described if kind in ("other", "comment")], keeper)
    profile = _profile([segment for segment, kind in described if kind == "colour"], keeper)
    blocks = _kept_blocks(stream, described, keeper)
    kept: list[Segment] = []
    for segment, kind in described:
        match kind:
            case "jfif":
                kept.append(Segment(APP0, segment.payload[:12].ljust(12, b"\0") + b"\0\0"))
            case "exif" | "xmp" | "photoshop" | "flir":
                kept += blocks.pop(kind, [])
            case "adobe":
                kept.append(Segment(APP14, segment.payload[:_ADOBE_BYTES]))
            case "credentials":
                keeper.credentials_left_out()
            case "colour":
                kept.append(profile.pop(0))
            case "gain map" if keeper.keeps_gain_map:
                kept.append(segment)
            case "other" | "comment":
                kept += others.pop(0)
    at = next((index for index, segment in enumerate(kept) if segment.marker != APP0), len(kept))
    kept[at:at] = [segment for kind in _BLOCKS for segment in blocks.get(kind, [])]
    return kept


def segments_of(exif: bytes, xmp: bytes, profile: bytes, keeper: Keeper) -> list[Segment]:
    """Return the application segments of a JPEG made from another format: JFIF's, and one or more per block.

    The blocks are those returned by the keeper.
    """
    step = MAX_PAYLOAD - _PROFILE_HEADER_BYTES
    parts = [profile[at : at + step] for at in range(0, len(profile), step)]
    return [
        Segment(APP0, b"JFIF\0\1\1\0\0\1\0\1\0\0"),
        *_in_segments(exif, APP1, EXIF + b"\0"),
        *packet_segments(xmp, keeper),
        *(Segment(APP2, b"ICC_PROFILE\0" + bytes((number, len(parts))) + part) for number, part in enumerate(parts, 1)),
    ]


def _kept_blocks(stream: JpegStream, described: list[tuple[Segment, str]], keeper: Keeper) -> dict[str, list[Segment]]:
    """Return the segments of EXIF, XMP, Photoshop and FLIR data, with the rights that the copy has to state."""
    of_kind = {kind: [segment for segment, found in described if found == kind] for kind in (*_BLOCKS, "flir")}
    exif = keeper.exif(b"".join(_exif_parts(stream))) if of_kind["exif"] else b""
    if len(of_kind["exif"]) > len(_exif_parts(stream)):
        keeper.warn("a second EXIF block, which no reader looks at, was left out")
    resources = b"".join(segment.payload[len(PHOTOSHOP) :] for segment in of_kind["photoshop"])
    if resources:
        resources = keeper.photoshop(resources, "Photoshop and IPTC data are")
    xmp = kept_xmp(of_kind["xmp"], keeper)
    return {
        "exif": _in_segments(keeper.stamp.exif(exif), APP1, EXIF + b"\0"),
        "xmp": xmp.segments(keeper),
        "photoshop": _in_segments(keeper.stamp.photoshop(resources), APP13, PHOTOSHOP),
        "flir": kept_flir(of_kind["flir"], keeper),
    }


def _profile(segments: list[Segment], keeper: Keeper) -> list[Segment]:
    """Return the segments of the colour profile, in order."""
    whole = b"".join(segment.payload[_PROFILE_HEADER_BYTES:] for segment in segments)
    kept = keeper.profile(whole)
    if kept == whole:
        return segments
    parts, at = [], 0
    for segment in segments:
        end = at + len(segment.payload) - _PROFILE_HEADER_BYTES
        parts.append(Segment(segment.marker, segment.payload[:_PROFILE_HEADER_BYTES] + kept[at:end]))
        at = max(at, end)
    return parts


def _kind(segment: Segment) -> str | None:
    """Return the kind of metadata in a segment, or ``None`` if pixels depend on it."""
    if not segment.is_metadata:
        return None
    for marker, prefix, kind in _KINDS:
        if segment.marker == marker and segment.payload.startswith(prefix):
            return kind
    return "other"


def _exif_parts(stream: JpegStream) -> list[bytes]:
    """Return the pieces of the EXIF block: some writers split one that is too long for a segment."""
    parts = [segment.payload[_EXIF_HEADER_BYTES:] for segment in stream.segments if _kind(segment) == "exif"]
    whole = parts[:1]
    for part in parts[1:]:
        if part.startswith(_TIFF_HEADERS):
            break
        whole.append(part)
    return whole


def _in_segments(block: bytes, marker: int, header: bytes) -> list[Segment]:
    step = MAX_PAYLOAD - len(header)
    return [Segment(marker, header + block[at : at + step]) for at in range(0, len(block), step)]
