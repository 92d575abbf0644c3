"""PNG and APNG.

``chunks``     splits a file into chunks
``metadata``   the ancillary chunks that a copy keeps; ``text`` reads text chunks
``pixels``     decodes chunks to pixels and encodes them
``samples``    colour types, bit depths and filters that Pillow would lose
``assembly``   assembles a copy's chunks in the source's order
``writer``     turns a PNG's bytes into its watermarked copy
``animation``  the same for an APNG
``browser``    prepares a PNG for delivery to a browser
"""
