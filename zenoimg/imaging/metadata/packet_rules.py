"""What a policy removes from an XMP packet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from zenoimg.imaging.metadata import carve, names

_LINK_LEFT_OUT = "a link to Content Credentials, which vouch for the unmarked picture, was left out"


@dataclass(frozen=True)
class PacketRules:
    """Rules for ``xmp.scan``. ``warn`` and ``found_picture`` are called for what has to be reported.

    ``coordinates``, ``places`` and ``orientation`` say what is kept; ``alone`` that the file's other pictures are not
    in the copy; ``strips`` that only rights are kept, and ``strips_rights`` that they are removed as well.
    """

    warn: Callable[[str], None]
    found_picture: Callable[[], None]
    coordinates: bool
    places: bool
    alone: bool
    orientation: bool
    strips: bool
    strips_rights: bool

    def removes(self, namespace: str, name: str, *, is_property: bool, in_contact: bool) -> bool:
        """See ``XmpRules``."""
        if names.is_link_to_credentials(namespace, name):
            if not self.strips:
                self.warn(_LINK_LEFT_OUT)
            return True
        if is_property and self.strips:
            return not self._stays_stripped(namespace, name)
        if names.is_picture(namespace, name):
            self.found_picture()
            return True
        if names.is_thumbnail(namespace, name) or (self.alone and names.is_directory_of_pictures(namespace, name)):
            return True
        if not self.orientation and names.is_orientation(namespace, name):
            return True
        if not self.coordinates and names.is_coordinate(namespace, name):
            return True
        return not self.places and not in_contact and names.is_place_name(namespace, name)

    def is_contact(self, namespace: str, name: str) -> bool:
        """See ``XmpRules``."""
        return names.is_contact(name)

    def removes_text(self, text: str) -> bool:
        """See ``XmpRules``."""
        if not carve.holds_encoded_picture(text.encode("utf-8", "replace")):
            return False
        self.found_picture()
        return True

    def reads_texts(self, packet: bytes) -> bool:
        """See ``XmpRules``."""
        return b"&#" in packet or carve.may_hold_text(packet)

    def _stays_stripped(self, namespace: str, name: str) -> bool:
        if names.is_always_kept(namespace, name):
            return True
        return names.is_rights(namespace, name) and not self.strips_rights
