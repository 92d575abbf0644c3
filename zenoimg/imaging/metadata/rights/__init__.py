"""Copyright, creator, credit, usage terms and licensor in a copy's metadata.

``exif``, ``iptc``, ``xmp``  read, keep and write them in one kind of block
``stamp``  writes the rights that a copy has to state into all blocks
"""
