"""Read from a Linux binary its machine type, and the newest glibc that it requires."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

#: e_machine of the ELF header (elf.h) → the name that AWS Lambda gives the architecture.
MACHINES = {62: "x86_64", 183: "arm64"}


@dataclass(frozen=True)
class Binary:
    """One shared object. ``glibc`` is the newest symbol version that it needs, (0, 0) when it needs none."""

    machine: str
    glibc: tuple[int, int]


def read(data: bytes) -> Binary:
    """Read a 64-bit little-endian ELF file. Raises ``AssertionError`` for anything else."""
    assert data[:6] == b"\x7fELF\x02\x01", "64 bits, little-endian"
    (machine,) = struct.unpack_from("<H", data, 18)
    # Names of needed symbol versions stand whole in the dynamic string table.
    versions = re.findall(rb"\0GLIBC_(\d+)\.(\d+)(?:\.\d+)?(?=\0)", data)
    return Binary(MACHINES[machine], max(((int(one), int(two)) for one, two in versions), default=(0, 0)))
