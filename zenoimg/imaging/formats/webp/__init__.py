"""WebP.

``chunks``    a file as its RIFF chunks
``metadata``  the chunks that a copy keeps besides pixels
``pixels``    decoded, turned upright, and encoded
``animated``  the frames of an animation
``writer``    from a source's bytes to the watermarked copy
"""
