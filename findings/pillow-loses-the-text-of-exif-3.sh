#!/usr/bin/env bash
# EXIF 3.0's text type makes the photographer's name vanish: Pillow and sharp drop it on saving, exifr then reads nothing at all.
#
# Versions: Pillow 13.0.0, sharp 0.35.5, exifr 7.1.3, piexif 1.1.3, ExifTool 13.59 (npm exiftool-vendored.pl 13.59.3).
#   Seen on 2026-11-29.
# Expected: Artist and Copyright in UTF-8, which EXIF 3.0 (CIPA DC-008-2023) allows by the new type 129, are read, or at least kept by
#   who re-saves with exif=photo.getexif() or keepExif().
# Seen: Pillow's getexif() has neither field, warns of nothing and writes EXIF without them; so does sharp. exifr returns no field at
#   all, not even Make, which is plain ASCII, only an errors list; piexif raises. ExifTool reads both.
# Concerns: rights information of new cameras, in every pipeline that re-saves photos.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 piexif==1.1.3
npm install --silent --no-audit --no-fund --prefix "$work" sharp@0.35.5 exifr@7.1.3 exiftool-vendored.pl@13.59.3
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import json
import struct
import subprocess
from io import BytesIO

import piexif
from PIL import Image

UTF8 = 129
name = "Zoë Müller".encode() + b"\0"
fields = [(0x010F, 2, b"Cam\0"), (0x0112, 3, struct.pack(">H", 6)), (0x013B, UTF8, name), (0x8298, UTF8, name)]
entries, values = b"", b""
for tag, kind, value in fields:
    at = 8 + 2 + 12 * len(fields) + 4 + len(values)
    inline = len(value) <= 4
    entries += struct.pack(">HHI", tag, kind, len(value) // (2 if kind == 3 else 1))
    entries += value.ljust(4, b"\0") if inline else struct.pack(">I", at)
    values += b"" if inline else value + b"\0" * (len(value) % 2)
exif = b"MM\0*" + struct.pack(">IH", 8, len(fields)) + entries + bytes(4) + values
out = BytesIO()
Image.new("RGB", (64, 48), "red").save(out, "JPEG", exif=b"Exif\0\0" + exif)
open("source.jpg", "wb").write(out.getvalue())

photo = Image.open("source.jpg")
print("Pillow:", dict(photo.getexif()))
photo.save("pillow.jpg", exif=photo.getexif())
script = """const sharp = require("sharp"), exifr = require("exifr");
sharp("source.jpg").keepExif().toFile("sharp.jpg").then(() => exifr.parse("source.jpg")).then(r => console.log(JSON.stringify(r)))"""
read = json.loads(subprocess.run(["node", "-e", script], capture_output=True, check=True, text=True).stdout)
print("exifr:", read)
try:
    piexif.load("source.jpg")
    said = "nothing"
except ValueError as error:
    said = str(error).replace("\n", ", ")
print("piexif raises:", said)


def by_exiftool(path: str) -> dict[str, str]:
    command = ["perl", "node_modules/exiftool-vendored.pl/bin/exiftool", "-json", "-Make", "-Artist", "-Copyright", path]
    return json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)[0]


found = {each: by_exiftool(each + ".jpg") for each in ("source", "pillow", "sharp")}
print("ExifTool:", found)
assert found["source"]["Artist"] == found["source"]["Copyright"] == "Zoë Müller"
for each in ("pillow", "sharp"):
    assert found[each]["Make"] == "Cam"
    assert not {"Artist", "Copyright"} & set(found[each]), f"{each} keeps the text of EXIF 3.0 now"
assert "Make" not in read, "exifr reads the other fields now"
assert "type: 129" in said, "piexif loads it now"
PYTHON
