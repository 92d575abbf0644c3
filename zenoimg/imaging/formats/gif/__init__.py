"""GIF.

``blocks``    a file as its blocks
``metadata``  the extension blocks that a copy keeps
``drawing``   one frame with the mark on it
``writer``    from a source's bytes to the watermarked copy
"""
