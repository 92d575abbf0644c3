"""Upload photos.

``sources``      which files, under which keys
``local_files``  files opened without blocking, checked for changes
``free_keys``    which keys do not exist yet
``transfer``     one file: check, compare, send
``put_calls``    what s3transfer has no argument for
``run``          the whole upload, with a bounded window in flight
"""
