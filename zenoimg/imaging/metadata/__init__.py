"""EXIF, XMP, IPTC and Photoshop resources, patched in their bytes: whatever is kept keeps its place.

``keeper``         the one rule of what a copy keeps of each block
``report``         what the copy could not keep
``unlabelled``     blocks whose file does not say what they are
``policy``         what a recipe says of metadata
``names``          which XMP properties tell a place, hold a picture, state rights
``packet_rules``   what a policy removes from an XMP packet
``carve``          pictures inside other bytes
``exif``           EXIF, a ``tiff_block``, and the ``maker_notes`` in it
``xmp``            XMP, a text
``iptc``           IPTC datasets
``photoshop``      Photoshop image resources, which hold the other three
``rights``         rights in EXIF, XMP and IPTC: read, and written
"""
