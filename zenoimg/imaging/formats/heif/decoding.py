"""Decode the pixels of a HEIF in a helper process."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from PIL import Image

from zenoimg.imaging.errors import DECODER_MISSING, Refused
from zenoimg.imaging.formats.heif.availability import NOT_INSTALLED
from zenoimg.imaging.formats.heif.worker import messages
from zenoimg.imaging.formats.heif.worker.messages import PIXELS, PRIMARY, REQUEST, Pixels, Request
from zenoimg.imaging.marking.placement import Size
from zenoimg.imaging.processes.child_process import Helper, UnusableLibraryError
from zenoimg.imaging.processes.pool import pool_of
from zenoimg.imaging.processes.serving.wire import DONE

_FOLDER = str(Path(__file__).parent)
_DOING = "decoding it"
_CHANNELS = 4
_SPARE_BYTES = 1 << 16
_SPARE_MEMORY = 128 << 20
_MEMORY_A_PIXEL = 24
"""Twice the memory that decoding takes: the bound is meant for files that lie about their size, not for large ones."""


def decoded(data: bytes, size: Size, coded_pixels: int, item: int = PRIMARY) -> tuple[Image.Image, Pixels]:
    """Return a picture of a file in its display orientation, and the helper's description of it.

    ``size`` is the maximum size; ``coded_pixels`` the number of pixels that must be decoded; ``item`` the item
    number, unless it is the primary picture. Raises ``Refused``: ``corrupt`` for a damaged file,
    ``decoder-missing`` without pillow-heif; also what ``Pool.work`` raises.
    """
    space = max(len(data), size[0] * size[1] * _CHANNELS + PIXELS.size) + _SPARE_BYTES
    memory = _MEMORY_A_PIXEL * coded_pixels + len(data) + _SPARE_MEMORY
    request = Request(len(data), space, memory, item)

    def work(helper: Helper) -> tuple[Image.Image, Pixels] | str:
        helper.room_for(space)
        answer = helper.ask(REQUEST.pack(*request), [data], _cpu_microseconds(len(data), coded_pixels))
        if answer.code != DONE:
            return _problem(answer.code, helper.copy(answer.length))
        with helper.data(answer.length) as view:
            head = Pixels(*PIXELS.unpack_from(view))
            mode = messages.MODES[head.mode]
            with view[PIXELS.size :] as pixels:
                picture = Image.frombytes(mode, (head.width, head.height), pixels, "raw", mode, head.stride)
        return (picture.convert("RGBA") if mode == "RGBa" else picture), head

    try:
        result = pool_of(_started, "HEIF").work(work, _DOING, crashes_tell=True)
    except UnusableLibraryError:
        raise Refused(DECODER_MISSING, NOT_INSTALLED) from None
    if isinstance(result, str):
        raise Refused("corrupt", result)
    return result


def _problem(code: int, text: bytes) -> str:
    if code == messages.TOO_LARGE:
        return "it has more pixels than its boxes say"
    if code == messages.NO_MEMORY:
        return f"{_DOING} takes far more memory than a picture of its size does"
    return f"cannot be decoded as HEIF: {text.decode(errors='replace')}"


def _started() -> Helper:
    """Return a helper process that has this process's package directories."""
    found = [find_spec(name) for name in ("pillow_heif", "PIL")]
    places = {str(Path(spec.origin).parents[1]): None for spec in found if spec and spec.origin}
    if len([spec for spec in found if spec]) < len(found):
        raise UnusableLibraryError
    return Helper("HEIF", _FOLDER, list(places))


def _cpu_microseconds(length: int, pixels: int) -> int:
    """Return a bound far above what an intact picture takes: about 0.05 µs per pixel, ten times that on an emulator."""
    return 5_000_000 + length + pixels
