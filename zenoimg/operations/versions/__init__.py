"""The versions of originals that S3 keeps.

``listing``  what versions and delete markers an image has
``choice``   which version a restore puts on top, as values
``restore``  copy a version on top as a new one, and wait for what the pipeline makes of it
"""
