"""IPTC datasets (IPTC-NAA Information Interchange Model 4.2), which Photoshop resources and TIFF tags hold."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

PLACES = frozenset({26, 27, 90, 92, 95, 100, 101})
"""Datasets of record 2 that name a place: content location (code and name), city, sublocation, state, country
(code and name)."""

_TAG_MARKER, _APPLICATION_RECORD = 0x1C, 2
_MAX_DATASETS = 10_000
"""A long list of keywords is a thousand datasets."""

DatasetTest = Callable[[int, int], bool]
"""Returns whether a dataset is removed, by record and dataset number."""


class DamagedIptc(ValueError):  # noqa: N818 -- describes the data, as Refused does
    """Bytes that are not a sequence of datasets."""


def is_place(record: int, number: int) -> bool:
    """Return whether a dataset names the place that a picture shows or was taken at."""
    return record == _APPLICATION_RECORD and number in PLACES


def without_datasets(datasets: bytes, removes: DatasetTest) -> bytes:
    """Return datasets without those that ``removes`` selects. Raises ``DamagedIptc``."""
    return b"".join(dataset for record, number, dataset in _datasets(datasets) if not removes(record, number))


def _datasets(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield record, dataset number and the bytes of each dataset, including its header."""
    at, count = 0, 0
    while at < len(data):
        if at + 5 > len(data) or data[at] != _TAG_MARKER:
            if data[at:].strip(b"\0"):
                raise DamagedIptc(f"no IPTC dataset at byte {at}")
            return
        if count == _MAX_DATASETS:
            raise DamagedIptc("it has too many parts")
        count += 1
        record, number, length = struct.unpack_from(">BBH", data, at + 1)
        start = at + 5
        if length & 0x8000:  # extended: the low bits count the bytes of the actual length
            length_bytes = length & 0x7FFF
            length = int.from_bytes(data[start : start + length_bytes], "big")
            start += length_bytes
        if start + length > len(data):
            raise DamagedIptc("an IPTC dataset is cut off")
        yield record, number, data[at : start + length]
        at = start + length
