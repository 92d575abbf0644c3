"""Write rights into IPTC datasets. There are none for usage terms and licensor."""

from __future__ import annotations

from collections.abc import Mapping

from zenoimg.imaging.metadata.iptc import (
    APPLICATION,
    BYLINE,
    CHARACTER_SET,
    COPYRIGHT,
    CREDIT,
    ENVELOPE,
    RECORD_VERSION,
    UTF8,
    Dataset,
    dataset,
    joined,
    read_datasets,
)

DATASETS = {"copyright": COPYRIGHT, "creator": BYLINE, "credit": CREDIT}
"""The dataset in record 2 for each field of ``Rights``."""

_MAX_BYTES = {COPYRIGHT: 128, BYLINE: 32, CREDIT: 32}
"""Maximum lengths by IIM 4.2, chapter 6. XMP has the same texts in full."""


def with_rights(datasets: bytes, texts: Mapping[str, str]) -> bytes:
    """Return datasets that state these rights, by the names of ``Rights``, instead of what they stated.

    Raises ``DamagedIptc``.
    """
    values = {DATASETS[field]: text for field, text in texts.items() if field in DATASETS}
    if not values:
        return datasets
    kept = [one for one in read_datasets(datasets) if one.record != APPLICATION or one.number not in values]
    encoding = _encoding(kept)
    if not encoding:
        encoding = "utf-8"
        kept.insert(0, dataset(ENVELOPE, CHARACTER_SET, UTF8))
    if not any(one.record == APPLICATION and one.number == RECORD_VERSION for one in kept):
        at = next((index for index, one in enumerate(kept) if one.record >= APPLICATION), len(kept))
        kept.insert(at, dataset(APPLICATION, RECORD_VERSION, b"\0\4"))
    at = max(index for index, one in enumerate(kept) if one.record <= APPLICATION) + 1
    kept[at:at] = [
        dataset(APPLICATION, number, _cut(text, encoding, _MAX_BYTES[number]))
        for number, text in sorted(values.items())
    ]
    return joined(kept)


def _encoding(datasets: list[Dataset]) -> str:
    """Return how texts are encoded; ``""`` if it is neither stated nor relevant."""
    for one in datasets:
        if (one.record, one.number) == (ENVELOPE, CHARACTER_SET):
            return "utf-8" if one.value == UTF8 else "latin-1"
    has_text = any(not one.value.isascii() for one in datasets if one.record == APPLICATION and one.number)
    return "latin-1" if has_text else ""


def _cut(text: str, encoding: str, limit: int) -> bytes:
    encoded = text.encode(encoding, "replace")[:limit]
    return encoded.decode(encoding, "ignore").encode(encoding)
