"""AVIF.

``bits``             numbers in AV1 headers
``sequence_header``  the size that AV1 data announces, and what frame headers depend on
``frame_header``     the quantizer of a first frame
``quantizers``       the quantizers of a file's colours and alpha
``header``           what a file says before any pixel is decoded
``levels``           the levels of the encoder that give a copy its source's quantizers, and its speed
``closeness``        how close a copy is to its source
``search``           how much finer a coarse picture has to be coded
``encoding``         from marked pixels to coded ones
``copy_boxes``       boxes of a copy that Pillow writes differently
``writer``           from a source's bytes to the watermarked copy
"""
