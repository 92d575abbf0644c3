"""Answer the requests to the HEIF helper: decode one picture of a file to 8 bits per sample."""

from __future__ import annotations

import mmap
import os
import resource
import sys
from importlib import import_module
from typing import Any

from .messages import FAILED, MODES, NO_MEMORY, PIXELS, REQUEST, TOO_LARGE, Pixels, Request

_DONE = 0
_LONGEST_TEXT = 500
_UNSPECIFIED = 2
_DEEP_GREY = "I;16"


def start(_control: mmap.mmap, arguments: list[str]) -> _Worker | None:
    """Return the function that answers requests, or ``None`` without pillow-heif. Arguments are package directories."""
    sys.path += arguments
    try:
        library = import_module("pillow_heif")
    except ImportError:
        return None
    # A Lambda function has one processor, and each thread would need memory of its own.
    library.options.DECODE_THREADS = 1
    library.options.THUMBNAILS = library.options.DEPTH_IMAGES = False
    return _Worker(library)


class _Worker:
    greeting = 0
    request_bytes = REQUEST.size

    def __init__(self, library: Any) -> None:
        self._library = library

    def answer(self, request: bytes, data: mmap.mmap, at: int) -> tuple[int, int]:
        asked = Request(*REQUEST.unpack(request))
        usual = resource.getrlimit(resource.RLIMIT_AS)
        _bound_memory(asked.memory, usual[1])
        try:
            return self._answer(asked, data, at)
        finally:  # the next picture is mapped before it is requested
            resource.setrlimit(resource.RLIMIT_AS, usual)

    def _answer(self, asked: Request, data: mmap.mmap, at: int) -> tuple[int, int]:
        try:
            head, pixels = self._decoded(data[at : at + asked.length], asked.item)
        except MemoryError:
            return NO_MEMORY, 0
        except Exception as failure:  # noqa: BLE001 - the library raises errors of many types
            text = str(failure).strip()[:_LONGEST_TEXT]
            if "emory allocation" in text:
                return NO_MEMORY, 0
            encoded = (text or type(failure).__name__).encode()[: asked.capacity]
            data[at : at + len(encoded)] = encoded
            return FAILED, len(encoded)
        length = PIXELS.size + len(pixels)
        if length > asked.capacity:
            return TOO_LARGE, 0
        data[at : at + PIXELS.size] = PIXELS.pack(*head)
        data[at + PIXELS.size : at + length] = pixels
        return _DONE, length

    def _decoded(self, file: bytes, item: int) -> tuple[Pixels, bytes]:
        opened = self._library.open_heif(file, convert_hdr_to_8bit=True)
        picture = opened[opened.primary_index]
        colours = picture.info.get("nclx_profile") or {}
        if item:
            picture = picture.get_aux_image(item)
        pixels: bytes = picture.data
        mode, stride = picture.mode, picture.stride
        if mode == _DEEP_GREY:  # libheif scales grey of more than 8 bits to 16 bits, whatever is requested
            mode, stride, pixels = "L", stride // 2, bytes(pixels[1::2])
        width, height = picture.size
        head = Pixels(
            MODES.index(mode),
            width,
            height,
            stride,
            int(colours.get("color_primaries", _UNSPECIFIED)),
            int(colours.get("transfer_characteristics", _UNSPECIFIED)),
        )
        return head, pixels


def _bound_memory(more: int, hard: int) -> None:
    """Limit the address space to what is mapped now plus ``more`` bytes; only Linux reports what is mapped."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - pathlib is not imported here
            mapped = int(statm.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (mapped + more, hard))
    except (OSError, ValueError):
        return
