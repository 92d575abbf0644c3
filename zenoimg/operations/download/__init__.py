"""Download copies or originals.

``run``  downloads several at once, each file completely or not at all
"""
