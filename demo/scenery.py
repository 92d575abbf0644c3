"""Draw the sample photos of the demo: a lake at dusk, a lighthouse at night, and a transparent picture of an orange.

Everything is computed (gradients, octaves of seeded noise, polygons), so that the demo has pictures of a camera's size
and texture without anyone's copyright or likeness. The same seed draws the same pixels. Lengths are fractions of the
picture's size, so that a scene can be drawn at any size.
"""

from __future__ import annotations

from pathlib import Path

from PIL import ExifTags, Image

from demo.lake import draw_lake
from demo.lighthouse import draw_lighthouse
from demo.orange import draw_orange


def draw(folder: Path, *, long_side: int = 4000) -> list[Path]:
    """Write the three photos into a folder and return their paths; the longer side has ``long_side`` pixels.

    ``lake.jpg`` is in landscape format; ``lighthouse.jpg`` is stored rotated with an EXIF orientation, as cameras do;
    ``orange.png`` has a transparent background.
    """
    folder.mkdir(parents=True, exist_ok=True)
    size = (long_side, long_side * 3 // 4)
    lake, lighthouse, orange = (folder / name for name in ("lake.jpg", "lighthouse.jpg", "orange.png"))
    draw_lake(size, seed=7).save(lake, quality=90, exif=camera_exif(1, "2025:06:12 21:14:05"), dpi=(300, 300))
    stored = draw_lighthouse((size[1], size[0]), seed=11).transpose(Image.Transpose.ROTATE_90)
    stored.save(lighthouse, quality=90, exif=camera_exif(6, "2025:06:12 23:41:38"), dpi=(300, 300))
    draw_orange(size, seed=5).save(orange, compress_level=4, dpi=(300, 300))
    return [lake, lighthouse, orange]


def camera_exif(orientation: int, taken: str) -> Image.Exif:
    """Return EXIF as cameras write it, for a fictitious camera."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "zenoimg"
    exif[ExifTags.Base.Model] = "Scenery 1"
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.DateTime] = taken
    exif.get_ifd(ExifTags.IFD.Exif).update(
        {
            ExifTags.Base.DateTimeOriginal: taken,
            ExifTags.Base.ExposureTime: (1, 60),
            ExifTags.Base.FNumber: (28, 10),
            ExifTags.Base.ISOSpeedRatings: 400,
            ExifTags.Base.FocalLength: (35, 1),
            ExifTags.Base.LensModel: "Scenery 35mm f/2.8",
        }
    )
    return exif
