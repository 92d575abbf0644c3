"""Helper processes: where a native library works on strangers' files, apart from this process.

A helper has no credentials, writes no core dumps, has bounds on its processor time, and ends alone when the library
crashes. It is kept for the next picture.

``child_process``  one process as seen from here: started, asked, found dead
``pool``           helpers that wait, one for each thread; work that is repeated once when a helper died
``serving``        what runs in the process, around the ``worker`` package of a format
"""
