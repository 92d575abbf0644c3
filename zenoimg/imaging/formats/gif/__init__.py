"""GIF.

``blocks``   a file as its blocks
``drawing``  one frame with the mark on it
``writer``   from a source's bytes to the watermarked copy
"""
