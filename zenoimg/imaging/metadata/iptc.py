"""IPTC datasets (IPTC-NAA Information Interchange Model 4.2), found in Photoshop resources and TIFF tags."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

PLACES = frozenset({26, 27, 90, 92, 95, 100, 101})
"""Datasets in record 2 that name a location: content location (code and name), city, sublocation, state, country
(code and name)."""

PREVIEW = frozenset({200, 201, 202})
"""Datasets in record 2 that hold a preview: file format, its version, and data."""

BYLINE, CREDIT, COPYRIGHT = 80, 110, 116
"""Datasets in record 2 that state rights."""

ENVELOPE, APPLICATION = 1, 2
"""Record numbers: datasets about the encoding of the others, and datasets that describe the picture."""

CHARACTER_SET, RECORD_VERSION = 90, 0
UTF8 = b"\x1b%G"
_PICTURE_RECORDS = frozenset({7, 8, 9})
_TAG_MARKER = 0x1C
_MAX_DATASETS = 10_000
"""A long list of keywords takes a thousand datasets."""


class DamagedIptc(ValueError):  # noqa: N818 -- describes the data, as Refused does
    """Bytes that are not a sequence of datasets."""


@dataclass(frozen=True)
class Dataset:
    """One dataset: record and number, its value, and all of its bytes."""

    record: int
    number: int
    value: bytes
    encoded: bytes

    @property
    def is_place(self) -> bool:
        """Whether it names the location that a picture shows or was taken at."""
        return self.record == APPLICATION and self.number in PLACES

    @property
    def is_picture(self) -> bool:
        """Whether it holds or describes a preview or the picture itself (IIM 4.2, chapters 6 and 7, appendix A)."""
        return self.record in _PICTURE_RECORDS or (self.record == APPLICATION and self.number in PREVIEW)

    @property
    def is_rights(self) -> bool:
        """Whether it states creator or copyright, or the encoding of such datasets."""
        if self.record == ENVELOPE:
            return self.number == CHARACTER_SET
        return self.record == APPLICATION and self.number in (RECORD_VERSION, BYLINE, COPYRIGHT)


def dataset(record: int, number: int, value: bytes) -> Dataset:
    """Return a dataset of at most 32,767 bytes."""
    return Dataset(record, number, value, struct.pack(">BBBH", _TAG_MARKER, record, number, len(value)) + value)


def joined(datasets: Iterable[Dataset]) -> bytes:
    """Return the bytes of datasets."""
    return b"".join(one.encoded for one in datasets)


def read_datasets(data: bytes) -> list[Dataset]:
    """Read datasets. Raises ``DamagedIptc``."""
    datasets: list[Dataset] = []
    for found in _datasets(data):
        if len(datasets) == _MAX_DATASETS:
            raise DamagedIptc("it has too many parts")
        datasets.append(found)
    return datasets


def _datasets(data: bytes) -> Iterator[Dataset]:
    at = 0
    while at < len(data):
        if at + 5 > len(data) or data[at] != _TAG_MARKER:
            if data[at:].strip(b"\0"):
                raise DamagedIptc(f"no IPTC dataset at byte {at}")
            return
        record, number, length = struct.unpack_from(">BBH", data, at + 1)
        start = at + 5
        if length & 0x8000:  # extended: the low bits are the number of bytes of the actual length
            length_bytes = length & 0x7FFF
            length = int.from_bytes(data[start : start + length_bytes], "big")
            start += length_bytes
        if start + length > len(data):
            raise DamagedIptc("an IPTC dataset is truncated")
        yield Dataset(record, number, data[start : start + length], data[at : start + length])
        at = start + length
