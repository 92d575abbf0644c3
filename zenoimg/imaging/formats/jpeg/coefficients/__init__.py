"""Watermark JPEGs in the DCT domain: every block that the mark does not touch keeps its coefficients.

A helper process drives the libjpeg that Pillow's wheels bundle. It reads the coefficients and hands out the MCUs
around the mark as a small JPEG; those pixels are drawn on here, by Pillow; the helper encodes them, puts the blocks
that the mark touches in place of the source's, and writes the whole with the source's Huffman tables.

``editor``           the one entry, ``marked``: a copy, or the reason why the picture has to be decoded and encoded
``region``           the MCUs around a mark, and the blocks that it touches
``huffman``          the source's Huffman tables, completed
``library``          where the library is
``libjpeg_process``  the helper process as seen from here
``worker``           the process itself
"""
