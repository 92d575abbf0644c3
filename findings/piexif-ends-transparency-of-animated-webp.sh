#!/usr/bin/env bash
# piexif.insert into a transparent animated WebP declares it opaque: Pillow and OpenCV then read it without its alpha.
#
# Versions: piexif 1.1.3, Pillow 13.0.0, OpenCV 5.0.0 (opencv-python-headless 5.0.0.93). Seen on 2026-11-29.
# Expected: inserting EXIF, for which piexif documents WebP, sets the EXIF flag of VP8X and leaves the others; still pictures keep theirs.
# Seen: flags 0x12 (animation, alpha) become 0x0a (animation, EXIF): piexif builds them anew and finds alpha in still frames only. It
#   also puts EXIF in front of ANIM, where the container's specification has it behind the frames. Transparent pixels become black ones,
#   and piexif.remove does not bring them back. libvips looks into the frames and is not affected.
# Concerns: who stamps stickers with a copyright; the frames are still there, so a count of frames shows nothing.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check piexif==1.1.3 pillow==13.0.0 opencv-python-headless==5.0.0.93 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
from io import BytesIO

import cv2
import numpy
import piexif
from PIL import Image

EXIF = piexif.dump({"0th": {piexif.ImageIFD.Copyright: b"A. Photographer"}})
frames = [Image.new("RGBA", (32, 32), (255, 0, 0, alpha)) for alpha in (0, 128)]


def read(data: bytes) -> tuple[int, str, int, int]:
    """Return the flags of VP8X, Pillow's mode and count of frames, and OpenCV's count of channels."""
    assert data[12:16] == b"VP8X"
    picture = Image.open(BytesIO(data))
    picture.load()
    return data[20], picture.mode, picture.n_frames, cv2.imdecode(numpy.frombuffer(data, numpy.uint8), -1).shape[2]


results = {}
for name, options in (("animated", {"save_all": True, "append_images": frames[1:]}), ("still", {"exif": EXIF})):
    source, stamped, removed = BytesIO(), BytesIO(), BytesIO()
    frames[0].save(source, "WEBP", lossless=True, **options)
    piexif.insert(EXIF, source.getvalue(), stamped)
    piexif.remove(stamped.getvalue(), removed)
    results[name] = read(source.getvalue()), read(stamped.getvalue())
    print(f"{name}: {results[name][0]} -> {results[name][1]}")
    if name == "animated":
        assert Image.open(removed).mode == "RGB"

assert results["still"][1] == (0x18, "RGBA", 1, 4)
assert results["animated"][0] == (0x12, "RGBA", 2, 4)
assert results["animated"][1] == (0x0A, "RGB", 2, 3), "piexif keeps the flag for alpha now"
PYTHON
