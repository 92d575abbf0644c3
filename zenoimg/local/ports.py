"""Check whether a loopback port is free."""

from __future__ import annotations

import socket

from zenoimg.local.settings import HOST


def listens(port: int) -> bool:
    """Return whether anything accepts connections on this loopback port."""
    with socket.socket() as probe:
        probe.settimeout(2.0)
        return probe.connect_ex((HOST, port)) == 0


def bind_error(port: int) -> str | None:
    """Return why a server cannot listen on this loopback port, or ``None`` if it can."""
    if listens(port):
        return "another program listens on it"
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            return (error.strerror or str(error)).lower()
    return None
