"""Measure marking of JPEGs: ``python -m benchmarks.imaging [--rounds N] [--before CHECKOUT] [PHOTO...]``.

Every contender marks every picture once per round, so that all run under the same load, and in a different order each
time, so that none always follows the same other one, whose process may still be busy. One core. Times are in
milliseconds; CPU, and its ratio to the floor's round by round, count all processes that work for a contender (but not
ImageMagick's). PSNR (dB) compares source and copy outside the mark.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops
from PIL.JpegImagePlugin import JpegImageFile

from benchmarks.contenders import Contender, Task, contenders, earlier_build, peak_memory
from benchmarks.processor import helper_seconds, tree_seconds
from tests.drawn import pictures
from zenoimg.imaging import Recipe
from zenoimg.imaging.marking.mark import overlay_for

Clock = Callable[[], float]
"""Processor seconds so far."""

DRAWN: dict[str, tuple[tuple[int, int], str, dict[str, Any], float]] = {
    "drawn 6 MP": ((3000, 2000), "RGB", {}, 0.80),
    "drawn 12 MP": ((4000, 3000), "RGB", {}, 0.65),
    "drawn 12 MP, turned": ((4000, 3000), "RGB", {"orientation": 6}, 0.65),
    "drawn 12 MP, 4:4:4": ((4000, 3000), "RGB", {"subsampling": 0}, 0.80),
    "drawn 12 MP, grey": ((4000, 3000), "L", {}, 0.85),
    "drawn 12 MP, progressive": ((4000, 3000), "RGB", {"progressive": True}, 0.90),
    "drawn 24 MP": ((6000, 4000), "RGB", {}, 0.65),
}
"""Size, mode and coding of drawn photos, and the most that marking one may cost, of decoding and encoding alone."""

TARGET = 0.80
"""The same for photos that are given."""

_FLOOR, _OURS, _BEFORE = "floor (Pillow decode + encode)", "zenoimg", "zenoimg before"


def main() -> None:
    """Measure and print the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="*", type=Path, help="JPEG files in addition to the drawn ones")
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--only", default="", help="drawn photos whose name holds this")
    parser.add_argument("--before", type=Path, help="a checkout of an earlier build, to measure in the same rounds")
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    os.environ["VIPS_CONCURRENCY"] = "1"
    chosen = {name: drawn for name, drawn in DRAWN.items() if arguments.only in name}
    files = {name: (drawn_photo(size, mode, coding), most) for name, (size, mode, coding, most) in chosen.items()}
    files |= {path.name: (path.read_bytes(), TARGET) for path in arguments.photos}
    above = []
    for name, (data, most) in files.items():
        with tempfile.TemporaryDirectory() as folder, ExitStack() as until:
            ways = contenders(Task.of(data), Path(folder), until)
            clocks: dict[str, Clock] = {_OURS: lambda: time.thread_time() + helper_seconds()}
            if arguments.before:
                target = Path(folder, "before.jpg")
                ways[_BEFORE], pid = earlier_build(arguments.before, Path(folder, "source.jpg"), target, until)
                clocks[_BEFORE] = lambda pid=pid: tree_seconds(pid)  # type: ignore[misc]
            ratio = compare(name, data, ways, clocks, arguments.rounds)
        print(f"  the target is {most}: {'met' if ratio <= most else 'MISSED'}")
        above += [name] if ratio > most else []
    print_memory({name: data for name, (data, _) in files.items()})
    print(f"\nTargets of processor time missed: {', '.join(above) or 'none'}")


def drawn_photo(size: tuple[int, int], mode: str, coding: dict[str, Any]) -> bytes:
    """Draw a photo-like JPEG: quality 90, 4:2:0 unless told otherwise, with EXIF and an ICC profile."""
    coding = {"quality": 90, **coding}
    segments = [
        pictures.exif_segment(pictures.exif(coding.pop("orientation", 1), gps=True, maker_note=True)),
        *([pictures.icc_segment(pictures.icc_profile())] if mode == "RGB" else []),
    ]
    return pictures.jpeg(pictures.photo(size, mode), segments, **coding)


def compare(name: str, data: bytes, ways: dict[str, Contender], clocks: dict[str, Clock], rounds: int) -> float:
    """Measure one picture and print its table; return our processor time relative to the floor's.

    Contenders without a clock of their own are measured in this thread only: threads of pyvips may still be working
    when the next contender has started.
    """
    copies = {way: run() for way, run in ways.items()}  # warms the caches as well
    times: dict[str, list[float]] = {way: [] for way in ways}
    processor: dict[str, list[float]] = {way: [] for way in ways}
    dice = random.Random(name)
    for _ in range(rounds):
        for way in dice.sample(list(ways), len(ways)):
            clock = clocks.get(way, time.thread_time)
            start, start_of_processor = time.perf_counter(), clock()
            ways[way]()
            times[way].append((time.perf_counter() - start) * 1000)
            processor[way].append((clock() - start_of_processor) * 1000)
    source = JpegImageFile(BytesIO(data))
    print(f"\n{name}: {source.width} x {source.height}, {len(data) / 1e6:.2f} MB, {rounds} rounds")
    print(f"  {'':34}{'median':>8}{'min':>8}{'CPU':>8}{'x floor':>9}{'size':>9}{'PSNR':>8}")
    ratios = {}
    for way, copy in copies.items():
        rounds_of = zip(processor[way], processor[_FLOOR], strict=True)
        ratios[way] = statistics.median(its / floors for its, floors in rounds_of)
        print(
            f"  {way:34}{statistics.median(times[way]):8.0f}{min(times[way]):8.0f}"
            f"{statistics.median(processor[way]):8.0f}{ratios[way]:9.3f}"
            f"{len(copy) / len(data):8.1%} {psnr_outside_mark(data, copy):7.2f}"
        )
    return ratios[_OURS]


def print_memory(files: dict[str, bytes]) -> None:
    """Print the peak memory of a new process and its helper for each picture."""
    print("\nPeak memory of a new process and its helper (MB; after the +, what the picture adds to the imports)")
    for name, data in files.items():
        print(f"  {name}")
        for label, way in ((_FLOOR, "floor"), (_OURS, "ours"), ("zenoimg, by pixels", "pixels")):
            peak, imports = peak_memory(way, data)
            print(f"    {label:34}{peak:8.0f}  +{peak - imports:.0f}")


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
