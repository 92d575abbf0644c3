"""The ISO base media file format, which AVIF and HEIF share.

``boxes``  boxes, and the boxes inside them
``items``  the items of a meta box
"""
