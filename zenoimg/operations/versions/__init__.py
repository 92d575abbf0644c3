"""The versions of originals that S3 keeps.

``listing``  lists the versions and delete markers of an image
``choice``   chooses the version to restore; pure functions
``restore``  copies a version over the current one as a new version, and waits for the pipeline's result
"""
