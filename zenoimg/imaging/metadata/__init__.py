"""EXIF, XMP and IPTC, patched in their bytes: what is not removed stays where it was."""
