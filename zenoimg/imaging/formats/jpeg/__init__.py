"""JPEG.

``stream``    splits a file into marker segments
``metadata``  the segments that a copy keeps
``xmp``       XMP, which may be split over many segments
``trailer``   what follows the first picture
``writer``    turns a source's bytes into the watermarked copy
"""
