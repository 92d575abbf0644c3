"""Write the metadata of a map that does not come from a JPEG as segments: ISO 21496-1, and Adobe's XMP."""

from __future__ import annotations

import struct

from zenoimg.imaging.formats.jpeg.gain_map.metadata import ISO, GainMapMetadata, UnknownMapError
from zenoimg.imaging.formats.jpeg.stream import APP1, APP2, Segment
from zenoimg.imaging.formats.jpeg.xmp import XMP
from zenoimg.imaging.metadata.names import GAIN_MAP_NS
from zenoimg.imaging.metadata.xmp import with_description

_MULTICHANNEL, _BASE_COLOURS = 0x80, 0x40
_SCALE = 1 << 20


def stating_segments(metadata: GainMapMetadata) -> list[Segment]:
    """Return the segments of the map's JPEG. Android 14 reads only XMP, newer software reads ISO's.

    Raises ``UnknownMapError`` for numbers that cannot be represented as the fractions written here.
    """
    return [Segment(APP1, XMP + _packet(metadata)), Segment(APP2, ISO + iso_payload(metadata))]


def iso_payload(metadata: GainMapMetadata) -> bytes:
    """Return the metadata in the form of ISO 21496-1, annex C: numerators and denominators."""
    flags = (_BASE_COLOURS if metadata.in_base_colours else 0) | (_MULTICHANNEL if len(metadata.channels) > 1 else 0)
    rows: list[tuple[str, tuple[float, ...]]] = [("II", metadata.stated_headrooms)]
    for channel in metadata.channels:
        numbers = (channel.low, channel.high, channel.gamma, channel.offset_sdr, channel.offset_hdr)
        rows.append(("iiIii", numbers))
    try:
        fractions = [
            struct.pack(f">{sign}I", round(number * _SCALE), _SCALE)
            for signs, numbers in rows
            for sign, number in zip(signs, numbers, strict=True)
        ]
    except struct.error as failure:
        raise UnknownMapError("its metadata are beyond what a picture can have") from failure
    return struct.pack(">HHB", 0, 0, flags) + b"".join(fractions)


def _packet(metadata: GainMapMetadata) -> bytes:
    columns = {
        "GainMapMin": [channel.low for channel in metadata.channels],
        "GainMapMax": [channel.high for channel in metadata.channels],
        "Gamma": [channel.gamma for channel in metadata.channels],
        "OffsetSDR": [channel.offset_sdr for channel in metadata.channels],
        "OffsetHDR": [channel.offset_hdr for channel in metadata.channels],
    }
    least, most = metadata.stated_headrooms
    attributes = f' xmlns:hdrgm="{GAIN_MAP_NS}" hdrgm:Version="1.0" hdrgm:HDRCapacityMin="{least:.6f}"'
    attributes += f' hdrgm:HDRCapacityMax="{most:.6f}" hdrgm:BaseRenditionIsHDR="False"'
    body = ""
    for name, numbers in columns.items():
        if len(set(numbers)) == 1:
            attributes += f' hdrgm:{name}="{numbers[0]:.6f}"'
        else:
            listed = "".join(f"<rdf:li>{number:.6f}</rdf:li>" for number in numbers)
            body += f"<hdrgm:{name}><rdf:Seq>{listed}</rdf:Seq></hdrgm:{name}>"
    return with_description(b"", attributes, body)
