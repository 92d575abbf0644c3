"""PNG and APNG.

``chunks``     a file as its chunks
``metadata``   the ancillary chunks that a copy keeps; ``text`` reads text chunks
``pixels``     from chunks to pixels and back
``samples``    colour types, bit depths and filters that Pillow would lose
``assembly``   a copy's chunks in the source's order
``writer``     from a PNG's bytes to its watermarked copy
``animation``  the same for an APNG
``browser``    a PNG as browsers are given it
"""
