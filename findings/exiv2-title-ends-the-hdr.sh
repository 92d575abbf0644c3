#!/usr/bin/env bash
# Giving an Ultra HDR photo a title by Exiv2 ends its HDR in Chromium; the same title is harmless where the MPF index comes later.
#
# Versions: pyexiv2 2.16.0 (Exiv2 0.28.8), libultrahdr 1.4.0 (imagecodecs 2026.3.6), Chromium 156.0 (Debian's package, needs apt),
#   Playwright 1.64. Seen on 2026-11-29.
# Expected: editing metadata leaves the pictures alone, as ExifTool's title does, which goes in front of the index.
# Seen: Exiv2 puts XMP, EXIF and IPTC behind JFIF, so between the MPF index that libultrahdr writes first and the map, and leaves the
#   offset in the index, which counts from the index, as it was: Chromium shows standard range. Pixels, size and Exiv2's own view of
#   the file are fine. With the index in front of the scan, as Pixel phones write it, the title moves index and map alike.
# Concerns: who captions or tags photos in bulk by Exiv2 or a program on top of it.
set -euo pipefail
command -v chromium >/dev/null || { echo "needs chromium: apt-get install chromium"; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pyexiv2==2.16.0 imagecodecs==2026.3.6 numpy==2.4.6 playwright==1.64.0
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import base64
import shutil
import struct

import imagecodecs
import numpy
import pyexiv2
from playwright.sync_api import sync_playwright

LEVEL = """async url => {
    const picture = new Image();
    picture.src = url;
    await picture.decode();
    const drawing = document.createElement("canvas").getContext("2d", {colorSpace: "rec2100-hlg", colorType: "float16"});
    drawing.drawImage(picture, 0, 0);
    return drawing.getImageData(4, 4, 1, 1, {colorSpace: "rec2100-hlg", pixelFormat: "rgba-float16"}).data[0];
}"""


def with_index_last(photo: bytes) -> bytes:
    """Return the photo with its MPF segment moved in front of the scan, and the offset in it (entry 2 at byte 24) corrected."""
    at, scan = photo.index(b"MPF\0MM\0*") - 4, photo.index(b"\xff\xda")
    length = struct.unpack(">H", photo[at + 2 : at + 4])[0] + 2
    moved = photo[:at] + photo[at + length : scan] + photo[at : at + length] + photo[scan:]
    index = moved.index(b"MPF\0MM\0*") + 4
    entries = index + struct.unpack(">I", moved[moved.index(b"\xb0\x02", index) + 8 :][:4])[0]
    return moved[: entries + 24] + struct.pack(">I", moved.rindex(b"\xff\xd8\xff") - index) + moved[entries + 28 :]


def titled(photo: bytes) -> bytes:
    with pyexiv2.ImageData(photo) as image:
        image.modify_xmp({"Xmp.dc.title": {'lang="x-default"': "Sunset"}})
        return image.get_bytes()


linear = numpy.full((240, 320, 4), 0.2, numpy.float16)
linear[:, 160:, :3] = 4.0
linear[..., 3] = 1
first = imagecodecs.ultrahdr_encode(linear)
last = with_index_last(first)
files = {"index first": first, "index first, titled": titled(first), "index last": last, "index last, titled": titled(last)}
arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--force-color-profile=hdr10"]
arguments.append("--enable-experimental-web-platform-features")
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
    page = browser.new_page()
    levels = {name: page.evaluate(LEVEL, "data:image/jpeg;base64," + base64.b64encode(data).decode()) for name, data in files.items()}
    print(f"Exiv2 {pyexiv2.__exiv2_version__}, Chromium {browser.version}: {levels}")
    browser.close()

assert levels["index first"] == levels["index last"] == levels["index last, titled"]
assert abs(levels["index first, titled"] - levels["index first"]) > 0.05, "the titled photo keeps its HDR now"
PYTHON
