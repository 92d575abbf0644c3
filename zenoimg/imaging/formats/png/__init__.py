"""PNG and APNG.

``chunks``       a file as its chunks
``metadata``     the ancillary chunks that a copy keeps
``text``         text chunks
``pixels``       from chunks to pixels and back
``sixteen_bit``  pictures of 16 bits a sample, which Pillow opens as 8
``canvas``       what an animation shows at each moment
``animated``     from an APNG's bytes to its watermarked copy
``writer``       from a PNG's bytes to its watermarked copy
"""
