"""What a copy keeps of EXIF and XMP blocks that stand whole in their file, as in WebP, GIF and AVIF."""

from __future__ import annotations

from zenoimg.imaging.metadata.exif import DamagedExif, only_orientation, orientation_of, patched
from zenoimg.imaging.metadata.xmp import (
    DamagedXmp,
    is_directory_of_pictures,
    is_location,
    is_preview,
    without_properties,
)
from zenoimg.imaging.recipe import MetadataPolicy

EXIF_HEADER = b"Exif\0\0"


def tiff_block(block: bytes) -> bytes:
    """Give EXIF as the TIFF structure alone: some writers begin it as JPEG's APP1 does."""
    return block.removeprefix(EXIF_HEADER)


def kept_exif(block: bytes, policy: MetadataPolicy, warnings: list[str]) -> bytes:
    """Give the EXIF block of the copy, empty for none; adds to ``warnings`` what had to be left out.

    Stripped or damaged EXIF still tells the orientation: without it the picture would be shown turned.
    """
    block = tiff_block(block)
    if policy != "strip" and block:
        try:
            return patched(block, location=policy == "keep")
        except DamagedExif as damage:
            warnings.append(f"EXIF is damaged ({damage}) and was left out")
    orientation = orientation_of(block)
    return only_orientation(orientation) if orientation != 1 else b""


def kept_xmp(packet: bytes, policy: MetadataPolicy, warnings: list[str], *, alone: bool = False) -> bytes:
    """Give the XMP packet of the copy, empty for none; adds to ``warnings`` what had to be left out.

    ``alone`` tells that other pictures of the file are left out, so that what lists them goes too.
    """

    def goes(namespace: str, name: str) -> bool:
        return (
            is_preview(namespace, name)
            or (policy != "keep" and is_location(namespace, name))
            or (alone and is_directory_of_pictures(namespace, name))
        )

    if policy == "strip" or not packet:
        return b""
    try:
        return without_properties(packet, goes)
    except DamagedXmp as damage:
        warnings.append(f"XMP is damaged ({damage}) and was left out")
        return b""
