#!/usr/bin/env bash
# Chromium ignores an HDR gain map that XMP declares in its second rdf:Description, although RDF gives both the same meaning.
#
# Versions: Chromium 156.0 (Debian's package, needs apt), Playwright 1.64, Pillow 13.0.0. Seen on 2026-11-29.
# Expected: hdrgm:Version and the map's directory count wherever they are in the packet: descriptions with the same rdf:about are one
#   (ISO 16684-1), and many writers start a new one for each namespace.
# Seen: with an earlier description that declares xmlns:hdrgm for anything else, the picture shows in standard range. The same two
#   descriptions in the other order, or both in one, show HDR. libultrahdr and ExifTool find the map in all three.
# Concerns: who adds a description of their own to a packet, as many editors do.
set -euo pipefail
command -v chromium >/dev/null || { echo "needs chromium: apt-get install chromium"; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 playwright==1.64.0
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import base64
import shutil
import struct
from io import BytesIO

from PIL import Image
from playwright.sync_api import sync_playwright

NAMES = (
    'xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" xmlns:Container="http://ns.google.com/photos/1.0/container/" '
    'xmlns:Item="http://ns.google.com/photos/1.0/container/item/"'
)
GAIN = {"Version": "1.0", "GainMapMin": 0, "GainMapMax": 2, "Gamma": 1, "OffsetSDR": 0.015625, "OffsetHDR": 0.015625}
GAIN |= {"HDRCapacityMin": 0, "HDRCapacityMax": 2, "BaseRenditionIsHDR": "False"}
LEVEL = """async url => {
    const picture = new Image();
    picture.src = url;
    await picture.decode();
    const drawing = document.createElement("canvas").getContext("2d", {colorSpace: "rec2100-hlg", colorType: "float16"});
    drawing.drawImage(picture, 0, 0);
    return drawing.getImageData(4, 4, 1, 1, {colorSpace: "rec2100-hlg", pixelFormat: "rgba-float16"}).data[0];
}"""


def segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def jpeg(picture: Image.Image, *descriptions: str) -> bytes:
    out = BytesIO()
    picture.save(out, "JPEG")
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        + "".join(f'<rdf:Description rdf:about="" {NAMES} {each}</rdf:Description>' for each in descriptions)
        + "</rdf:RDF></x:xmpmeta>"
    )
    return out.getvalue()[:2] + segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet.encode()) + out.getvalue()[2:]


def with_map(picture: bytes, gain_map: bytes) -> bytes:
    """Append the map, and list both pictures as CIPA DC-007 does (MPF), without which Chromium looks for no map."""
    at = 4 + struct.unpack(">H", picture[4:6])[0]  # after the first segment
    tags = struct.pack(">HHI4sHHII", 0xB000, 7, 4, b"0100", 0xB001, 4, 1, 2) + struct.pack(">HHII", 0xB002, 7, 32, 50)
    head = b"MPF\0MM\0*" + struct.pack(">IH", 8, 3) + tags + bytes(4)
    length = len(picture) + 4 + len(head) + 32
    entries = struct.pack(">IIIHH", 0x20030000, length, 0, 0, 0)
    entries += struct.pack(">IIIHH", 0, len(gain_map), length - (at + 8), 0, 0)
    return picture[:at] + segment(0xE2, head + entries) + picture[at:] + gain_map


gain = "".join(f' hdrgm:{name}="{value}"' for name, value in GAIN.items())
gain_map = jpeg(Image.new("L", (80, 60), 255), f"{gain}>")
item = '<rdf:li rdf:parseType="Resource"><Container:Item Item:Mime="image/jpeg" Item:Semantic='
declared = (
    f'hdrgm:Version="1.0"><Container:Directory><rdf:Seq>{item}"Primary"/></rdf:li>'
    f'{item}"GainMap" Item:Length="{len(gain_map)}"/></rdf:li></rdf:Seq></Container:Directory>'
)
other = 'xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="a scan">'
picture = Image.new("RGB", (320, 240), (128, 128, 128))
arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--force-color-profile=hdr10"]
arguments.append("--enable-experimental-web-platform-features")
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
    page = browser.new_page()

    def level(*descriptions: str) -> float:
        data = with_map(jpeg(picture, *descriptions), gain_map)
        return page.evaluate(LEVEL, "data:image/jpeg;base64," + base64.b64encode(data).decode())

    levels = {
        "alone": level(declared),
        "first of two": level(declared, other),
        "second of two": level(other, declared),
        "not declared": level(other),
    }
    print(f"Chromium {browser.version}: {levels}")
    browser.close()
assert levels["alone"] == levels["first of two"] > levels["not declared"] + 0.05
assert levels["second of two"] == levels["not declared"], "the second description is read now"
PYTHON
