#!/usr/bin/env bash
# pillow-jxl-plugin stores and reports EXIF's orientation, which JPEG XL ignores: photos lie on their sides in all other viewers.
#
# Versions: pillow-jxl-plugin 1.3.8, libjxl 0.11.2 (imagecodecs 2026.3.6), Pillow 13.0.0. Seen on 2026-11-29.
# Expected: the codestream's orientation counts and EXIF's does not (libjxl's format overview, "Metadata versus image data"): saving a
#   photo with orientation 6 writes it there, and an opened picture needs no more turning.
# Seen: saved with EXIF orientation 6, a portrait is 64 x 32 in libjxl and Chromium 156, and 32 x 64 by Pillow's exif_transpose alone.
#   The other way round, a portrait that says so in the codestream and in EXIF, as encoders write it, is opened with turned pixels and
#   EXIF 6: exif_transpose turns it a second time, and so does every viewer of the JPEG that is saved with exif=picture.getexif().
# Concerns: who converts photos to or from JPEG XL by Pillow.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  pillow-jxl-plugin==1.3.8 pillow==13.0.0 imagecodecs==2026.3.6 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import struct
from io import BytesIO

import imagecodecs
import pillow_jxl  # registers the format
from PIL import Image, ImageOps

exif = Image.Exif()
exif[0x0112] = 6  # Orientation: turn by 90 degrees clockwise
photo = Image.new("RGB", (64, 32), "red")
jpeg, saved = BytesIO(), BytesIO()
photo.save(jpeg, "JPEG", exif=exif)
photo.save(saved, "JXL", exif=exif.tobytes())


def with_plain_exif(data: bytes) -> bytes:
    """Return the file with its EXIF box uncompressed, and without what is only there to restore the JPEG."""
    payload = bytes(4) + exif.tobytes().removeprefix(b"Exif\0\0")
    plain, kept, at = struct.pack(">I4s", len(payload) + 8, b"Exif") + payload, b"", 0
    while at < len(data):
        length, name = struct.unpack(">I4s", data[at : at + 8])
        length = length or len(data) - at
        kept += {b"brob": plain, b"jbrd": b""}.get(name, data[at : at + length])
        at += length
    return kept


def by_pillow(data: bytes) -> tuple[int, int]:
    return ImageOps.exif_transpose(Image.open(BytesIO(data))).size


def by_libjxl(data: bytes) -> tuple[int, int]:
    height, width, _ = imagecodecs.jpegxl_decode(data).shape
    return width, height


encoded = with_plain_exif(imagecodecs.jpegxl_encode_jpeg(jpeg.getvalue()))  # libjxl sets the codestream's orientation from EXIF
print("the JPEG:", by_pillow(jpeg.getvalue()))
print("saved by the plugin: libjxl", by_libjxl(saved.getvalue()), "plugin and exif_transpose", by_pillow(saved.getvalue()))
print("encoded by libjxl: libjxl", by_libjxl(encoded), "plugin and exif_transpose", by_pillow(encoded))

assert by_pillow(jpeg.getvalue()) == by_libjxl(encoded) == by_pillow(saved.getvalue()) == (32, 64)
assert by_libjxl(saved.getvalue()) == (64, 32), "the plugin writes the codestream's orientation now"
assert by_pillow(encoded) == (64, 32), "the plugin resets EXIF's orientation now"
PYTHON
