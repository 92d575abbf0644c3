"""Read and write S3 objects for the pipeline.

``bodies``       reads and verifies the bodies of objects: the only place that reads one
``encodings``    decompresses originals that are stored compressed
``headers``      decides what a copy inherits from its original's headers
``marks``        the mark of a copy in its user metadata
``disposition``  the suggested file name of a copy in another format
"""
