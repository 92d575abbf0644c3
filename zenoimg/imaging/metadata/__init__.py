"""EXIF, XMP, IPTC and Photoshop resources, patched in place: whatever is kept keeps its offset.

``keeper``         the single rule for what a copy keeps of each block
``report``         warnings about what the copy could not keep
``unlabelled``     blocks whose file does not say what they are
``policy``         a recipe's metadata settings
``names``          which XMP properties name a location, hold a picture or state rights
``packet_rules``   what a policy removes from an XMP packet
``carve``          finds pictures inside other bytes
``picture_ends``   recognises a picture by its header, and finds its end
``exif``           EXIF, a ``tiff_block``, and the ``maker_notes`` in it
``xmp``            XMP packets
``iptc``           IPTC datasets
``photoshop``      Photoshop image resources, which hold the other three
``rights``         reads and writes rights in EXIF, XMP and IPTC
"""
