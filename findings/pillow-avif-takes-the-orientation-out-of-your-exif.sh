#!/usr/bin/env bash
# Saving a picture as AVIF deletes the orientation from the caller's Exif object, so the JPEG saved next with it lies on its side.
#
# Versions: Pillow 13.0.0. Seen on 2026-11-29.
# Expected: save(..., exif=exif) reads its argument, as it does for JPEG, PNG, WebP and TIFF; Pillow's documentation of the AVIF
#   option exif says "the exif data to include in the saved file".
# Seen: Orientation 6 before, none after saving AVIF (it becomes the file's irot box there, which is right). The order decides: JPEG
#   then AVIF is right twice, AVIF then JPEG has a JPEG without orientation. The Exif of an opened picture, getexif(), loses it too.
# Concerns: who writes AVIF and a JPEG fallback of the same photo in one loop.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
from io import BytesIO

from PIL import Image, ImageOps
from PIL.ExifTags import Base


def saved(photo: Image.Image, exif: Image.Exif, *formats: str) -> dict[str, tuple[int, int]]:
    """Return the size that a viewer shows of the photo saved in each format, one after the other."""
    shown = {}
    for each in formats:
        out = BytesIO()
        photo.save(out, each, exif=exif)
        shown[each] = ImageOps.exif_transpose(Image.open(out)).size
    return shown


source = BytesIO()
exif = Image.Exif()
exif[Base.Orientation] = 6
Image.new("RGB", (60, 40), "red").save(source, "JPEG", exif=exif)
orders = {}
for formats in (("JPEG", "AVIF"), ("AVIF", "JPEG"), ("WEBP", "PNG", "TIFF", "JPEG")):
    photo = Image.open(source)
    orders[formats] = saved(photo, photo.getexif(), *formats), Base.Orientation in photo.getexif()
    print(" then ".join(formats), *orders[formats])

assert orders["JPEG", "AVIF"] == ({"JPEG": (40, 60), "AVIF": (40, 60)}, False)
assert orders["WEBP", "PNG", "TIFF", "JPEG"][1], "other formats change the caller's Exif too"
assert orders["AVIF", "JPEG"] == ({"AVIF": (40, 60), "JPEG": (60, 40)}, False), "the caller's Exif keeps its orientation now"
PYTHON
