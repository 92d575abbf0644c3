"""The samples of a PNG: colour types, bit depths, filters.

``palette``, ``color_key``, ``few_greys``, ``sixteen_bit``  the parts of colour types and depths that Pillow would lose
``rows``, ``scanlines``  the rows that the mark changes, with the source's filters
"""
