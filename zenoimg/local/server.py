"""The program of the child process: write the process id, then run ministack as its own command line does.

Run by path, never imported: ``python -P server.py PID_FILE DESCRIPTOR``. The descriptor is the open, locked pid file;
its name is an argument only so that it shows in process lists. This process holds the lock for as long as it lives,
however it ends, and the workers that it starts do not; so a held lock means that the process id in the file belongs
to a live server of ours. After a graceful end, when ministack has saved its state, the file says so.
"""

from __future__ import annotations

import os
import runpy
import sys


def main() -> None:
    """Write the process id to the locked file, run the server, then record its graceful end."""
    descriptor = int(sys.argv[2])
    os.set_inheritable(descriptor, False)
    os.ftruncate(descriptor, 0)
    pid = f"{os.getpid()}\n".encode()
    os.pwrite(descriptor, pid, 0)
    sys.argv = ["ministack"]
    try:
        runpy.run_module("ministack", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code not in (None, 0):
            raise
    os.pwrite(descriptor, b"saved\n", len(pid))


if __name__ == "__main__":
    main()
