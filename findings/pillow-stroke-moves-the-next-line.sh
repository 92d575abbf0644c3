#!/usr/bin/env bash
# stroke_width changes where the second line of a text is drawn, by two pixels for each pixel of stroke.
#
# Versions: Pillow 13.0.0. Seen on 2026-11-28.
# Expected: a stroke grows each letter in place: an outline that is drawn first, with stroke_width, lies around the same text drawn
#   over it without, in the second line as in the first.
# Seen: lines of 43 pixels become lines of 51 with a stroke of 4, and of 59 with 8; spacing=-2 * stroke_width + 4 undoes it.
# Concerns: who draws outline and text as layers of their own, for example with different opacity.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
from PIL import Image, ImageDraw, ImageFont

FONT = ImageFont.load_default(40)


def tops(stroke: int, spacing: float = 4) -> list[int]:
    """The first row of each line of two, letters without their stroke."""
    picture = Image.new("L", (100, 200))
    draw = ImageDraw.Draw(picture)
    draw.multiline_text((20, 20), "H\nH", 255, FONT, spacing=spacing, stroke_width=stroke, stroke_fill=0)
    rows = [y for y in range(200) if picture.crop((0, y, 100, y + 1)).getbbox()]
    return [y for y in rows if y - 1 not in rows]


seen = {stroke: tops(stroke) for stroke in (0, 4, 8)}
undone = [tops(stroke, 4 - 2 * stroke) for stroke in (0, 4, 8)]
print(seen, undone)
distances = [second - first for first, second in seen.values()]
assert len({first for first, _ in seen.values()}) == 1, "the first line moves as well now"
assert [each - distances[0] for each in distances] == [0, 8, 16], "lines are placed in another way now"
assert undone == [seen[0]] * 3
PYTHON
