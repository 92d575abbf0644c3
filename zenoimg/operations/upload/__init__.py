"""Upload photos.

``sources``      which files, under which keys
``local_files``  files opened without waiting, watched for changes
``free_keys``    which keys are unused
``transfer``     one file: checked, compared, sent
``put_calls``    what s3transfer has no argument for
``run``          the whole upload, with a bounded window in flight
"""
