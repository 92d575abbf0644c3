"""TIFF and BigTIFF.

``file``      directories and segments
``metadata``  the tags that a copy keeps
``layout``    how pixels lie in strips and tiles
``codecs``    compression of segments
``pixels``    from rows to channels and back
``palette``   palette pages
``canvas``    the rows that a mark covers
``writer``    from a source's bytes to the watermarked copy
"""
