"""WebP.

``chunks``    a file as its RIFF chunks
``metadata``  the chunks that a copy keeps besides pixels
``writer``    from a source's bytes to the watermarked copy
"""
