"""Names of XMP properties that tell where a picture was taken, or show it without the mark."""

from __future__ import annotations

EXIF_NS = "http://ns.adobe.com/exif/1.0/"
PHOTOSHOP_NS = "http://ns.adobe.com/photoshop/1.0/"
IPTC_CORE_NS = "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"
IPTC_EXT_NS = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
XMP_NS = "http://ns.adobe.com/xap/1.0/"
GEO_NS = "http://www.w3.org/2003/01/geo/wgs84_pos#"
GOOGLE_IMAGE_NS = "http://ns.google.com/photos/1.0/image/"
GAIN_MAP_NS = "http://ns.adobe.com/hdr-gain-map/1.0/"
CONTAINER_NS = "http://ns.google.com/photos/1.0/container/"
CAMERA_NS = "http://ns.google.com/photos/1.0/camera/"

_PLACES = {
    PHOTOSHOP_NS: {"City", "State", "Country"},
    IPTC_CORE_NS: {"Location", "CountryCode"},
    IPTC_EXT_NS: {
        "LocationCreated",
        "LocationShown",
        "City",
        "CountryCode",
        "CountryName",
        "ProvinceState",
        "Sublocation",
        "WorldRegion",
    },
    GEO_NS: {"lat", "long", "alt", "lat_long"},
}

_COORDINATES = ("latitude", "longitude", "longtitude", "absolutealtitude", "relativealtitude")


def is_location(namespace: str, name: str) -> bool:
    """Return whether an XMP property tells where the picture was taken: coordinates, or a place by name.

    Makers, above all of drones, have namespaces of their own for coordinates: these are recognised by name alone.
    """
    lowered = name.lower()
    if lowered.startswith("gps") or lowered.endswith(_COORDINATES):
        return True
    return name in _PLACES.get(namespace, ())


def is_preview(namespace: str, name: str) -> bool:
    """Return whether an XMP property holds the picture itself, small or large, without the mark."""
    return (namespace == XMP_NS and name == "Thumbnails") or (namespace == GOOGLE_IMAGE_NS and name == "Data")


def is_directory_of_pictures(namespace: str, name: str) -> bool:
    """Return whether an XMP property describes pictures or videos that follow the first one in the file."""
    if namespace == CAMERA_NS:
        return name.startswith(("MicroVideo", "MotionPhoto"))
    return namespace in (GAIN_MAP_NS, CONTAINER_NS)
