"""Classify XMP properties by name: locations, pictures, rights, or references to what the copy does not have.

Location names are matched by their full local name in any namespace, since makers and agencies have their own schemas.
Sources: IPTC Photo Metadata Standard 2024.1, XMP Specification Part 2, PLUS LDF 1.2, Google's Depthmap and Photo
Sphere schemas, W3C Basic Geo.
"""

from __future__ import annotations

DC_NS = "http://purl.org/dc/elements/1.1/"
DCTERMS_NS = "http://purl.org/dc/terms/"
TIFF_NS = "http://ns.adobe.com/tiff/1.0/"
XMP_NS = "http://ns.adobe.com/xap/1.0/"
XMP_IMAGE_NS = "http://ns.adobe.com/xap/1.0/g/img/"
RIGHTS_NS = "http://ns.adobe.com/xap/1.0/rights/"
PHOTOSHOP_NS = "http://ns.adobe.com/photoshop/1.0/"
PLUS_NS = "http://ns.useplus.org/ldf/xmp/1.0/"
IPTC_EXT_NS = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
CREATIVE_COMMONS_NS = "http://creativecommons.org/ns#"
GEO_NS = "http://www.w3.org/2003/01/geo/wgs84_pos#"
GOOGLE_IMAGE_NS = "http://ns.google.com/photos/1.0/image/"
GOOGLE_DEPTH_NS = "http://ns.google.com/photos/1.0/depthmap/"
GAIN_MAP_NS = "http://ns.adobe.com/hdr-gain-map/1.0/"
CONTAINER_NS = "http://ns.google.com/photos/1.0/container/"
CAMERA_NS = "http://ns.google.com/photos/1.0/camera/"

_COORDINATES = ("latitude", "longitude", "longtitude", "absolutealtitude", "relativealtitude")
_COORDINATE_NAMES = {"latlong", "latlon", "latlng", "geohash", "geotag", "coordinates", "georsspoint"}
_GEO = {"lat", "long", "alt", "lat_long"}
_PLACES = {
    *("location", "locationname", "locationid", "locationcreated", "locationshown", "shotlocation", "sublocation"),
    *("city", "state", "province", "provincestate", "stateprovince", "provinceorstate", "county", "country"),
    *("countrycode", "countryname", "worldregion", "placename", "geolocation", "neighborhood", "neighbourhood"),
    *("contentlocationname", "contentlocationcode", "countryprimarylocationname", "countryprimarylocationcode"),
}
_CONTACTS = {
    *("creatorcontactinfo", "contactinfo", "contact", "licensor", "imagesupplier", "imagecreator", "copyrightowner"),
    *("licensee", "enduser"),
}


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")


def is_coordinate(namespace: str, name: str) -> bool:
    """Return whether a property holds coordinates or belongs to them."""
    plain = _plain(name)
    if plain.startswith("gps") or plain.endswith(_COORDINATES) or plain in _COORDINATE_NAMES:
        return True
    return namespace == GEO_NS and name in _GEO


def is_place_name(namespace: str, name: str) -> bool:
    """Return whether a property names a location, by its entire local name: ``SubjectLocation`` (pixels) does not."""
    if (namespace, name) in ((DC_NS, "coverage"), (DCTERMS_NS, "spatial")):
        return True
    return _plain(name) in _PLACES


def is_contact(name: str) -> bool:
    """Return whether a property is about a person or an agency, so that an address in it is not the picture's."""
    return _plain(name) in _CONTACTS


def is_thumbnail(namespace: str, name: str) -> bool:
    """Return whether a property holds thumbnails, which are common and left out silently."""
    return namespace == XMP_NS and name == "Thumbnails"


def is_picture(namespace: str, name: str) -> bool:
    """Return whether a property holds a picture: Google's second view and depth map, and Adobe's base64 pictures."""
    return (namespace, name) in (
        (GOOGLE_IMAGE_NS, "Data"),
        (GOOGLE_DEPTH_NS, "Data"),
        (XMP_IMAGE_NS, "image"),
    )


def is_directory_of_pictures(namespace: str, name: str) -> bool:
    """Return whether a property describes pictures or videos that follow the first one in the file."""
    if namespace == CAMERA_NS:
        return name.startswith(("MicroVideo", "MotionPhoto"))
    return namespace in (GAIN_MAP_NS, CONTAINER_NS)


def is_link_to_credentials(namespace: str, name: str) -> bool:
    """Return whether a property points at Content Credentials elsewhere (C2PA 2.2, 11.4)."""
    return namespace == DCTERMS_NS and name == "provenance"


_RIGHTS = {
    DC_NS: {"rights", "creator"},
    DCTERMS_NS: {"rights", "rightsHolder", "license", "creator"},
    TIFF_NS: {"Artist", "Copyright"},
    PLUS_NS: {"CopyrightOwner", "ImageCreator", "Licensor"},
}


def is_rights(namespace: str, name: str) -> bool:
    """Return whether a property states copyright, creator or usage terms."""
    return namespace in (RIGHTS_NS, CREATIVE_COMMONS_NS) or name in _RIGHTS.get(namespace, ())


def is_always_kept(namespace: str, name: str) -> bool:
    """Return whether a property restricts data mining (PLUS) or says how the picture was made (IPTC)."""
    if namespace == PLUS_NS:
        return name.startswith("DataMining") or name == "OtherConstraints"
    return namespace == IPTC_EXT_NS and name in ("DigitalSourceType", "DigitalSourceFileType")


def is_orientation(namespace: str, name: str) -> bool:
    """Return whether a property states the orientation of the pixels."""
    return (namespace, name) == ("http://ns.adobe.com/tiff/1.0/", "Orientation")
