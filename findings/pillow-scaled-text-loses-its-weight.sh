#!/usr/bin/env bash
# Text that Pillow scales into a box loses its weight: wrap(…, scaling="shrink") draws in Regular what was set in Black.
#
# Versions: Pillow 13.0.0 (FreeType 2.14.3), the variable font Inter (npm @fontsource-variable/inter 5.3.0). Seen on 2026-11-29.
# Expected: scaling changes the size; font_variant(size=…), documented as "a copy of this FreeTypeFont object, using any specified
#   arguments to override the settings", keeps the axes that set_variation_by_axes set, and so does pickle.
# Seen: all three are back at the font's default, 400 for 900, without a word. The same wrap() without scaling, or with scaling that
#   turns out not to be needed, keeps the weight: it depends on the length of the text.
# Concerns: captions and watermarks in a variable font, which most new fonts are.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0
npm install --silent --no-audit --no-fund --prefix "$work" @fontsource-variable/inter@5.3.0
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import pickle

from PIL import ImageFont
from PIL.ImageText import Text

PATH = "node_modules/@fontsource-variable/inter/files/inter-latin-wght-normal.woff2"
WEIGHTS = {400: "Regular", 700: "Bold", 900: "Black"}


def font(size: float, weight: int) -> ImageFont.FreeTypeFont:
    made = ImageFont.truetype(PATH, size)
    made.set_variation_by_axes([weight])
    return made


def weight(used: ImageFont.FreeTypeFont) -> str:
    """Return the weight in which the font draws, by the width of its letters."""
    return next(name for value, name in WEIGHTS.items() if used.getlength("Copyright") == font(used.size, value).getlength("Copyright"))


def wrapped(text: str, *arguments: object) -> ImageFont.FreeTypeFont:
    made = Text(text, font(40, 900))
    made.wrap(*arguments)
    return made.font


assert weight(font(40, 900)) == "Black"
found = {
    "wrap": wrapped("Copyright", 600, 60),
    "wrap, shrink, not needed": wrapped("Copyright", 600, 60, "shrink"),
    "wrap, shrink": wrapped("Copyright", 600, 36, "shrink"),
    "wrap, grow": wrapped("Copyright", 600, 80, "grow"),
    "font_variant": font(40, 900).font_variant(size=30),
    "pickle": pickle.loads(pickle.dumps(font(40, 900))),
}
for action, used in found.items():
    print(f"{action}: size {used.size}, {weight(used)}")

kept = {action for action, used in found.items() if weight(used) == "Black"}
assert kept == {"wrap", "wrap, shrink, not needed"}, "the weight is kept now"
PYTHON
