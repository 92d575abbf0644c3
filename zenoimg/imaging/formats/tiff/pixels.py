"""Convert the bytes of TIFF rows to channels and back, losslessly.

A channel is a Pillow picture with one sample per pixel: ``L`` for up to 8 bits (fewer are scaled to 0 to 255, except
palette indices) and ``I;16`` for 16.
"""

from __future__ import annotations

from PIL import Image, ImageChops, ImageMath

from zenoimg.imaging.formats.tiff.layout import Layout

Channels = list[Image.Image]


def channels_of(data: bytes, layout: Layout, rows: int, order: str) -> Channels:
    """Return the channels of a segment's rows, ``rows`` x ``layout.row_bytes`` bytes; ``order`` is ``<`` or ``>``."""
    size = layout.segment_width, rows
    if layout.depth < 8:
        return [Image.frombytes("L", size, _spread(data, layout, rows))]
    samples = layout.segment_samples
    if layout.depth == 8:
        channels = [Image.frombytes("L", size, data[index::samples]) for index in range(samples)]
    else:
        low, high = (0, 1) if order == "<" else (1, 0)
        channels = [
            _sixteen(size, data[2 * index + low :: 2 * samples], data[2 * index + high :: 2 * samples])
            for index in range(samples)
        ]
    return [_summed(channel) for channel in channels] if layout.predictor == 2 else channels


def bytes_of(channels: Channels, layout: Layout, order: str) -> bytes:
    """Return the bytes of rows: the inverse of ``channels_of``."""
    if layout.predictor == 2:
        channels = [_differences(channel) for channel in channels]
    if layout.depth < 8:
        return _gathered(channels[0], layout)
    samples = layout.segment_samples
    data = bytearray(layout.row_bytes * channels[0].height)
    for index, channel in enumerate(channels):
        if layout.depth == 8:
            data[index::samples] = channel.tobytes()
            continue
        pairs = channel.tobytes()  # little-endian
        low, high = (0, 1) if order == "<" else (1, 0)
        data[2 * index + low :: 2 * samples] = pairs[0::2]
        data[2 * index + high :: 2 * samples] = pairs[1::2]
    return bytes(data)


def _sixteen(size: tuple[int, int], low: bytes, high: bytes) -> Image.Image:
    halves = [Image.frombytes("L", size, half) for half in (low, high)]
    return Image.frombytes("I;16", size, Image.merge("LA", halves).tobytes())


def _spread(data: bytes, layout: Layout, rows: int) -> bytes:
    """Return a byte per pixel for samples of 1, 2 or 4 bits."""
    depth, most = layout.depth, (1 << layout.depth) - 1
    scale = 1 if layout.mode == "P" else 255 // most
    per_byte = 8 // depth
    spread = bytearray(len(data) * per_byte)
    for index in range(per_byte):
        shift = 8 - depth * (index + 1)
        spread[index::per_byte] = bytes(data).translate(bytes((byte >> shift & most) * scale for byte in range(256)))
    padded = layout.row_bytes * per_byte
    if padded == layout.segment_width:
        return bytes(spread)
    return b"".join(spread[row * padded : row * padded + layout.segment_width] for row in range(rows))


def _gathered(channel: Image.Image, layout: Layout) -> bytes:
    """Return samples of 1, 2 or 4 bits from a byte per pixel."""
    depth, most = layout.depth, (1 << layout.depth) - 1
    scale = 1 if layout.mode == "P" else 255 // most
    per_byte = 8 // depth
    padded = Image.new("L", (layout.row_bytes * per_byte, channel.height))
    padded.paste(channel, (0, 0))
    flat = padded.tobytes()
    gathered = Image.new("L", (layout.row_bytes, channel.height))
    for index in range(per_byte):
        shift = 8 - depth * (index + 1)
        table = bytes((byte // scale & most) << shift for byte in range(256))
        part = Image.frombytes("L", gathered.size, flat[index::per_byte].translate(table))
        gathered = ImageChops.add(gathered, part)
    return gathered.tobytes()


def _summed(channel: Image.Image) -> Image.Image:
    """Return a channel without horizontal differencing (TIFF 6.0, section 14): each sample is a running sum.

    Sums of two neighbours, then four, eight …: as many passes as the width has bits.
    """
    step = 1
    while step < channel.width:
        channel = _combined(channel, _shifted(channel, step), 1)
        step *= 2
    return channel


def _differences(channel: Image.Image) -> Image.Image:
    return _combined(channel, _shifted(channel, 1), -1)


def _shifted(channel: Image.Image, step: int) -> Image.Image:
    shifted = Image.new(channel.mode, channel.size)
    shifted.paste(channel, (step, 0))
    return shifted


def _combined(one: Image.Image, other: Image.Image, sign: int) -> Image.Image:
    """Return the sum (the difference if ``sign`` is -1) modulo the samples' range."""
    if one.mode == "L":
        return ImageChops.add_modulo(one, other) if sign > 0 else ImageChops.subtract_modulo(one, other)
    combined: Image.Image = ImageMath.lambda_eval(
        lambda names: (names["one"] + names["other"] * sign) & 0xFFFF, one=one.convert("I"), other=other.convert("I")
    )
    return combined.convert("I;16")
