"""Whether a loopback port can be had."""

from __future__ import annotations

import socket

from zenoimg.local.settings import HOST


def listens(port: int) -> bool:
    """Whether anything takes connections on this loopback port."""
    with socket.socket() as probe:
        probe.settimeout(2.0)
        return probe.connect_ex((HOST, port)) == 0


def trouble(port: int) -> str | None:
    """Why a server cannot listen on this loopback port, or ``None`` when it can."""
    if listens(port):
        return "something else listens there"
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            return (error.strerror or str(error)).lower()
    return None
