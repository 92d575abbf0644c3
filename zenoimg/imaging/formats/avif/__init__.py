"""AVIF.

``items``   boxes and items of an ISO base media file
``header``  what a file says before any pixel is decoded
``writer``  from a source's bytes to the watermarked copy
"""
