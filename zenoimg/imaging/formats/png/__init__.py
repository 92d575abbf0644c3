"""PNG and APNG.

``chunks``       a file as its chunks
``metadata``     the ancillary chunks that a copy keeps
``text``         text chunks
``pixels``       from chunks to pixels and back
``scanlines``    filtered rows, of which only those under the mark are filtered again
``rows``         the rows of a drawn picture, for all passes of an interlaced one
``palette``      PLTE and tRNS of a picture of palette indices
``color_key``    the one transparent colour of a grey or RGB picture
``few_greys``    grey of 1, 2 or 4 bits a sample
``sixteen_bit``  colour or alpha of 16 bits a sample, which Pillow opens as 8
``assembly``     a copy's chunks in the source's order
``frames``       the frames of an animation
``canvas``       what an animation shows at each moment
``animated``     from an APNG's bytes to its watermarked copy
``writer``       from a PNG's bytes to its watermarked copy
"""
