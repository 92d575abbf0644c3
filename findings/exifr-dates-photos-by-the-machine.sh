#!/usr/bin/env bash
# exifr gives one photo another moment on each machine, although the photo's EXIF states its offset from UTC.
#
# Versions: exifr 7.1.3, exif-reader 2.0.3 (both npm), Pillow 13.0.0. Seen on 2026-11-29.
# Expected: DateTimeOriginal 09:00 with OffsetTimeOriginal +09:00 (EXIF 2.31, CIPA DC-008) is 00:00 UTC, as a Date is a moment;
#   without an offset, a string, as ExifReader returns it.
# Seen: the Date is 09:00 in the time zone of the machine: 09:00 UTC on a server, 14:00 UTC in New York, right in Tokyo alone.
#   OffsetTimeOriginal is read, returned beside it and not used. exif-reader, often used with the EXIF that sharp returns,
#   says 09:00 UTC everywhere. exifr's reviveValues: false returns the string.
# Concerns: photos of phones, which write the offset, in galleries that sort, group by day or expire by this date.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0
npm install --silent --no-audit --no-fund --prefix "$work" exifr@7.1.3 exif-reader@2.0.3 exifreader@4.46.0
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
from PIL import Image

exif = Image.Exif()
exif[0x010F] = "Camera"
exif.get_ifd(0x8769).update({0x9003: "2026:11:29 09:00:00", 0x9011: "+09:00"})  # DateTimeOriginal, OffsetTimeOriginal
Image.new("RGB", (16, 16), "red").save("photo.jpg", exif=exif)
with open("photo.exif", "wb") as file:
    file.write(exif.tobytes())
PYTHON
cat > run.mjs <<'JAVASCRIPT'
import exifReader from "exif-reader";
import exifr from "exifr";
import ExifReader from "exifreader";
import { readFileSync } from "node:fs";

const found = await exifr.parse("photo.jpg");
if (found.OffsetTimeOriginal !== "+09:00") throw new Error("exifr does not read the offset");
const text = ExifReader.load(readFileSync("photo.jpg")).DateTimeOriginal.description;
const other = exifReader(readFileSync("photo.exif")).Photo.DateTimeOriginal;
console.log([found.DateTimeOriginal.toISOString(), other.toISOString(), text].join(" | "));
JAVASCRIPT
for zone in UTC America/New_York Asia/Tokyo; do
    echo "$zone: $(TZ=$zone node run.mjs)" | tee -a seen.txt
done
diff seen.txt - <<'EXPECTED' || { echo "exifr uses the offset now" >&2; exit 1; }
UTC: 2026-11-29T09:00:00.000Z | 2026-11-29T09:00:00.000Z | 2026:11:29 09:00:00
America/New_York: 2026-11-29T14:00:00.000Z | 2026-11-29T09:00:00.000Z | 2026:11:29 09:00:00
Asia/Tokyo: 2026-11-29T00:00:00.000Z | 2026-11-29T09:00:00.000Z | 2026:11:29 09:00:00
EXPECTED
