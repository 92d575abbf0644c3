"""JPEG.

``stream``    a file as its marker segments
``metadata``  the segments that a copy keeps
``xmp``       XMP, which may be cut over many segments
``trailer``   what follows the first picture
``writer``    from a source's bytes to the watermarked copy
"""
