"""Prepare a GIF for delivery to a browser."""

from __future__ import annotations

from dataclasses import replace

from zenoimg.imaging.formats.gif.blocks import APPLICATION, GifFrame, read_gif, write_gif
from zenoimg.imaging.formats.gif.metadata import LOOPS


def without_metadata(data: bytes) -> bytes:
    """Return the file with only its frames and loop count."""
    source = read_gif(data)
    kept = [
        block
        for block in source.blocks
        if isinstance(block, GifFrame) or (block.label == APPLICATION and block.blocks[1:12] in LOOPS)
    ]
    return write_gif(replace(source, blocks=tuple(kept)))
