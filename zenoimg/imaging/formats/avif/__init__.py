"""AVIF.

``bits``             a bit reader for AV1 headers
``sequence_header``  the frame size, and the fields that frame headers depend on
``frame_header``     the quantizer of the first frame
``quantizers``       the quantizers of a file's colour and alpha planes
``header``           the file's header, read before any pixel is decoded
``levels``           encoder levels that match the source's quantizers, and the encoder's speed
``closeness``        how close a copy is to its source (PSNR)
``search``           the level at which a coarsely coded picture stays close to its source
``encoding``         encodes the marked pixels
``copy_boxes``       rewrites the boxes that Pillow writes differently
``writer``           turns a source's bytes into the watermarked copy
"""
