"""Write the rights that a copy must state into its metadata blocks, creating missing ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from zenoimg.imaging.metadata import photoshop
from zenoimg.imaging.metadata.rights import exif as exif_rights
from zenoimg.imaging.metadata.rights import iptc as iptc_rights
from zenoimg.imaging.metadata.rights import xmp as xmp_rights
from zenoimg.imaging.metadata.tiff_block import DamagedExif


@dataclass(frozen=True)
class Stamp:
    """The texts to write, by the names of ``Rights``; without any, blocks are returned unchanged."""

    texts: Mapping[str, str]

    def exif(self, block: bytes) -> bytes:
        """Return EXIF with creator and copyright."""
        values = {name: text.encode() for name, text in self.texts.items() if name in exif_rights.TAGS}
        try:
            return exif_rights.with_rights(block, values) if values else block
        except DamagedExif:  # a keeper never returns a damaged block
            return block

    def xmp(self, packet: bytes) -> bytes:
        """Return an XMP packet that states all rights."""
        return xmp_rights.with_rights(packet, self.texts) if self.texts else packet

    def iptc(self, datasets: bytes) -> bytes:
        """Return IPTC datasets with creator, copyright and credit."""
        return iptc_rights.with_rights(datasets, self.texts)

    def photoshop(self, block: bytes) -> bytes:
        """Return Photoshop image resources whose IPTC block states the rights."""
        if not self.texts.keys() & iptc_rights.DATASETS.keys():
            return block
        return photoshop.with_iptc(block, self.iptc)
