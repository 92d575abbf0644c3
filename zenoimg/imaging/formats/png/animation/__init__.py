"""Animated PNG.

``frames``    frames as fcTL and fdAT hold them, read and written
``canvas``    what the frames show one after another, marked
``animated``  the copy: frames that the mark does not touch stay byte for byte
"""
