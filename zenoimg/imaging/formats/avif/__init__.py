"""AVIF.

``sequence_header``  the size that AV1 data announces
``header``           what a file says before any pixel is decoded
``copy_boxes``       boxes of a copy that Pillow writes differently
``writer``           from a source's bytes to the watermarked copy
"""
