"""The script of a JPEG of several scans: which coefficients, to which precision, each of them has."""

from __future__ import annotations

from zenoimg.imaging.formats.jpeg.coefficients.worker.messages import Scan
from zenoimg.imaging.formats.jpeg.stream import SOS, JpegStream

MOST_SCANS = 18
"""The longest of libjpeg's own scripts, that for CMYK: each scan takes two passes over the entire picture."""

_MOST_BITS = 10  # libjpeg's MAX_AH_AL for 8-bit samples
_MOST_COMPONENTS = 4
_COEFFICIENTS = 64


def script_of(stream: JpegStream) -> tuple[Scan, ...]:
    """Return the scans of a picture, or none if they are not a script that libjpeg would write.

    A progressive picture's own script often makes it smaller than libjpeg's does: programs for the web search for it.
    """
    identifiers = [component.identifier for component in stream.components]
    scans = []
    for segment in stream.segments:
        if segment.marker != SOS:
            continue
        count = segment.payload[0]
        chosen = segment.payload[1 : 2 * count : 2]
        rest = segment.payload[1 + 2 * count :]
        if len(set(identifiers)) < len(identifiers) or not set(chosen) <= set(identifiers) or len(rest) < 3:
            return ()
        components = tuple(identifiers.index(identifier) for identifier in chosen)
        scans.append(Scan(components, rest[0], rest[1], rest[2] >> 4, rest[2] & 15))
    return tuple(scans) if len(scans) <= MOST_SCANS and is_writable(scans, len(identifiers)) else ()


def is_writable(scans: list[Scan], components: int) -> bool:
    """Return whether libjpeg writes such a script: the rules of ITU-T T.81, G.1.1.1, as its ``jcmaster.c`` checks them.

    Components of a scan are in the order of the picture's. A sequential picture has each component in one scan, with
    all its coefficients. In a progressive one, each coefficient is coded once with some bits left out, then refined by
    one bit at a time, the first one of a component before its others. First coefficients stand alone and may be
    interleaved; others are of one component.
    """
    for scan in scans:
        in_order = sorted(set(scan.components)) == list(scan.components)
        if not (1 <= len(scan.components) <= _MOST_COMPONENTS and in_order and scan.components[-1] < components):
            return False
    if scans and (scans[0].first, scans[0].last) == (0, _COEFFICIENTS - 1):
        coded = [component for scan in scans for component in scan.components]
        whole = (0, _COEFFICIENTS - 1, 0, 0)
        return sorted(coded) == list(range(components)) and all(scan[1:] == whole for scan in scans)
    return _is_progression(scans, components)


def _is_progression(scans: list[Scan], components: int) -> bool:
    left_out = [[-1] * _COEFFICIENTS for _ in range(components)]  # -1: not coded yet
    for scan in scans:
        if not (0 <= scan.first <= scan.last < _COEFFICIENTS and max(scan.high, scan.low) <= _MOST_BITS):
            return False
        if scan.last > 0 and (scan.first == 0 or len(scan.components) > 1):
            return False
        for component in scan.components:
            bits = left_out[component]
            if scan.first > 0 and bits[0] < 0:
                return False
            for coefficient in range(scan.first, scan.last + 1):
                before = bits[coefficient]
                if scan.high != max(before, 0) or (before >= 0 and scan.low != before - 1):
                    return False
                bits[coefficient] = scan.low
    return all(bits[0] >= 0 for bits in left_out)
