"""Report what a copy could not keep of its source's metadata."""

from __future__ import annotations

_CREDENTIALS_LEFT_OUT = "Content Credentials vouch for the unmarked picture and were left out"
MAP_LEFT_OUT = "the map reference (GeoTIFF) tells the place and was left out"
LAYERS_LEFT_OUT = "Photoshop's layers show the unmarked picture and were left out"
ANNOTATIONS_LEFT_OUT = "Photoshop's annotations belong to its layers and were left out"


class Report:
    """Collects warnings about blocks of metadata, each kind once.

    ``name`` of a block is the subject of its sentence, with its verb where a method says so. ``strips`` is
    set if the copy has no metadata except colour, orientation and rights.
    """

    def __init__(self, *, strips: bool) -> None:
        self.strips = strips
        self.warnings: list[str] = []

    def warn(self, text: str) -> None:
        """Record a warning about something that the copy cannot keep."""
        if text not in self.warnings:
            self.warnings.append(text)

    def credentials_left_out(self) -> None:
        """Record that Content Credentials were left out, unless all metadata is stripped as requested."""
        if not self.strips:
            self.warn(_CREDENTIALS_LEFT_OUT)

    def left_out(self, name: str, damage: ValueError | str) -> None:
        """Record that a block is damaged. ``name`` includes its verb."""
        self.warn(f"{name} damaged ({damage}) and {'were' if name.endswith(' are') else 'was'} left out")

    def kept_in_part(self, name: str, damage: ValueError | str) -> None:
        """Record that the readable part of a damaged block is kept. ``name`` includes its verb."""
        self.warn(f"{name} damaged ({damage}): the copy keeps what can be read of it")

    def found_picture(self, place: str) -> None:
        """Record that a picture was left out of ``place``."""
        self.warn(f"a picture inside {place} was left out")

    def may_tell_place(self, name: str) -> None:
        """Record that a block was left out because it may name a location."""
        self.warn(f"{name} may tell the place and was left out")


def block_name(name: str) -> str:
    """Return the name of a block without the verb."""
    return name.removesuffix(" is").removesuffix(" are")
