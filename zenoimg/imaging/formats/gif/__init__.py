"""GIF.

``blocks``    splits a file into blocks
``metadata``  the extension blocks that a copy keeps
``colors``    colour tables with room for new entries
``drawing``   draws the mark on the indices of one frame
``marking``   tracks what each frame shows, and what has to be drawn on it
``writer``    turns a source's bytes into the watermarked copy
"""
