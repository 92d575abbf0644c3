"""HEIF and HEIC: decoded by pillow-heif (an optional extra), written as JPEG, or as PNG when there is alpha.

``availability``  whether pillow-heif is installed
``header``        the file's header, read before any pixel is decoded
``hevc``          the frame size in HEVC data
``decoding``      decodes pixels in a helper process
``worker``        the code that runs in that process
``picture``       a file as a Pillow image
``gain_map``      converts the gain map to that of a JPEG
``headroom``      how bright Apple's HDR is
``copies``        JPEGs and PNGs of marked pixels, with the metadata that they keep
``writer``        turns a source's bytes into the watermarked copy
"""
