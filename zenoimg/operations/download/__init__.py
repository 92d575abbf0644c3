"""Download copies or originals.

``run``  several at once, each file whole or not at all
"""
