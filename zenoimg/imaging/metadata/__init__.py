"""EXIF, XMP, IPTC and Photoshop resources, patched in their bytes: whatever is kept keeps its place.

``keeper``     the one rule of what a copy keeps of each block
``names``      which properties tell a place, or hold a picture
``exif``       EXIF, a TIFF structure
``xmp``        XMP, a text
``iptc``       IPTC datasets
``photoshop``  Photoshop image resources, which hold the other three
"""
