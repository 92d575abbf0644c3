"""HEIF and HEIC: decoded by pillow-heif, which is an extra, and written as JPEG, or as PNG where there is alpha.

``availability``  whether pillow-heif is there
``header``        what a file says before any pixel is decoded
``hevc``          the size that HEVC data announce
``decoding``      pixels, decoded in a helper process
``worker``        what runs in that process
``picture``       a file as Pillow sees it
``gain_map``        the gain map, as that of a JPEG
``headroom``        how bright Apple's HDR is
``copies``        JPEGs and PNGs of marked pixels, with what they keep of the metadata
``writer``        from a source's bytes to the watermarked copy
"""
