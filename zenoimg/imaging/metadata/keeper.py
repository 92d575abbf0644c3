"""The single rule for what a copy keeps of its source's metadata, whatever the format and the block that holds it.

Blocks are patched in place, and blocks inside blocks by the same rule. No copy holds a picture besides its own
pixels, under any policy. Copies keep the readable part of damaged EXIF and XMP. What cannot be read is left out with a
warning, since it might contain a location, or the picture without its mark.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from zenoimg.imaging.metadata import carve, credentials, exif, iptc, photoshop
from zenoimg.imaging.metadata.exif_repair import ReadableExif
from zenoimg.imaging.metadata.iptc import DamagedIptc, Dataset, joined, read_datasets
from zenoimg.imaging.metadata.packet_rules import PacketRules
from zenoimg.imaging.metadata.photoshop import DamagedResources, patched_resources
from zenoimg.imaging.metadata.policy import MetadataPolicy, Rights
from zenoimg.imaging.metadata.report import (
    ANNOTATIONS_LEFT_OUT,
    LAYERS_LEFT_OUT,
    MAP_LEFT_OUT,
    Report,
    block_name,
)
from zenoimg.imaging.metadata.rights import exif as exif_rights
from zenoimg.imaging.metadata.rights import iptc as iptc_rights
from zenoimg.imaging.metadata.rights import xmp as xmp_rights
from zenoimg.imaging.metadata.rights.stamp import Stamp
from zenoimg.imaging.metadata.tiff_block import DamagedExif
from zenoimg.imaging.metadata.unlabelled import known_kind, mentions_coordinates
from zenoimg.imaging.metadata.xmp import DamagedXmp, scan, without_spans
from zenoimg.imaging.metadata.xmp_repair import readable_part

EXIF_HEADER = b"Exif\0\0"
_PatchedExif = exif.Patch | ReadableExif
_XMP_ORIENTATION = re.compile(rb"tiff:Orientation\s*(?:=\s*[\"']|>\s*)(\d)")
_MAX_NESTING = 6
"""Maximum nesting of blocks: XMP in Photoshop resources in EXIF is three."""


def tiff_block(block: bytes) -> bytes:
    """Return only the TIFF structure of EXIF: some writers prefix it as in JPEG's APP1."""
    return block.removeprefix(EXIF_HEADER)


class Keeper(Report):
    """Returns each block of metadata as the copy keeps it; ``b""`` if the copy has none.

    ``alone`` is set if the file's other pictures (gain maps, further pictures of an MPO) are not in the copy, so that
    whatever lists them is removed as well. ``orientation`` is that of the copy: a different one in XMP is removed,
    since some readers fall back to it. ``stated`` names the fields of ``Rights`` for which the source has a value.
    """

    def __init__(
        self,
        policy: MetadataPolicy,
        rights: Rights | None = None,
        *,
        alone: bool = False,
        orientation: int | None = None,
    ) -> None:
        super().__init__(strips=policy == "strip")
        self.policy = policy
        self.rights = rights or Rights()
        self.stated: set[str] = set()
        self._alone = alone
        self._orientation = orientation
        self._nesting = 0

    @property
    def keeps_gain_map(self) -> bool:
        """Whether the segments that define a gain map's codes are kept."""
        return not (self._alone or self.strips)

    @property
    def strips_rights(self) -> bool:
        """Whether the source's rights are stripped as well."""
        return self.strips and self.rights.strip == "all"

    @property
    def keeps_coordinates(self) -> bool:
        """Whether the copy keeps coordinates."""
        return self.policy == "keep"

    @property
    def keeps_places(self) -> bool:
        """Whether the copy keeps names of locations."""
        return self.policy in ("keep", "keep-no-gps")

    def exif(self, block: bytes, name: str = "EXIF is") -> bytes:
        """Return a TIFF structure without pictures and, depending on the policy, without locations.

        Stripped or damaged EXIF keeps orientation and rights: without the orientation, the picture would be shown
        rotated. ``name`` is the subject of the warning, with its verb.
        """
        block = tiff_block(block)
        stated = {} if self.strips_rights else exif_rights.exif_rights(block)
        self.stated |= set(stated)
        if not self.strips:
            gps, places = self.keeps_coordinates, self.keeps_places
            try:
                return self._patched_exif(exif.Patch(block, self._exif_tag, coordinates=gps, places=places), name)
            except DamagedExif as damage:
                try:
                    kept = self._patched_exif(ReadableExif(block, self._exif_tag, coordinates=gps), name)
                    self.kept_in_part(name, damage)
                    return kept
                except DamagedExif:
                    self.left_out(name, damage)
        return exif_rights.only_rights(exif.orientation_of(block), stated)

    def xmp(self, packet: bytes, name: str = "XMP is") -> bytes:
        """Return an XMP packet without pictures, links to credentials and, depending on the policy, locations."""
        try:
            return self._kept_xmp(packet, name)
        except DamagedXmp as damage:
            try:
                kept = self._kept_xmp(readable_part(packet), name)
            except DamagedXmp:
                kept = b""
            if not self.strips:
                (self.kept_in_part if kept else self.left_out)(name, damage)
            return kept

    def _kept_xmp(self, packet: bytes, name: str) -> bytes:
        found = scan(packet, self._packet_rules(block_name(name), packet))
        self.stated |= {field for field, properties in xmp_rights.PROPERTIES.items() if properties & found.properties}
        kept = without_spans(packet, found.removed)
        if (found.removed or found.read_texts) and carve.holds_picture(kept):
            self.found_picture(block_name(name))
            return b""
        return kept if found.properties or not self.strips else b""

    def iptc(self, datasets: bytes, name: str = "IPTC is") -> bytes:
        """Return IPTC datasets without previews and, depending on the policy, without locations."""
        try:
            found = read_datasets(datasets)
        except DamagedIptc as damage:
            if not self.strips:
                self.left_out(name, damage)
            return b""
        kept = [one for one in found if self._keeps_dataset(one, name)]
        self.stated |= {_STATED_BY_DATASET[one.number] for one in kept if one.number in _STATED_BY_DATASET}
        if self.strips and not any(one.record == iptc.APPLICATION and one.number for one in kept):
            return b""
        result = datasets if len(kept) == len(found) else joined(kept)
        return self._without_picture(result, name)

    def photoshop(self, block: bytes, name: str = "Photoshop data is") -> bytes:
        """Return Photoshop image resources without thumbnails, the blocks in them kept by the same rule."""
        try:
            kept = self._nested(lambda: patched_resources(block, self._resource), DamagedResources)
        except DamagedResources as damage:
            if not self.strips:
                self.left_out(name, damage)
            return b""
        return self._without_picture(kept, name)

    def profile(self, profile: bytes) -> bytes:
        """Return a colour profile with any pictures in it zeroed; without the profile, colours would change."""
        found = carve.pictures_in(profile)
        if not found:
            return profile
        self.found_picture("the colour profile")
        copy = bytearray(profile)
        for start, end in found:
            copy[start:end] = bytes(end - start)
        return bytes(copy)

    def text(self, text: bytes, name: str) -> bytes:
        """Return free text, which is not searched for locations."""
        if self.strips:
            return b""
        kind, start = known_kind(text)
        if kind == "xmp" and not text[:start].strip():
            return self.xmp(text, f"{name} is")
        return self._without_picture(text, f"{name} is")

    def other(self, block: bytes, name: str, *, is_searched: bool = False) -> bytes:
        """Return a block of unknown kind; known blocks inside it are kept by their own rule.

        A block that mentions coordinates cannot be edited, and is left out if they are removed. ``is_searched`` is set
        if the block is known not to hold a picture.
        """
        kept = self._known_inside(block, name)
        if kept is None:
            kept = b"" if self.strips else block if is_searched else self._without_picture(block, f"{name} is")
            if kept and not self.keeps_coordinates and mentions_coordinates(kept):
                self.may_tell_place(name)
                return b""
        return kept

    @property
    def stamp(self) -> Stamp:
        """The rights that the copy has to state, once all blocks of the source have been read."""
        texts = self.rights.texts
        if not self.rights.overwrite:
            texts = {name: text for name, text in texts.items() if name not in self.stated}
        return Stamp(texts)

    def _known_inside(self, block: bytes, name: str) -> bytes | None:
        """Return what the copy keeps of a block that is EXIF, XMP, IPTC or resources; ``None`` for any other."""
        kind, start = known_kind(block)
        if not kind:
            return None
        known = {"exif": self.exif, "photoshop": self.photoshop, "iptc": self.iptc, "xmp": self.xmp}[kind]
        kept = known(block[start:], f"{name} is")
        return block[:start] + kept if kept else b""

    def _packet_rules(self, place: str, packet: bytes) -> PacketRules:
        stated = _XMP_ORIENTATION.search(packet)
        return PacketRules(
            warn=self.warn,
            found_picture=lambda: self.found_picture(place),
            coordinates=self.keeps_coordinates,
            places=self.keeps_places,
            alone=self._alone,
            orientation=not stated or self._orientation in (None, int(stated[1])),
            strips=self.strips,
            strips_rights=self.strips_rights,
        )

    def _without_picture(self, block: bytes, name: str) -> bytes:
        if not carve.holds_picture(block):
            return block
        self.found_picture(block_name(name))
        return b""

    def _nested(self, read: Callable[[], bytes], error: type[ValueError]) -> bytes:
        if self._nesting >= _MAX_NESTING:
            raise error("blocks are nested too deeply")
        self._nesting += 1
        try:
            return read()
        finally:
            self._nesting -= 1

    def _patched_exif(self, patch: _PatchedExif, name: str) -> bytes:
        kept = self._nested(patch.result, DamagedExif)
        if patch.pictures:
            self.found_picture(block_name(name))
        return exif.with_plain_orientation(kept)

    def _exif_tag(self, tag: int, value: bytes) -> bytes | None:
        if tag == exif.XMP:
            return self.xmp(value, "XMP inside EXIF is")
        if tag == exif.IPTC:
            return self.iptc(value, "IPTC inside EXIF is")
        if tag == exif.PHOTOSHOP:
            return self.photoshop(value, "Photoshop data inside EXIF is")
        if tag in exif.MAP_REFERENCES:
            if self.keeps_coordinates:
                return value
            self.warn(MAP_LEFT_OUT)
            return None
        if tag == credentials.TIFF_TAG:
            self.credentials_left_out()
        else:
            self.warn(LAYERS_LEFT_OUT if tag == exif.PHOTOSHOP_LAYERS else ANNOTATIONS_LEFT_OUT)
        return None

    def _keeps_dataset(self, one: Dataset, name: str) -> bool:
        if one.is_picture:
            if not self.strips:
                self.found_picture(block_name(name))
            return False
        if self.strips:
            return one.is_rights and not self.strips_rights
        if carve.holds_picture(one.value):
            self.found_picture(block_name(name))
            return False
        return self.keeps_places or not one.is_place

    def _resource(self, number: int, data: bytes) -> bytes | None:
        if number in photoshop.THUMBNAILS:
            return None
        if not data and not self.strips:
            return data
        if number == photoshop.IPTC:
            return self.iptc(data, "IPTC data are") or None
        if number == photoshop.XMP_PACKET:
            return self.xmp(data, "XMP inside Photoshop data is") or None
        if self.strips:
            return data if number == photoshop.COPYRIGHT_FLAG and not self.strips_rights else None
        if number in photoshop.EXIF_BLOCKS:
            return self.exif(data, "EXIF inside Photoshop data is") or None
        if number == photoshop.PROFILE:
            return self.profile(data)
        return self._without_picture(data, "Photoshop data is") or None


_STATED_BY_DATASET = {number: field for field, number in iptc_rights.DATASETS.items()}
