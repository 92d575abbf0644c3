"""Upload photos.

``sources``      which files to upload, and their keys
``local_files``  opens files without blocking, and detects changes
``free_keys``    which keys do not exist yet
``transfer``     one file: check, compare, send
``put_calls``    features that s3transfer has no argument for
``run``          the entire upload, with a bounded window in flight
"""
