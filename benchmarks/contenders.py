"""Ways to draw the same mark on a JPEG: ours, the lower bound, the tutorials' script, and other installed tools."""

from __future__ import annotations

import importlib
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont
from PIL.JpegImagePlugin import JpegImageFile, get_sampling

from zenoimg.imaging import Recipe, watermark
from zenoimg.imaging.formats.jpeg.coefficients import editor
from zenoimg.imaging.marking.mark import overlay_for

_ORIENTATION = 0x0112
_SHARP = """
const sharp = require('sharp'); const fs = require('fs');
sharp.cache(false); sharp.concurrency(1);
const task = JSON.parse(process.argv[1]);
require('readline').createInterface({input: process.stdin}).on('line', async () => {
  const data = await sharp(fs.readFileSync(task.source), {limitInputPixels: false})
    .composite([{input: task.mark, left: task.left, top: task.top}]).keepMetadata()
    .jpeg({quality: task.quality, chromaSubsampling: task.sampling, optimiseCoding: false}).toBuffer();
  fs.writeFileSync(task.target, data); console.log('done');
});
"""


@dataclass(frozen=True)
class Task:
    """A JPEG, its mark as a PNG, and where the mark goes in stored pixels; ``quality`` is libjpeg's scale."""

    data: bytes
    mark: bytes
    left: int
    top: int
    quality: int
    subsampling: int

    @classmethod
    def of(cls, data: bytes) -> Task:
        """Read the parameters of all contenders from the file."""
        picture = JpegImageFile(BytesIO(data))
        orientation = picture.getexif().get(_ORIENTATION, 1)
        overlay = overlay_for(Recipe().watermark, picture.size, orientation)
        mark = BytesIO()
        overlay.mark.save(mark, "PNG")
        left, top, _, _ = overlay.boxes[0]
        quality = _quality(picture.quantization[0])
        return cls(data, mark.getvalue(), left, top, quality, max(0, get_sampling(picture)))


Contender = Callable[[], bytes]
"""Marks the picture once and returns the copy."""


def floor(task: Task) -> bytes:
    """Decode and encode with Pillow, with the same tables, sampling and metadata, without a mark."""
    picture = JpegImageFile(BytesIO(task.data))
    picture.load()  # saving a picture that is not loaded yet copies it, which would make the floor too high
    encoded = BytesIO()
    kept = {name: picture.info[name] for name in ("exif", "icc_profile") if name in picture.info}
    picture.save(
        encoded,
        "JPEG",
        qtables=picture.quantization,
        subsampling=task.subsampling,
        progressive="progressive" in picture.info,
        **kept,
    )
    return encoded.getvalue()


def ours(task: Task) -> bytes:
    """Mark like the pipeline."""
    return watermark(task.data).data


def tutorial(task: Task) -> bytes:
    """Mark like most tutorials: text on a transparent layer of the photo's size, and default settings."""
    photo = Image.open(BytesIO(task.data)).convert("RGBA")
    layer = Image.new("RGBA", photo.size, (255, 255, 255, 0))
    draw = ImageDraw.Draw(layer)
    font = ImageFont.load_default(size=int(min(photo.size) * 0.06))
    box = draw.textbbox((0, 0), "© zeno", font=font)
    margin = int(min(photo.size) * 0.03)
    corner = photo.width - box[2] - margin, photo.height - box[3] - margin
    draw.text(corner, "© zeno", font=font, fill=(255, 255, 255, 153))
    encoded = BytesIO()
    Image.alpha_composite(photo, layer).convert("RGB").save(encoded, "JPEG")
    return encoded.getvalue()


def contenders(task: Task, folder: Path, until: ExitStack) -> dict[str, Contender]:
    """Return all installed contenders; tools that need files find them in ``folder``.

    Processes that serve several rounds end with ``until``.
    """
    found: dict[str, Contender] = {
        "floor (Pillow decode + encode)": lambda: floor(task),
        "zenoimg": lambda: ours(task),
        "tutorial script (RGBA overlay)": lambda: tutorial(task),
    }
    source, mark = folder / "source.jpg", folder / "mark.png"
    source.write_bytes(task.data)
    mark.write_bytes(task.mark)
    magick = shutil.which("magick") or shutil.which("convert")
    if magick and b"ImageMagick" in subprocess.run([magick, "-version"], capture_output=True, check=False).stdout:
        found["ImageMagick (a process each)"] = _imagemagick(magick, task, source, mark)
    if importlib.util.find_spec("pyvips"):
        found["pyvips"] = _pyvips(task)
    node = shutil.which("node")
    if node and subprocess.run([node, "-e", "require('sharp')"], capture_output=True, check=False).returncode == 0:
        found["sharp"] = _sharp(node, task, folder, until)
    return found


def _imagemagick(program: str, task: Task, source: Path, mark: Path) -> Contender:
    sampling = ("1x1", "2x1", "2x2")[task.subsampling]
    where = f"+{task.left}+{task.top}"
    options = ["-geometry", where, "-composite", "-sampling-factor", sampling, "-quality", str(task.quality)]

    def run() -> bytes:
        # One core and no OpenMP threads; the quality of the source, which it would estimate by itself as well.
        command = [program, "-limit", "thread", "1", str(source), str(mark), *options, "jpg:-"]
        return subprocess.run(command, capture_output=True, check=True).stdout

    return run


def _pyvips(task: Task) -> Contender:
    pyvips: Any = importlib.import_module("pyvips")

    def run() -> bytes:
        photo = pyvips.Image.new_from_buffer(task.data, "", access="sequential")
        mark = pyvips.Image.new_from_buffer(task.mark, "")
        copy = photo.composite2(mark, "over", x=task.left, y=task.top).flatten()
        encoded = copy.jpegsave_buffer(Q=task.quality, subsample_mode="off" if task.subsampling == 0 else "on")
        return bytes(encoded)

    return run


def _sharp(node: str, task: Task, folder: Path, until: ExitStack) -> Contender:
    """Use one process for all rounds: a server would not start Node for each photo."""
    target = folder / "sharp.jpg"
    told = {
        "source": str(folder / "source.jpg"),
        "mark": str(folder / "mark.png"),
        "target": str(target),
        "left": task.left,
        "top": task.top,
        "quality": task.quality,
        "sampling": "4:4:4" if task.subsampling == 0 else "4:2:0",
    }
    command = [node, "-e", _SHARP, json.dumps(told)]
    process = until.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))

    def run() -> bytes:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("\n")
        process.stdin.flush()
        if process.stdout.readline().strip() != "done":
            raise RuntimeError("sharp failed; its message is above")
        return target.read_bytes()

    return run


def _quality(table: list[int]) -> int:
    """Estimate the quality for which libjpeg makes such a luminance table, from its mean."""
    usual = Image.new("L", (8, 8))
    tables = {}
    for quality in range(1, 101):
        encoded = BytesIO()
        usual.save(encoded, "JPEG", quality=quality)
        tables[quality] = sum(JpegImageFile(BytesIO(encoded.getvalue())).quantization[0])
    return min(tables, key=lambda quality: abs(tables[quality] - sum(table)))


def earlier_build(folder: Path, source: Path, target: Path, until: ExitStack) -> tuple[Contender, int]:
    """Return what a checkout in ``folder`` does, in a process of its own that serves all rounds, and its number."""
    command = [sys.executable, "-c", _EARLIER, str(source), str(target)]
    process = until.enter_context(
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder)
    )

    def run() -> bytes:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("\n")
        process.stdin.flush()
        if process.stdout.readline().strip() != "done":
            raise RuntimeError(f"the build in {folder} failed; its message is above")
        return target.read_bytes()

    return run, process.pid


_EARLIER = """
import sys
from pathlib import Path
sys.path.insert(0, "")
from zenoimg.imaging import watermark
data = Path(sys.argv[1]).read_bytes()
for _ in sys.stdin:
    Path(sys.argv[2]).write_bytes(watermark(data).data)
    print("done", flush=True)
"""


def pixels(task: Task) -> bytes:
    """What the pipeline does where pictures cannot be marked by their coefficients."""
    editor.bundled_libjpeg = lambda: None  # type: ignore[assignment, attr-defined]
    return watermark(task.data).data


def peak_memory(way: str, data: bytes) -> tuple[float, float]:
    """Return the peak memory in MB of a new process and its helper, and of one that only imports what it needs."""
    with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
        file.write(data)
        file.flush()
        return _peak(way, file.name), _peak("imports", file.name)


def _peak(way: str, name: str) -> float:
    done = subprocess.run([sys.executable, "-c", _PEAK, way, name], capture_output=True, text=True, check=True)
    return int(done.stdout) / 1000


# Linux passes getrusage's peak on from the parent process; /proc starts at zero (proc(5), VmHWM).
_PEAK = """
import pathlib, re, resource, sys
from benchmarks import contenders, processor
data = open(sys.argv[2], "rb").read()
if sys.argv[1] != "imports":
    getattr(contenders, sys.argv[1])(contenders.Task(data, b"", 0, 0, 90, 2))
status = pathlib.Path("/proc/self/status")
own = re.search(r"VmHWM:\\s+(\\d+) kB", status.read_text()) if status.exists() else None
print(int(own[1]) + processor.helper_peaks() // 1024 if own else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
