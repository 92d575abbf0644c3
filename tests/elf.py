"""Read the architecture of a Linux binary, and the newest glibc that it requires."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

#: e_machine of the ELF header (elf.h) → the name that AWS Lambda gives the architecture.
MACHINES = {62: "x86_64", 183: "arm64"}


@dataclass(frozen=True)
class Binary:
    """A shared object. ``glibc`` is the newest symbol version that it needs, (0, 0) for none."""

    machine: str
    glibc: tuple[int, int]


def read(data: bytes) -> Binary:
    """Read a 64-bit little-endian ELF file. Raises ``AssertionError`` for anything else."""
    assert data[:6] == b"\x7fELF\x02\x01", "64 bits, little-endian"
    (machine,) = struct.unpack_from("<H", data, 18)
    # The dynamic string table contains the names of the required symbol versions.
    versions = re.findall(rb"\0GLIBC_(\d+)\.(\d+)(?:\.\d+)?(?=\0)", data)
    return Binary(MACHINES[machine], max(((int(one), int(two)) for one, two in versions), default=(0, 0)))
