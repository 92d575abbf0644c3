"""Helper processes, in which native libraries work on untrusted files, isolated from this process.

A helper has no credentials, writes no core dumps, has limited CPU time, and if the library crashes, only the helper
ends. It is kept for the next picture.

``child_process``  the parent's side of one process: start it, send requests, detect its death
``pool``           idle helpers, one per thread; work is repeated once if a helper dies
``serving``        the code of the process, around the ``worker`` package of a format
"""
