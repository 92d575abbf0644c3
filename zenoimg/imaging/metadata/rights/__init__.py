"""Copyright, creator, credit, usage terms and licensor in a copy's metadata.

``exif``, ``iptc``, ``xmp``  read, keep and write them in one kind of block
``stamp``  writes what a copy has to state into all of them
"""
