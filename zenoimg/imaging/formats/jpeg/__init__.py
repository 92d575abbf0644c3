"""JPEG.

``stream``    a file as its marker segments
``metadata``  the segments that a copy keeps
``writer``    from a source's bytes to the watermarked copy
"""
