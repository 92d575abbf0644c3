#!/usr/bin/env bash
# Pillow's AVIF writer stores EXIF bytes as they are, unless they state an orientation, as nearly all photos do: then "Zoë" is "Zo??".
#
# Versions: Pillow 13.0.0. Seen on 2026-11-29.
# Expected: exif=photo.info["exif"], bytes, is the way to keep EXIF untouched, as JPEG, PNG and WebP do; if the orientation must go,
#   because AVIF has its own, then that entry goes and nothing else.
# Seen: the bytes are parsed and written anew, even for orientation 1, which turns nothing. Text fields with UTF-8 in them, as phones
#   and editors write names, get a "?" for each byte beyond ASCII, and text of EXIF 3.0 (type 129) is gone. Without an orientation
#   the same bytes are in the file.
# Concerns: who converts photos to AVIF and keeps their metadata; a test with EXIF of its own, without an orientation, shows nothing.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import struct
from io import BytesIO

from PIL import Image

ASCII, SHORT, UTF8 = 2, 3, 129
NAME = "Zoë".encode()


def exif(orientation: int | None) -> bytes:
    """Return EXIF with a name in Artist, as most programs write it, and in Copyright, as EXIF 3.0 does."""
    fields = [(0x0112, SHORT, struct.pack(">H", orientation))] if orientation else []
    fields += [(0x013B, ASCII, NAME + b" Artist\0"), (0x8298, UTF8, NAME + b" Copyright\0")]
    entries, values = b"", b""
    for tag, kind, value in fields:
        at = 8 + 2 + 12 * len(fields) + 4 + len(values)
        entries += struct.pack(">HHI", tag, kind, 1 if kind == SHORT else len(value))
        entries += value.ljust(4, b"\0") if kind == SHORT else struct.pack(">I", at)
        values += b"" if kind == SHORT else value + b"\0" * (len(value) % 2)
    return b"MM\0*" + struct.pack(">IH", 8, len(fields)) + entries + bytes(4) + values


def saved(file_format: str, orientation: int | None) -> str:
    out = BytesIO()
    Image.new("RGB", (64, 48), "red").save(out, file_format, exif=b"Exif\0\0" + exif(orientation))
    data = out.getvalue()
    if exif(orientation) in data:
        return "as passed"
    artist = "Zo?? Artist" if b"Zo?? Artist" in data else "kept"
    return f"rewritten, Artist {artist}, Copyright {'kept' if b' Copyright' in data else 'gone'}"


found = {(each, turn): saved(each, turn) for each in ("JPEG", "PNG", "WEBP", "AVIF") for turn in (None, 1, 6)}
for (each, turn), how in found.items():
    print(f"{each}, orientation {turn}: {how}")

assert {how for (each, turn), how in found.items() if each != "AVIF" or turn is None} == {"as passed"}
for turn in (1, 6):
    assert found["AVIF", turn] == "rewritten, Artist Zo?? Artist, Copyright gone", "AVIF keeps the bytes now"
PYTHON
