#!/usr/bin/env bash
# img2pdf and PDFKit put a logo of up to 16 colours with transparency into a PDF as nothing at all.
#
# Versions: img2pdf 0.6.3, PDFKit 0.20.2 (npm), pdf-lib 1.17.1 (npm), pypdfium2 5.15.2, Pillow 13.0.0. Seen on 2026-11-29.
# Expected: a PNG with a palette and tRNS (PNG 3rd edition, 11.2.2 and 11.3.1.1) is drawn with its transparent colour left out;
#   img2pdf promises to be lossless.
# Seen: pdf-lib draws the logo. img2pdf declares its mask of 8 bits a pixel with the palette's depth, so a reader unpacks four pixels from
#   the byte of one; PDFKit looks bytes that hold several pixels up in the table of transparencies. Here both masks leave nothing
#   visible. With a palette of 256 colours, thus 8 bits a pixel, all three are right. Nothing is raised.
# Concerns: invoices and certificates: Pillow, pngquant and oxipng store flat logos with 1, 2 or 4 bits a pixel to save space.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 img2pdf==0.6.3 pikepdf==10.18.0 pypdfium2==5.15.2
npm install --silent --no-audit --no-fund --prefix "$work" pdfkit@0.20.2 pdf-lib@1.17.1
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import logging

import img2pdf
from PIL import Image, ImageDraw

logging.disable()

palette = [250, 250, 0, 200, 30, 40, 30, 160, 40, 20, 60, 220]
for name, colours in (("few", 4), ("many", 256)):
    logo = Image.new("P", (64, 64), 0)
    for index in range(1, 4):
        ImageDraw.Draw(logo).rectangle((index * 16, 0, index * 16 + 15, 63), fill=index)
    logo.putpalette((palette * 64)[: colours * 3])
    logo.save(f"{name}.png", transparency=bytes([0, 255, 255, 255]))
    with open(f"img2pdf-{name}.pdf", "wb") as file:
        file.write(img2pdf.convert(f"{name}.png"))
PYTHON
cat > write.mjs <<'JAVASCRIPT'
import { createWriteStream, readFileSync, writeFileSync } from "node:fs";

import { PDFDocument } from "pdf-lib";
import PDFKit from "pdfkit";

for (const name of ["few", "many"]) {
    const logo = new Uint8Array(readFileSync(`${name}.png`));
    const kit = new PDFKit({ size: [64, 64], margin: 0 });
    kit.pipe(createWriteStream(`PDFKit-${name}.pdf`));
    kit.image(`${name}.png`, 0, 0, { width: 64, height: 64 }).end();
    const other = await PDFDocument.create();
    other.addPage([64, 64]).drawImage(await other.embedPng(logo), { x: 0, y: 0, width: 64, height: 64 });
    writeFileSync(`pdf-lib-${name}.pdf`, await other.save());
}
JAVASCRIPT
node write.mjs
"$work/venv/bin/python" - <<'PYTHON'
import pypdfium2
from PIL import Image

Columns = list[tuple[int, ...]]
LOGO: Columns = [(255, 255, 255), (200, 30, 40), (30, 160, 40), (20, 60, 220)]
NOTHING: Columns = [(255, 255, 255)] * 4


def columns(file: str) -> Columns:
    """Return what PDFium draws on white in the middle of the page's four columns."""
    drawn = pypdfium2.PdfDocument(file)[0].render().to_pil().convert("RGB")
    return [drawn.getpixel((drawn.width * eighth // 8, drawn.height // 2)) for eighth in (1, 3, 5, 7)]


for name, depth in (("few", 2), ("many", 8)):
    with open(f"{name}.png", "rb") as file:
        assert file.read(25)[24] == depth
    with Image.open(f"{name}.png") as logo:
        assert logo.convert("RGBA").getpixel((24, 32)) == (200, 30, 40, 255)
for program in ("pdf-lib", "img2pdf", "PDFKit"):
    few, many = columns(f"{program}-few.pdf"), columns(f"{program}-many.pdf")
    print(program, "4 colours:", *few, "256 colours:", *many)
    assert many == LOGO
    assert few == (LOGO if program == "pdf-lib" else NOTHING), f"{program} draws the logo now"
PYTHON
