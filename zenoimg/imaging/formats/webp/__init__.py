"""WebP.

``chunks``    splits a file into RIFF chunks
``metadata``  the chunks that a copy keeps besides pixels
``pixels``    decodes pixels, rotates them upright, and encodes them
``animated``  the frames of an animation
``writer``    turns a source's bytes into the watermarked copy
"""
