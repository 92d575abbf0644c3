"""Estimate the compute time of a reprocess from how long these images, or images of their size, took before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from zenoimg.operations.inventory.selection import SelectedImage
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.pipeline.records import ImageRecord
from zenoimg.stack.outputs import read_stack

_SAMPLE_RECORDS = 500


@dataclass(frozen=True)
class Estimate:
    """Number of images, bytes of their originals, and the compute time of one function for all of them.

    ``compute_seconds`` is ``None`` if no record has a duration; ``gb_seconds`` also if there is no function with a
    known memory size.
    """

    images: int
    total_bytes: int
    by_state: dict[str, int]
    compute_seconds: float | None
    gb_seconds: float | None


def estimate(pipeline: LivePipeline, chosen: Iterable[SelectedImage], memory_mb: int | None) -> Estimate:
    """Sum up a selection in constant memory."""
    states: Counter[str] = Counter()
    total_bytes = known_ms = known_bytes = unknown_bytes = 0
    for item in chosen:
        states[item.state] += 1
        size = item.original.size if item.original else 0
        total_bytes += size
        if item.record is not None and item.record.duration_ms is not None and item.record.original_size == size:
            known_ms += item.record.duration_ms
            known_bytes += size
        else:
            unknown_bytes += size
    rate = _rate(known_ms, known_bytes) or (_sampled_rate(pipeline) if unknown_bytes else None)
    is_known = rate is not None or not unknown_bytes
    seconds = (known_ms + unknown_bytes * (rate or 0)) / 1000 if is_known else None
    return Estimate(
        images=states.total(),
        total_bytes=total_bytes,
        by_state=dict(sorted(states.items())),
        compute_seconds=seconds,
        gb_seconds=None if seconds is None or memory_mb is None else seconds * memory_mb / 1024,
    )


def processor_memory(pipeline: LivePipeline, stack: str) -> int | None:
    """Return the memory of the deployed processor in MB, ``None`` if there is none."""
    if not pipeline.deployment.processor_function:
        return None
    state = read_stack(pipeline.aws.cloudformation, stack)
    memory = state.parameters.get("ProcessorMemory", "") if state else ""
    return int(memory) if memory.isdigit() else None


def _sampled_rate(pipeline: LivePipeline) -> float | None:
    records = [record for record in pipeline.catalog.page(limit=_SAMPLE_RECORDS).records if _has_duration(record)]
    return _rate(
        sum(record.duration_ms or 0 for record in records), sum(record.original_size or 0 for record in records)
    )


def _has_duration(record: ImageRecord) -> bool:
    return record.status == "processed" and record.duration_ms is not None and bool(record.original_size)


def _rate(milliseconds: int, size: int) -> float | None:
    """Return milliseconds per byte."""
    return milliseconds / size if milliseconds and size else None
