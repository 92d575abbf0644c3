"""The program of the child process: note the process id, then run ministack as its own command line does.

Run by path, never imported: ``python -P server.py PID_FILE DESCRIPTOR``. The descriptor is the open, locked
pid file; the name is there for whoever lists processes. The lock belongs to this process for as long as it
lives, however it dies, and to none of the workers that it starts; so a held lock means that the process id in
the file is alive and is ours.
"""

from __future__ import annotations

import os
import runpy
import sys


def main() -> None:
    """Write the process id into the locked file, then become the server."""
    descriptor = int(sys.argv[2])
    os.set_inheritable(descriptor, False)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    sys.argv = ["ministack"]
    runpy.run_module("ministack", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
