"""The one rule of what a copy keeps of its source's metadata, whatever the format and whatever block holds it.

Blocks are patched in their bytes. A block that cannot be read is left out with a warning: nobody can tell then whether
it holds a place, or the picture without its mark.
"""

from __future__ import annotations

from zenoimg.imaging.metadata import iptc, photoshop
from zenoimg.imaging.metadata.exif import DamagedExif, only_orientation, orientation_of, patched
from zenoimg.imaging.metadata.iptc import DamagedIptc, without_datasets
from zenoimg.imaging.metadata.names import is_directory_of_pictures, is_location, is_preview
from zenoimg.imaging.metadata.photoshop import DamagedResources, patched_resources
from zenoimg.imaging.metadata.xmp import DamagedXmp, without_properties
from zenoimg.imaging.recipe import MetadataPolicy

EXIF_HEADER = b"Exif\0\0"


def tiff_block(block: bytes) -> bytes:
    """Return EXIF as the TIFF structure alone: some writers begin it as JPEG's APP1 does."""
    return block.removeprefix(EXIF_HEADER)


class Keeper:
    """Returns each block of metadata as the copy holds it; ``b""`` where the copy holds none.

    ``alone`` tells that the file's other pictures (gain maps, further pictures of an MPO) are not in the copy, so that
    what lists them is removed too. ``warnings`` names what was left out, in plain words.
    """

    def __init__(self, policy: MetadataPolicy, *, alone: bool = False) -> None:
        self.policy = policy
        self.warnings: list[str] = []
        self._alone = alone

    @property
    def strips(self) -> bool:
        """Whether the copy holds no descriptive metadata at all."""
        return self.policy == "strip"

    @property
    def keeps_location(self) -> bool:
        """Whether places stay in the copy."""
        return self.policy == "keep"

    def warn(self, text: str) -> None:
        """Record what the copy cannot keep."""
        self.warnings.append(text)

    def left_out(self, name: str, damage: ValueError | str) -> None:
        """Record that a block is damaged. ``name`` is the subject of the sentence, with its verb."""
        were = "were" if name.endswith(" are") else "was"
        self.warn(f"{name} damaged ({damage}) and {were} left out")

    def exif(self, block: bytes, name: str = "EXIF is") -> bytes:
        """Return a TIFF structure without thumbnail and, by the policy, without places.

        Stripped or damaged EXIF still tells the orientation: without it the picture would be shown turned.
        ``name`` is the subject of the warning, with its verb.
        """
        block = tiff_block(block)
        if not self.strips:
            try:
                return patched(block, location=self.keeps_location)
            except DamagedExif as damage:
                self.left_out(name, damage)
        orientation = orientation_of(block)
        return only_orientation(orientation) if orientation != 1 else b""

    def xmp(self, packet: bytes, name: str = "XMP is") -> bytes:
        """Return an XMP packet without previews and, by the policy, without places."""
        if self.strips:
            return b""
        try:
            return without_properties(packet, self._removes_property)
        except DamagedXmp as damage:
            self.left_out(name, damage)
            return b""

    def iptc(self, datasets: bytes, name: str = "IPTC is") -> bytes:
        """Return IPTC datasets, by the policy without places."""
        if self.strips:
            return b""
        try:
            return self._iptc(datasets)
        except DamagedIptc as damage:
            self.left_out(name, damage)
            return b""

    def photoshop(self, block: bytes, name: str = "Photoshop data is") -> bytes:
        """Return Photoshop image resources without thumbnails, the blocks in them kept by the same rule."""
        if self.strips:
            return b""
        try:
            return patched_resources(block, self._resource)
        except (DamagedResources, DamagedIptc, DamagedExif, DamagedXmp) as damage:
            self.left_out(name, damage)
            return b""

    def _removes_property(self, namespace: str, name: str) -> bool:
        return (
            is_preview(namespace, name)
            or (not self.keeps_location and is_location(namespace, name))
            or (self._alone and is_directory_of_pictures(namespace, name))
        )

    def _iptc(self, datasets: bytes) -> bytes:
        return datasets if self.keeps_location else without_datasets(datasets, iptc.is_place)

    def _resource(self, number: int, data: bytes) -> bytes | None:
        if number in photoshop.THUMBNAILS:
            return None
        if self.keeps_location:
            return data
        if number == photoshop.IPTC:
            return self._iptc(data)
        if number in photoshop.EXIF_BLOCKS:
            return patched(data, location=False)
        if number == photoshop.XMP_PACKET:
            return without_properties(data, is_location)
        return data
