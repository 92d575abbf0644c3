"""Animated PNG.

``frames``    reads and writes frames in fcTL and fdAT
``canvas``    composes and marks what the frames show one after another
``animated``  makes the copy: frames that the mark does not touch stay identical
"""
