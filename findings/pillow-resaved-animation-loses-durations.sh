#!/usr/bin/env bash
# An animated AVIF that is opened and saved plays at 1 ms a frame; a WebP at its first frame's duration.
#
# Versions: Pillow 13.0.0 (libavif and libwebp of its wheel). Seen on 2026-11-28.
# Expected: Image.open(...).save(..., save_all=True) keeps 100, 500 and 2000 ms, as GIF and PNG do.
# Seen: AVIF 1, 1, 1 ms; WebP 100, 100, 100 ms.
# Concerns: everybody who re-saves animations; the frames are right, so nobody notices on a still.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import io

from PIL import Image

DURATIONS = [100, 500, 2000]
frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "green", "blue")]


def durations(data: bytes) -> list[int]:
    picture, found = Image.open(io.BytesIO(data)), []
    for index in range(picture.n_frames):
        picture.seek(index)
        picture.load()
        found.append(round(picture.info["duration"]))
    return found


seen = {}
for name in ("GIF", "PNG", "WEBP", "AVIF"):
    source, copy = io.BytesIO(), io.BytesIO()
    frames[0].save(source, name, save_all=True, append_images=frames[1:], duration=DURATIONS)
    assert durations(source.getvalue()) == DURATIONS
    Image.open(io.BytesIO(source.getvalue())).save(copy, name, save_all=True)
    seen[name] = durations(copy.getvalue())
    print(name, DURATIONS, "->", seen[name])

assert seen == {"GIF": DURATIONS, "PNG": DURATIONS, "WEBP": [100] * 3, "AVIF": [1] * 3}, "durations changed"
PYTHON
