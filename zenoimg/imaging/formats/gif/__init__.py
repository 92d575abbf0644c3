"""GIF.

``blocks``    a file as its blocks
``metadata``  the extension blocks that a copy keeps
``colors``    colour tables with room for new entries
``drawing``   the mark on the indices of one frame
``marking``   what each frame shows, and what has to be drawn on it
``writer``    from a source's bytes to the watermarked copy
"""
