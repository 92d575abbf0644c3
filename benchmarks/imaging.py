"""Measure marking of JPEGs: ``python -m benchmarks.imaging [--rounds N] [PHOTO...]``.

Every contender marks every picture once per round, so that all run under the same load, and in a different order each
time, so that none always follows the same other one, whose process may still be busy. One core. Times are in
milliseconds; PSNR (dB) compares source and copy outside the mark.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import statistics
import tempfile
import time
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageChops
from PIL.JpegImagePlugin import JpegImageFile

from benchmarks.contenders import Contender, Task, contenders, peak_memory
from tests.drawn import pictures
from zenoimg.imaging import Recipe
from zenoimg.imaging.mark import overlay_for

DRAWN = {
    "drawn 6 MP": ((3000, 2000), 1),
    "drawn 12 MP": ((4000, 3000), 1),
    "drawn 12 MP, turned": ((4000, 3000), 6),
    "drawn 24 MP": ((6000, 4000), 1),
}
TARGET = 1.05
"""Maximum cost of marking relative to decoding and encoding alone."""

_FLOOR, _OURS = "floor (Pillow decode + encode)", "zenoimg"


def main() -> None:
    """Measure and print the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="*", type=Path, help="JPEG files in addition to the drawn ones")
    parser.add_argument("--rounds", type=int, default=21)
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    os.environ["VIPS_CONCURRENCY"] = "1"
    files = {name: drawn_photo(*what) for name, what in DRAWN.items()}
    files |= {path.name: path.read_bytes() for path in arguments.photos}
    worst = 0.0
    for name, data in files.items():
        with tempfile.TemporaryDirectory() as folder, ExitStack() as until:
            ways = contenders(Task.of(data), Path(folder), until)
            ratio = compare(name, data, ways, arguments.rounds)
        worst = max(worst, ratio)
    print_memory(files["drawn 24 MP"])
    verdict = "within" if worst <= TARGET else "ABOVE"
    print(f"\nMost processor time, relative to the floor: {worst:.3f}, {verdict} the target of {TARGET}")


def drawn_photo(size: tuple[int, int], orientation: int) -> bytes:
    """Draw a photo-like JPEG: quality 90, 4:2:0, with EXIF and an ICC profile."""
    segments = [
        pictures.exif_segment(pictures.exif(orientation, gps=True, maker_note=True)),
        pictures.icc_segment(pictures.icc_profile()),
    ]
    return pictures.jpeg(pictures.photo(size), segments, quality=90)


def compare(name: str, data: bytes, ways: dict[str, Contender], rounds: int) -> float:
    """Measure one picture and print its table; return our processor time relative to the lower bound's."""
    copies = {way: run() for way, run in ways.items()}  # warms the caches as well
    times: dict[str, list[float]] = {way: [] for way in ways}
    # Of this thread only: threads of pyvips may still be working when the next contender has started.
    processor: dict[str, list[float]] = {way: [] for way in ways}
    dice = random.Random(name)
    for _ in range(rounds):
        for way in dice.sample(list(ways), len(ways)):
            start, start_of_processor = time.perf_counter(), time.thread_time()
            ways[way]()
            times[way].append((time.perf_counter() - start) * 1000)
            processor[way].append((time.thread_time() - start_of_processor) * 1000)
    source = JpegImageFile(BytesIO(data))
    print(f"\n{name}: {source.width} x {source.height}, {len(data) / 1e6:.2f} MB, {rounds} rounds")
    print(f"  {'':34}{'median':>8}{'min':>8}{'x floor':>9}{'size':>9}{'PSNR':>8}")
    floor = statistics.median(times[_FLOOR])
    for way, copy in copies.items():
        median = statistics.median(times[way])
        print(
            f"  {way:34}{median:8.0f}{min(times[way]):8.0f}{median / floor:9.3f}"
            f"{len(copy) / len(data):8.1%} {psnr_outside_mark(data, copy):7.2f}"
        )
    least = min(times[_OURS]) / min(times[_FLOOR])
    rounds_of = zip(processor[_OURS], processor[_FLOOR], strict=True)
    ratio = statistics.median(mine / its for mine, its in rounds_of)
    print(
        f"  zenoimg / floor: {statistics.median(times[_OURS]) / floor:.3f} by medians, {least:.3f} by minima, "
        f"{ratio:.3f} by processor time, round by round"
    )
    return ratio


def print_memory(data: bytes) -> None:
    """Print the peak memory of a new process for one picture."""
    print("\nPeak memory of a new process, drawn 24 MP (MB; after the +, what the picture adds to the imports)")
    for label, way in ((_FLOOR, "floor"), (_OURS, "ours"), ("tutorial script (RGBA overlay)", "tutorial")):
        peak, imports = peak_memory(way, data)
        print(f"  {label:34}{peak:8.0f}  +{peak - imports:.0f}")


def psnr_outside_mark(before: bytes, after: bytes) -> float:
    """Return the PSNR of the pixels outside the default mark's box and the blocks around it, over all channels."""
    one, other = Image.open(BytesIO(before)), Image.open(BytesIO(after))
    orientation = one.getexif().get(0x0112, 1)
    first, second = one.convert("RGB"), other.convert("RGB")
    mask = Image.new("L", first.size, 255)
    left, top, right, bottom = overlay_for(Recipe().watermark, first.size, orientation).boxes[0]
    mask.paste(0, (left - 32, top - 32, right + 32, bottom + 32))
    # The tutorial's mark is in the stored corner, whatever the photo's orientation.
    mask.paste(0, (first.width * 3 // 5, first.height * 4 // 5, first.width, first.height))
    counts = ImageChops.difference(first, second).histogram(mask)
    error = sum(count * (index % 256) ** 2 for index, count in enumerate(counts)) / sum(counts)
    return math.inf if error == 0 else 10 * math.log10(255 * 255 / error)


if __name__ == "__main__":
    main()
