"""WebP.

``chunks``  a file as its RIFF chunks
``writer``  from a source's bytes to the watermarked copy
"""
