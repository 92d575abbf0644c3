"""Galleries of drawn pictures, created by the product's own code, for browser tests and for pictures in the docs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

from PIL import Image

from tests.drawn.pictures import jpeg, photo
from tests.records import record
from zenoimg.imaging import Limits, Recipe, watermark
from zenoimg.operations.gallery.album import Album, write
from zenoimg.operations.gallery.files import FOLDER, Pictures, stems_of
from zenoimg.operations.gallery.pictures import shown, thumbnail
from zenoimg.operations.output.directory import OutputDirectory
from zenoimg.pipeline.records import ImageRecord

LIMITS = Limits()
HOSTILE = [
    "</script><script>alert(1)</script>.jpg",
    '"><img src=x onerror=alert(1)>.jpg',
    "javascript:alert(1)//#&image=a.jpg",
    "a\u202egpj.exe",
]
NOTE = "the gain map (HDR) was left out"


@dataclass(frozen=True)
class Made:
    """A page on disk, and its ids in the order shown."""

    page: Path
    ids: list[str]


def varied(out: Path) -> Made:
    """Return two dozen images of various shapes, statuses, notes, formats, and with hostile ids."""
    images = [
        processed(out, f"travel/day {number}/photo-{number}.jpg", photo(size, seed=number), number)
        for number, size in enumerate([(900, 600), (600, 900), (1200, 400), (640, 640)] * 4)
    ]
    images[2] = replace(images[2], record=replace(images[2].record, warnings=(NOTE, "another note")))
    images[5] = replace(images[5], record=replace(images[5].record, warnings=(NOTE,)))
    images += [processed(out, image_id, photo((480, 320), seed=30), 40) for image_id in HOSTILE]
    images.append(tiff(out, "scans/page.tif"))
    refused = replace(
        record("broken/letter.heic", status="refused"),
        error="unsupported-format: HEIF in PQ (HDR) is not supported; HEIF in standard range is",
    )
    images.append(Pictures(refused))
    images.append(Pictures(replace(record("broken/cut.jpg", status="refused"), created_at=_time(90))))
    failed = replace(record("busy.jpg", status="failed"), error="throttled: DynamoDB asked to slow down")
    images.append(Pictures(failed))
    gone = replace(images[0], record=replace(images[0].record, image_id="gone.jpg"), after=None, small=None)
    images.append(replace(gone, problem="its copy is gone", is_unsettled=True))
    return written(out, images)


def many(out: Path, count: int) -> Made:
    """Return a number of images with the content of a few."""
    few = [processed(out, f"{number}.jpg", photo((600, 400), seed=number), number) for number in range(8)]
    images = []
    for number in range(count):
        like = few[number % len(few)]
        made = replace(like.record, image_id=f"set-{number // 100}/photo-{number:04}.jpg", created_at=_time(number))
        stems = stems_of(made, originals=True)
        paths = []
        for stem, path in zip(stems, (like.before, like.after, like.small), strict=True):
            assert path is not None
            paths.append(f"{FOLDER}/{stem}{Path(path).suffix}")
            (out / paths[-1]).hardlink_to(out / path)
        images.append(Pictures(made, *paths))
    return written(out, images)


def empty(out: Path) -> Made:
    """Return the page of an empty pipeline."""
    return written(out, [])


def processed(out: Path, image_id: str, picture: Image.Image, minutes: int) -> Pictures:
    """Return a JPEG with its copy, as made by the pipeline."""
    return of_files(out, image_id, jpeg(picture, quality=90), minutes)


def of_files(out: Path, image_id: str, original: bytes, minutes: int) -> Pictures:
    """Return an original with its copy, written as by the gallery."""
    copy = watermark(original, Recipe(), LIMITS)
    made = replace(
        record(image_id),
        created_at=_time(minutes),
        updated_at=_time(minutes),
        original_size=len(original),
        processed_size=len(copy.data),
        format=copy.format,
        width=copy.width,
        height=copy.height,
        frames=copy.frames,
        warnings=copy.warnings,
        duration_ms=640,
    )
    return Pictures(made, *_files(out, made, original, copy.data))


def tiff(out: Path, image_id: str) -> Pictures:
    """Return a TIFF, which browsers do not show."""
    encoded = BytesIO()
    photo((500, 700), seed=50).save(encoded, "TIFF", compression="tiff_lzw")
    return of_files(out, image_id, encoded.getvalue(), 50)


def _files(out: Path, made: ImageRecord, original: bytes, copy: bytes) -> tuple[str, str, str]:
    folder = out / FOLDER
    folder.mkdir(exist_ok=True)
    stems = stems_of(made, originals=True)
    before, after = shown(original, LIMITS), shown(copy, LIMITS)
    names = (f"{stems.before}.{before.extension}", f"{stems.after}.{after.extension}", f"{stems.small}.webp")
    for name, data in zip(names, (before.data, after.data, thumbnail(after.data, LIMITS)), strict=True):
        (folder / name).write_bytes(data)
    return f"{FOLDER}/{names[0]}", f"{FOLDER}/{names[1]}", f"{FOLDER}/{names[2]}"


def written(out: Path, images: list[Pictures]) -> Made:
    """Write the page of these images, the newest first."""
    images = sorted(images, key=lambda each: each.record.created_at, reverse=True)
    album = Album("zeno", "in eu-west-1", "2025-06-12T18:00:00Z", images, recipe="00ff00ff00ff00ff", total=len(images))
    return Made(write(OutputDirectory(out), out, album), [each.record.image_id for each in images])


def _time(minutes: int) -> str:
    """Return the time a number of minutes before the page was made."""
    hours, rest = divmod(17 * 60 + 50 - minutes % 1000, 60)
    return f"2025-06-{12 - minutes // 1000:02}T{hours:02}:{rest:02}:00Z"
