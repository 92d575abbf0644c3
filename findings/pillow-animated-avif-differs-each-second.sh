#!/usr/bin/env bash
# The same animation saved twice as AVIF has other bytes a second later; a still picture has the same.
#
# Versions: Pillow 13.0.0 (libavif 1.4). Seen on 2026-11-28.
# Expected: the same frames, options and version, with max_threads=1, give the same bytes, as for all other formats of Pillow.
# Seen: six bytes differ: the creation and modification times of the movie, the track and the media. No option sets them.
# Concerns: who caches, compares or deduplicates files by their hash, and reproducible builds.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import time
from io import BytesIO

from PIL import Image

frames = [Image.new("RGB", (64, 64), color) for color in ("red", "green", "blue")]


def saved(**options: object) -> bytes:
    out = BytesIO()
    frames[0].save(out, "AVIF", max_threads=1, **options)
    return out.getvalue()


animated = {"save_all": True, "append_images": frames[1:], "duration": 100}
before = saved(), saved(**animated)
time.sleep(1.1)
after = saved(), saved(**animated)
differing = [at for at, (old, new) in enumerate(zip(before[1], after[1])) if old != new]
print(f"still: {before[0] == after[0]}; animated: bytes {differing} of {len(before[1])}")
assert before[0] == after[0]
assert len(differing) >= 6, "an animation has the same bytes now"
for at in differing:
    nearest = max(before[1].rfind(kind, 0, at) for kind in (b"mvhd", b"tkhd", b"mdhd"))
    assert 0 < at - nearest < 24, "something else differs, too"
PYTHON
