"""TIFF and BigTIFF.

``file``           directories and segments, and how they are written
``reader``         pages read from a file's bytes
``segments``       where strips and tiles are
``metadata``       the tags that a copy keeps
``layout``         how pixels are arranged in strips and tiles
``codecs``         compression of segments
``jpeg_segments``  segments that are JPEG streams
``pixels``         from rows to channels and back
``palette``        palette pages
``canvas``         the rows that a mark covers
``blending``       the mark on channels
``writer``         from a source's bytes to the watermarked copy
"""
