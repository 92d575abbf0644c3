"""Measure the memory that pictures of each kind need: ``python -m benchmarks.memory [--megapixels N] [KIND...]``.

Noise, which compresses worst, with a mark over the whole picture, which touches all of it, each in a process of its
own that has marked a small picture of the same kind before. What is measured is the peak above that process's memory
before it read the file, the JPEG helper's memory included: file, copy and everything between.

What each writer states by ``Limits.check_memory`` must be at least what is measured here.
"""

from __future__ import annotations

import argparse
import os
import random
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops, ImageFile

from zenoimg.imaging import EncoderSettings, Limits, Recipe, WatermarkSpec, watermark
from zenoimg.imaging.memory import ObservedLimits

Size = tuple[int, int]
Draw = Callable[[Size], bytes]

SPARE = 16_000_000
"""Bytes that do not depend on a picture's size: they belong to what ``MEMORY_SHARE`` leaves."""

TILED = Recipe(watermark=WatermarkSpec(position="tile"))
CORNER = Recipe()
REENCODED = Recipe(watermark=WatermarkSpec(position="tile"), encoder=EncoderSettings(jpeg_quality=95))

_SAMPLE = """
import sys, time, pathlib
from benchmarks import memory
memory.in_child(sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]))
"""


def noise(size: Size, mode: str) -> Image.Image:
    """Return random pixels."""
    channels = len(Image.new(mode, (1, 1)).getbands())
    return Image.frombytes(mode, size, random.Random(1).randbytes(size[0] * size[1] * channels))


def saved(kind: str, mode: str, **options: Any) -> Draw:
    """Return what draws a file of Pillow's."""

    def draw(size: Size) -> bytes:
        encoded = BytesIO()
        ImageFile.MAXBLOCK = 1 << 28  # Pillow's own buffer is too small for progressive noise
        noise(size, mode).save(encoded, kind, **options)
        return encoded.getvalue()

    return draw


def animated(mode: str = "RGB", **options: Any) -> Draw:
    """Return what draws an animated AVIF of nine frames, more than libaom has references to."""

    def draw(size: Size) -> bytes:
        first, encoded = noise(size, mode), BytesIO()
        rest = [ImageChops.offset(first, step, step) for step in range(9, 81, 9)]
        options_of_all = {"speed": 10, "quality": 60, "duration": 50, **options}
        first.save(encoded, "AVIF", save_all=True, append_images=rest, **options_of_all)
        return encoded.getvalue()

    return draw


def png(color_type: int, depth: int, *, interlaced: bool = False) -> Draw:
    """Return what draws a PNG of random samples with Paeth's filter."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color_type]

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    def draw(size: Size) -> bytes:
        source = random.Random(2)
        grids = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
        compressor, packed = zlib.compressobj(1), []
        for left, top, across, down in grids if interlaced else [(0, 0, 1, 1)]:
            width, height = (size[0] - left + across - 1) // across, (size[1] - top + down - 1) // down
            stride = (width * channels * depth + 7) // 8
            packed += [compressor.compress(b"\4" + source.randbytes(stride)) for _ in range(height if width else 0)]
        head = struct.pack(">IIBBBBB", *size, depth, color_type, 0, 0, int(interlaced))
        palette = chunk(b"PLTE", source.randbytes(768)) if color_type == 3 else b""
        body = chunk(b"IDAT", b"".join(packed) + compressor.flush())
        return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + palette + body + chunk(b"IEND", b"")

    return draw


def tiff(samples: int, depth: int, photometric: int, *, deflated: bool = False, predictor: int = 1) -> Draw:
    """Return what draws a TIFF of random samples in one strip."""

    def draw(size: Size) -> bytes:
        data = random.Random(3).randbytes((size[0] * samples * depth + 7) // 8 * size[1])
        data = zlib.compress(data, 1) if deflated else data
        depths = struct.pack(f"<{samples}H", *[depth] * samples)
        entries: list[tuple[int, int, int, int | None]] = [
            (256, 4, 1, size[0]),
            (257, 4, 1, size[1]),
            (259, 3, 1, 8 if deflated else 1),
        ]
        entries += [(258, 3, samples, None if samples > 2 else depth | depth << 16), (262, 3, 1, photometric)]
        entries += [(273, 4, 1, 8 + len(depths)), (277, 3, 1, samples), (278, 4, 1, size[1]), (279, 4, 1, len(data))]
        entries += [(317, 3, 1, predictor)]
        packed = b"".join(
            struct.pack("<HHII", tag, kind, count, 8 if value is None else value)
            for tag, kind, count, value in sorted(entries)
        )
        at = 8 + len(depths) + len(data)
        at += at % 2
        head = b"II*\0" + struct.pack("<I", at) + depths + data
        return head.ljust(at, b"\0") + struct.pack("<H", len(entries)) + packed + bytes(4)

    return draw


def heif(mode: str, chroma: int) -> Draw:
    """Return what draws a HEIC, by x265 through pillow-heif, the extra that decodes it as well."""

    def draw(size: Size) -> bytes:
        import pillow_heif

        picture, encoded = noise(size, mode), BytesIO()
        pillow_heif.from_pillow(picture).save(
            encoded, quality=60, chroma=chroma, enc_params={"preset": "ultrafast"}, tile_size=512
        )
        return encoded.getvalue()

    return draw


KINDS: dict[str, tuple[Draw, Recipe]] = {
    "jpeg 4:2:0, blocks": (saved("JPEG", "RGB", quality=90), CORNER),
    "jpeg 4:4:4, blocks": (saved("JPEG", "RGB", quality=95, subsampling=0), CORNER),
    "jpeg grey, blocks": (saved("JPEG", "L", quality=95), CORNER),
    "jpeg inks, blocks": (saved("JPEG", "CMYK", quality=95), CORNER),
    "jpeg progressive, blocks": (saved("JPEG", "RGB", quality=90, progressive=True), CORNER),
    "jpeg 4:2:0, pixels": (saved("JPEG", "RGB", quality=90), TILED),
    "jpeg 4:4:4, pixels": (saved("JPEG", "RGB", quality=95, subsampling=0), TILED),
    "jpeg 4:2:0 of optimized tables, pixels": (saved("JPEG", "RGB", quality=90, optimize=True), TILED),
    "jpeg grey, pixels": (saved("JPEG", "L", quality=95), TILED),
    "jpeg inks, pixels": (saved("JPEG", "CMYK", quality=95), TILED),
    "jpeg inks progressive, pixels": (saved("JPEG", "CMYK", quality=95, progressive=True), TILED),
    "jpeg progressive, pixels": (saved("JPEG", "RGB", quality=90, progressive=True), TILED),
    "jpeg progressive 4:4:4, pixels": (saved("JPEG", "RGB", quality=95, subsampling=0, progressive=True), TILED),
    "jpeg at a quality": (saved("JPEG", "RGB", quality=90), REENCODED),
    "jpeg progressive 4:4:4 at a quality": (
        saved("JPEG", "RGB", quality=75, subsampling=0, progressive=True),
        REENCODED,
    ),
    "png 1": (png(0, 1), TILED),
    "png grey": (png(0, 8), TILED),
    "png grey 16": (png(0, 16), TILED),
    "png rgb": (png(2, 8), TILED),
    "png rgba": (png(6, 8), TILED),
    "png la": (png(4, 8), TILED),
    "png palette": (png(3, 8), TILED),
    "png palette 4": (png(3, 4), TILED),
    "png palette 4 interlaced": (png(3, 4, interlaced=True), TILED),
    "png rgb 16": (png(2, 16), TILED),
    "png la 16": (png(4, 16), TILED),
    "png rgba 16": (png(6, 16), TILED),
    "png grey interlaced": (png(0, 8, interlaced=True), TILED),
    "png grey 16 interlaced": (png(0, 16, interlaced=True), TILED),
    "png rgb interlaced": (png(2, 8, interlaced=True), TILED),
    "png rgba interlaced": (png(6, 8, interlaced=True), TILED),
    "png palette interlaced": (png(3, 8, interlaced=True), TILED),
    "png la 16 interlaced": (png(4, 16, interlaced=True), TILED),
    "png rgb 16 interlaced": (png(2, 16, interlaced=True), TILED),
    "png rgba 16 interlaced": (png(6, 16, interlaced=True), TILED),
    "tiff 1": (tiff(1, 1, 1), TILED),
    "tiff grey": (tiff(1, 8, 1), TILED),
    "tiff rgb": (tiff(3, 8, 2), TILED),
    "tiff rgb deflated": (tiff(3, 8, 2, deflated=True), TILED),
    "tiff rgb deflated, predicted": (tiff(3, 8, 2, deflated=True, predictor=2), TILED),
    "tiff inks": (tiff(4, 8, 5), TILED),
    "tiff grey 16": (tiff(1, 16, 1), TILED),
    "tiff rgb 16": (tiff(3, 16, 2), TILED),
    "tiff rgb 16 deflated, predicted": (tiff(3, 16, 2, deflated=True, predictor=2), TILED),
    "tiff inks 16": (tiff(4, 16, 5), TILED),
    "tiff palette": (saved("TIFF", "P"), TILED),
    "tiff lzw": (saved("TIFF", "RGB", compression="tiff_lzw"), TILED),
    "tiff jpeg": (saved("TIFF", "RGB", compression="jpeg", quality=90), TILED),
    "tiff group 4": (saved("TIFF", "1", compression="group4"), TILED),
    "avif 4:2:0": (saved("AVIF", "RGB", speed=10, quality=60), CORNER),
    "avif 4:2:0, coarse": (saved("AVIF", "RGB", speed=10, quality=10), CORNER),
    "avif 4:4:4": (saved("AVIF", "RGB", speed=10, quality=60, subsampling="4:4:4"), CORNER),
    "avif 4:4:4, coarse": (saved("AVIF", "RGB", speed=10, quality=10, subsampling="4:4:4"), CORNER),
    "avif 4:4:4 without loss": (saved("AVIF", "RGB", speed=10, quality=100, subsampling="4:4:4"), CORNER),
    "avif grey": (saved("AVIF", "L", speed=10, quality=60), CORNER),
    "avif with alpha": (saved("AVIF", "RGBA", speed=10, quality=60), CORNER),
    "avif 4:4:4 with alpha": (saved("AVIF", "RGBA", speed=10, quality=60, subsampling="4:4:4"), CORNER),
    "avif animated": (animated(), CORNER),
    "avif animated, coarse": (animated(quality=10), CORNER),
    "avif animated 4:4:4, coarse": (animated(subsampling="4:4:4", quality=10), CORNER),
    "avif animated 4:2:0 with alpha, coarse": (animated("RGBA", quality=10), CORNER),
    "avif animated with alpha": (animated("RGBA", subsampling="4:4:4"), CORNER),
    "avif animated with alpha, coarse": (animated("RGBA", subsampling="4:4:4", quality=10), CORNER),
    "bmp 24": (saved("BMP", "RGB"), TILED),
    "bmp 32": (saved("BMP", "RGBA"), TILED),
    "bmp grey": (saved("BMP", "L"), TILED),
    "bmp 1": (saved("BMP", "1"), TILED),
    "heif 4:2:0": (heif("RGB", 420), TILED),
    "heif 4:4:4": (heif("RGB", 444), TILED),
    "heif grey": (heif("L", 420), TILED),
    "heif with alpha": (heif("RGBA", 420), TILED),
}


def main() -> None:
    """Measure and print a line for each kind."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", help="names, or parts of names, of kinds")
    parser.add_argument("--megapixels", type=float, default=24.0)
    arguments = parser.parse_args()
    side = round((arguments.megapixels * 1e6 / 12) ** 0.5)
    size = (4 * side, 3 * side)
    for name in KINDS:
        if arguments.kinds and not any(part in name for part in arguments.kinds):
            continue
        measure(name, size)


def measure(name: str, size: Size) -> None:
    """Print what one kind needs, and what its writer says that it needs."""
    draw, recipe = KINDS[name]
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder, "small"), Path(folder, "large")
        small.write_bytes(draw((640, 480)))
        large.write_bytes(draw(size))
        command = [sys.executable, "-c", _SAMPLE, name, str(small), str(large)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
            assert child.stdin is not None
            assert child.stdout is not None
            before = int(child.stdout.readline())
            child.stdin.write(b"\n")
            child.stdin.close()
            most = before
            while child.poll() is None:
                most = max(most, taken(child.pid))
            highest = int(child.stdout.read())
        limits = ObservedLimits(Limits(max_bytes=1 << 40, max_memory=1 << 40, max_pixels=1 << 40))
        watermark_of(large.read_bytes(), recipe, limits)
        length = large.stat().st_size
    pixels, measured = size[0] * size[1], max(most, highest) - before
    verdict = "" if limits.needed + SPARE >= measured else "  TOO LITTLE"
    print(
        f"{name:40} {measured / 1e6:7.0f} MB {measured / pixels:6.2f} bytes a pixel; file {length / pixels:5.2f}; "
        f"stated {limits.needed / pixels:6.2f}{verdict}",
        flush=True,
    )


def watermark_of(data: bytes, recipe: Recipe, limits: Limits) -> None:
    """Mark a picture; its limits note what its writer says."""
    from zenoimg.imaging.formats import FORMATS
    from zenoimg.imaging.identify import identify

    found = identify(data)
    assert found is not None
    FORMATS[found.format].module("writer").watermarked(data, recipe, limits)


def in_child(name: str, small: Path, large: Path) -> None:
    """Mark a small picture, report the memory taken, then mark the large one and report the highest of this process."""
    recipe = KINDS[name][1]
    limits = Limits(max_bytes=1 << 40, max_memory=1 << 40)
    watermark(small.read_bytes(), recipe, limits)
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here on (proc(5))
    before = taken(os.getpid())
    print(before, flush=True)
    sys.stdin.readline()
    data = large.read_bytes()
    copy = watermark(data, recipe, limits)
    status = Path("/proc/self/status").read_text()
    print(int(status.split("VmHWM:")[1].split()[0]) * 1024 if copy else 0, flush=True)


def taken(pid: int) -> int:
    """Return the bytes of a process and its children, each shared page counted once."""
    found = 0
    try:
        for each in (pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())):
            rollup = Path(f"/proc/{each}/smaps_rollup").read_text()
            found += int(rollup.split("\nPss:")[1].split()[0]) * 1024
    except (OSError, IndexError):
        return 0
    return found


if __name__ == "__main__":
    main()
