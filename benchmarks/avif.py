"""Measure copies of AVIFs: ``python -m benchmarks.avif [--quality N] [--speed N] [AVIF...]``.

Prints, for the files and those of folders, the quantizers of source and copy, the copy's size relative to its source,
its PSNR outside the mark, and the processor time of the whole, of one core. Without files, drawn photos of 1 and 12
megapixels are measured, coded finely and coarsely.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from PIL import ImageFilter

from benchmarks.imaging import psnr_outside_mark
from tests.drawn import pictures
from zenoimg.imaging import EncoderSettings, Recipe, Refused, watermark
from zenoimg.imaging.formats.avif.header import read_header


def main() -> None:
    """Measure and print a line for each file, then how many copies are how large."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--quality", type=int, help="one of libavif's qualities; default: the source's quantizer")
    parser.add_argument("--speed", type=int, help="libavif's speed; default: by the picture's size")
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    settings = EncoderSettings(
        avif_quality="source" if arguments.quality is None else arguments.quality,
        avif_speed="auto" if arguments.speed is None else arguments.speed,
    )
    growths = []
    print(f"{'':40}{'bytes':>9} {'quantizers':>24}{'size':>7}{'dB':>7}{'CPU s':>7}")
    for name, data in given(arguments.files) if arguments.files else drawn():
        start = time.process_time()
        try:
            done = watermark(data, Recipe(encoder=settings))
        except Refused as refusal:
            print(f"{name:40} {refusal}")
            continue
        seconds = time.process_time() - start
        indices = [read_header(each).quantizers for each in (data, done.data)]
        change = " > ".join(f"{each.colour}, {each.alpha}" for each in indices)
        growths.append(len(done.data) / len(data))
        print(
            f"{name:40}{len(data):9} {change:>24}{growths[-1]:7.2f}{psnr_outside_mark(data, done.data):7.1f}"
            f"{seconds:7.2f}  {'; '.join(done.warnings)}"
        )
    for most in (1.25, 1.5):
        print(f"{sum(growth <= most for growth in growths)} of {len(growths)} copies are at most {most} times as large")


def given(files: list[Path]) -> Iterator[tuple[str, bytes]]:
    """Yield the names and contents of files and of those in folders."""
    for path in files:
        for each in sorted(path.iterdir()) if path.is_dir() else [path]:
            yield each.name[-40:], each.read_bytes()


def drawn() -> Iterator[tuple[str, bytes]]:
    """Yield drawn photos."""
    for size in ((1200, 900), (4000, 3000)):
        picture = pictures.photo(size).filter(ImageFilter.GaussianBlur(1))
        for quality in (80, 50, 20):
            encoded = BytesIO()
            picture.save(encoded, "AVIF", quality=quality, speed=8, max_threads=1)
            yield f"drawn {size[0] * size[1] / 1e6:.0f} MP, quality {quality}", encoded.getvalue()


if __name__ == "__main__":
    main()
