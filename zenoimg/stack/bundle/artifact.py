"""Build a reproducible zip: sorted names, fixed times and modes.

The same content has the same SHA-256 on every machine, so redeploying the same content changes nothing.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

_FIXED_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can represent


@dataclass(frozen=True)
class Artifact:
    """One zip, identified by the SHA-256 of its bytes. ``name`` is ``functions``, ``packages`` or ``recipe``."""

    name: str
    data: bytes

    @property
    def sha256(self) -> str:
        """Return the hex digest of the zip's bytes."""
        return hashlib.sha256(self.data).hexdigest()

    def key(self, stack: str) -> str:
        """Return the object key in the artifacts bucket."""
        return f"{stack}/{self.sha256}.zip"


def make_zip(content: Mapping[str, bytes], *, level: int = 9) -> bytes:
    """Return a zip of the files, byte-identical for the same content, level (1 to 9) and zlib version."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(content):
            entry = zipfile.ZipInfo(name, _FIXED_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, on every host: otherwise the mode below is ignored
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, content[name], compresslevel=level)
    return buffer.getvalue()
