"""What the pipeline reads from and writes to S3 objects.

``bodies``       reads an object's body and verifies it: the only place that reads one
``encodings``    unpacks originals that S3 holds compressed
``headers``      decides what a copy takes over from its original's headers
``marks``        the mark of a copy in its user metadata
``disposition``  the file name that a copy of another format proposes
"""
