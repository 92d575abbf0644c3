#!/usr/bin/env bash
# Pillow's text wrapping breaks lines exactly where a no-break space forbids it.
#
# Versions: Pillow 13.0.0. Seen on 2026-11-29.
# Expected: ImageText.Text.wrap() breaks at spaces, and keeps what U+00A0, U+202F or U+2007 join on one line (Unicode's UAX 14, class GL:
#   "prohibit line breaks before and after"); that is what they are typed for.
# Seen: "(c)" ends a line and the name begins the next one, for all three as for a plain space: whatever is white space to Python's \s
#   is a place to break.
# Concerns: copyright lines, and French, whose spaces before ":" and "!" are narrow no-break spaces: the mark begins a line alone.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
from PIL import ImageFont
from PIL.ImageText import Text

FONT = ImageFont.load_default(24)


def lines(text: str, widest: str) -> list[str]:
    """Return the lines of the text in a box into which this much fits."""
    made = Text(text, FONT)
    made.wrap(int(FONT.getlength(widest)) + 2)
    return made.text.split("\n")


joined = {}
for name, space in {"space": " ", "U+00A0": "\u00a0", "U+202F": "\u202f", "U+2007": "\u2007"}.items():
    joined[name] = lines(f"Photo (c){space}Mueller", f"Photo (c){space}Mue")
    print(name, joined[name])

assert joined["space"] == ["Photo (c)", "Mueller"]
for name, found in joined.items():
    assert found == ["Photo (c)", "Mueller"], f"{name} joins now"
PYTHON
