#!/usr/bin/env bash
# getexif() of a picture without EXIF has an orientation, taken from XMP; saving it turns the picture in browsers.
#
# Versions: Pillow 13.0.0. Seen on 2026-11-28.
# Expected: getexif() of a JPEG that has no EXIF segment is empty; a copy saved with exif=picture.getexif() looks as before.
# Seen: {274: 6} from tiff:Orientation in XMP, which browsers ignore. exif_transpose() turns the picture, and the saved copy
#   states the orientation in EXIF, where browsers do honour it.
# Concerns: who passes EXIF on with exif=picture.getexif(), and thumbnails by exif_transpose().
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
from io import BytesIO

from PIL import Image, ImageOps

XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>"""


def saved(picture: Image.Image, **options: object) -> bytes:
    out = BytesIO()
    picture.save(out, "JPEG", **options)
    return out.getvalue()


source = saved(Image.new("RGB", (40, 20), "red"), xmp=XMP)
assert b"Exif\0" not in source
picture = Image.open(BytesIO(source))
exif = dict(picture.getexif())
turned = ImageOps.exif_transpose(picture).size
copy = saved(picture, exif=picture.getexif())
print(f"getexif(): {exif}; exif_transpose: {picture.size} to {turned}; EXIF in the copy: {b'Exif' in copy}")
assert exif == {274: 6}, "XMP counts no longer"
assert turned == (20, 40)
assert dict(Image.open(BytesIO(copy)).getexif()) == {274: 6} and b"Exif\0" in copy and b"tiff:Orientation" not in copy
PYTHON
