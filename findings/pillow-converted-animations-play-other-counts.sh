#!/usr/bin/env bash
# Pillow changes how often an animation plays: GIF to APNG loses one round, and anything to WebP plays for ever.
#
# Versions: Pillow 13.0.0, OpenCV 5.0.0 (opencv-python-headless 5.0.0.93) to count. Seen on 2026-11-29.
# Expected: Image.open(...).save(..., save_all=True) keeps the count, as from GIF to GIF, or converts it: a GIF's number says how often
#   it is repeated, APNG's and WebP's how often it is played.
# Seen: the number is copied between GIF and APNG: a GIF that plays three times plays twice as APNG, and an APNG of two rounds three times
#   as GIF. A GIF that plays once has no number, and plays for ever as APNG. As WebP all play for ever, even WebP itself: its writer
#   does not look at info["loop"], which GIF's and PNG's do.
# Concerns: converters of stickers and banners. Passing loop=info["loop"] on is the obvious cure, and off by one from GIF.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 opencv-python-headless==5.0.0.93 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import cv2
from PIL import Image

frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "green", "blue")]


def plays(name: str) -> int:
    """Return how often the animation plays; 0 is without end."""
    read, animation = cv2.imreadanimation(name)
    assert read and len(animation.frames) == 3
    return animation.loop_count


found = {}
for each, times in (("gif", 1), ("gif", 2), ("gif", 3), ("png", 2), ("webp", 2)):
    loop = {} if times == 1 else {"loop": times - 1 if each == "gif" else times}
    frames[0].save(f"source.{each}", save_all=True, append_images=frames[1:], duration=100, **loop)
    assert plays(f"source.{each}") == times
    for other in ("gif", "png", "webp"):
        Image.open(f"source.{each}").save(f"copy.{other}", save_all=True)
        found[each, times, other] = plays(f"copy.{other}")
    print(f"{each} that plays {times} times:", {other: found[each, times, other] for other in ("gif", "png", "webp")})

assert [found["gif", times, "gif"] for times in (1, 2, 3)] == [1, 2, 3]
assert found["png", 2, "gif"] == 3, "APNG to GIF keeps the count now"
assert [found["gif", times, "png"] for times in (1, 2, 3)] == [0, 1, 2], "GIF to APNG keeps the count now"
assert [found[each, times, "webp"] for each, times in (("gif", 1), ("gif", 3), ("png", 2), ("webp", 2))] == [0] * 4, "WebP ends now"
PYTHON
