"""The samples of a PNG: colour types, bit depths, filters.

``palette``, ``color_key``, ``few_greys``, ``sixteen_bit``  what Pillow would lose of a colour type or depth
``rows``, ``scanlines``  the rows that the mark changes, filtered as the source filters them
"""
