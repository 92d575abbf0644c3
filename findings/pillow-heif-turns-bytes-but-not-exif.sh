#!/usr/bin/env bash
# pillow-heif turns a photo when its EXIF is passed as bytes, and lays it on its side when the same EXIF is passed as an Exif object.
#
# Versions: pillow-heif 1.8.1 (libheif 1.23.6), Pillow 13.0.0. Seen on 2026-11-29.
# Expected: exif=photo.info["exif"] and exif=photo.getexif() save the same file; pillow-heif documents that save takes
#   "None, bytes or PIL.Image.Exif class" alike.
# Seen: bytes write the box irot, by which HEIF turns pictures. The object writes no irot and leaves the orientation in EXIF, which
#   HEIF readers ignore (ISO/IEC 23008-12). pillow-heif itself reads the copy as 60 x 40 and sets its orientation to 1, so
#   exif_transpose() cannot help either. exif.tobytes() is turned again, and so are both by Pillow's own AVIF writer.
# Concerns: who converts phone photos to HEIC with exif=photo.getexif(), which is Pillow's documented way of editing EXIF.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow-heif==1.8.1 pillow==13.0.0
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
from io import BytesIO

import pillow_heif
from PIL import Image, ImageOps

pillow_heif.register_heif_opener()
exif = Image.Exif()
exif[0x0112] = 6  # Orientation: turn by 90 degrees clockwise
source = BytesIO()
Image.new("RGB", (60, 40), "red").save(source, "JPEG", exif=exif)


def copied(file_format: str, passed: str) -> tuple[tuple[int, int], bool]:
    """Return the size that a viewer shows, and whether the file says by irot that it is turned."""
    photo, out = Image.open(source), BytesIO()
    photo.save(out, file_format, exif=photo.info["exif"] if passed == "bytes" else photo.getexif())
    return ImageOps.exif_transpose(Image.open(out)).size, b"irot" in out.getvalue()


results = {(each, passed): copied(each, passed) for each in ("HEIF", "AVIF") for passed in ("bytes", "Exif")}
for (each, passed), (size, turned) in results.items():
    print(f"{each} with exif as {passed}: {size}, irot {turned}")

assert results["HEIF", "bytes"] == results["AVIF", "bytes"] == results["AVIF", "Exif"] == ((40, 60), True)
assert results["HEIF", "Exif"] == ((60, 40), False), "an Exif object turns the picture now"
PYTHON
