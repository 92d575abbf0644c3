#!/usr/bin/env bash
# A photo read by OpenCV's imreadWithMetadata and written by imwriteWithMetadata, untouched in between, is turned twice.
#
# Versions: OpenCV 5.0.0 (opencv-python-headless 5.0.0.93), Pillow 13.0.0. Seen on 2026-11-29.
# Expected: the pair, made to keep EXIF, XMP and ICC, shows the photo as before: either pixels as stored and their orientation, or
#   turned pixels and orientation 1.
# Seen: the pixels come turned and the EXIF says 6 as before, so that every viewer turns them again: a portrait of 40 x 60 is shown as
#   60 x 40, in JPEG, PNG and WebP. With IMREAD_IGNORE_ORIENTATION or IMREAD_UNCHANGED it is right.
# Concerns: who draws on photos by OpenCV and was glad that metadata can be kept at last.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check opencv-python-headless==5.0.0.93 pillow==13.0.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import cv2
import numpy
from PIL import Image, ImageOps

photo = Image.new("RGB", (60, 40), "red")
photo.paste("blue", (30, 0, 60, 40))
exif = Image.Exif()
exif[0x0112] = 6  # Orientation: turn by 90 degrees clockwise; shown red above blue


def shown(path: str) -> tuple[tuple[int, int], str]:
    """Return size and colour of the top left corner as a viewer shows them."""
    picture = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    red, _, blue = picture.getpixel((5, 5))
    return picture.size, "red" if red > blue else "blue"


def copied(extension: str, flags: int) -> tuple[tuple[int, int], str]:
    photo.save("source" + extension, exif=exif)
    assert shown("source" + extension) == ((40, 60), "red")
    pixels, types, metadata = cv2.imreadWithMetadata("source" + extension, flags=flags)
    assert cv2.imwriteWithMetadata("copy" + extension, pixels, types, [numpy.asarray(each) for each in metadata])
    return shown("copy" + extension)


print("OpenCV", cv2.__version__)
for extension in (".jpg", ".png", ".webp"):
    result = copied(extension, cv2.IMREAD_COLOR)
    ignoring = copied(extension, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    print(extension, "IMREAD_COLOR:", *result, "IMREAD_IGNORE_ORIENTATION:", *ignoring)
    assert ignoring == ((40, 60), "red")
    assert result[0] == (60, 40), "the copy is shown as its source now"
PYTHON
