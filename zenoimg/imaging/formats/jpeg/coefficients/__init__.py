"""Watermark JPEGs in the DCT domain: every block that the mark does not touch keeps its coefficients.

A helper process drives the libjpeg bundled with Pillow's wheels. It reads the coefficients and returns the MCUs around
the mark as a small JPEG; this process draws on those pixels with Pillow; the helper encodes them, replaces the
source's blocks that the mark touches, and writes the result with the source's Huffman tables.

``editor``           the entry point, ``marked``: a copy, or the reason why the picture has to be decoded and encoded
``region``           the MCUs around a mark, and the blocks that it touches
``huffman``          completes the source's Huffman tables
``library``          finds the library
``libjpeg_process``  the parent's side of the helper process
``worker``           the code of the process
"""
