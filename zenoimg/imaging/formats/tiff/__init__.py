"""TIFF and BigTIFF.

``file``           directories and segments, and how they are written
``reader``         reads pages from a file's bytes
``segments``       locates strips and tiles
``metadata``       the tags that a copy keeps
``layout``         how pixels are arranged in strips and tiles
``codecs``         compression of segments
``jpeg_segments``  segments that are JPEG streams
``pixels``         converts rows to channels and back
``palette``        palette pages
``canvas``         the rows that a mark covers
``blending``       draws the mark on channels
``writer``         turns a source's bytes into the watermarked copy
"""
