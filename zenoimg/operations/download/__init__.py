"""Download copies or originals.

``run``  fetch several at once, each file whole or not at all
"""
