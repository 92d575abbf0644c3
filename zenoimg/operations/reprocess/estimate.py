"""Estimate the compute time of a reprocess from how long these images, or images of similar size, took before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from zenoimg.operations.inventory.selection import SelectedImage
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.pipeline.records import ImageRecord
from zenoimg.stack.outputs import read_stack

_SAMPLE_RECORDS = 500
#: Storage classes that charge per byte for reading (https://aws.amazon.com/s3/pricing/).
_BILLED_BY_RETRIEVAL = frozenset({"STANDARD_IA", "ONEZONE_IA", "GLACIER_IR"})


@dataclass(frozen=True)
class Estimate:
    """Number of images, bytes of their originals, and the compute time of one function for all of them.

    ``compute_seconds`` is ``None`` if no record has a duration; ``gb_seconds`` also if there is no function with a
    known memory size. ``measured`` is the number of images with a duration of their own; those of the others are
    estimated from ``sampled`` images of similar size. ``retrieved_bytes`` is what S3 bills for retrieval, by storage
    class.
    """

    images: int
    total_bytes: int
    by_state: dict[str, int]
    compute_seconds: float | None
    gb_seconds: float | None
    measured: int
    sampled: int
    retrieved_bytes: dict[str, int] = field(default_factory=dict)


@dataclass
class _Durations:
    """Mean durations by size class: a class holds the sizes (in bytes) between two powers of two.

    A duration has a fixed part and one that grows with the picture, so the rate per byte of small images says nothing
    about large ones, and vice versa.
    """

    milliseconds: Counter[int] = field(default_factory=Counter)
    images: Counter[int] = field(default_factory=Counter)

    def add(self, size: int, milliseconds: int) -> None:
        self.milliseconds[size.bit_length()] += milliseconds
        self.images[size.bit_length()] += 1

    def mean(self, size_class: int) -> float | None:
        """Return the duration in ms for an image of a class, from the nearest known class; ``None`` if none is known.

        A smaller class's mean is scaled up with the size; a larger class's mean serves as an upper bound.
        """
        if not self.images:
            return None
        nearest = min(self.images, key=lambda known: (abs(known - size_class), known))
        mean = self.milliseconds[nearest] / self.images[nearest]
        return mean * 2.0 ** max(size_class - nearest, 0)


def estimate(pipeline: LivePipeline, images: Iterable[SelectedImage], memory_mb: int | None) -> Estimate:
    """Estimate the work for a selection, in constant memory."""
    states: Counter[str] = Counter()
    unknown: Counter[int] = Counter()  # images without a duration of their own, by size class
    durations = _Durations()
    retrieved: Counter[str] = Counter()
    total_bytes = 0
    for image in images:
        states[image.state] += 1
        if image.original is None:
            continue  # removing a copy and a record takes a negligible time
        size = image.original.size
        total_bytes += size
        if image.original.storage_class in _BILLED_BY_RETRIEVAL:
            retrieved[image.original.storage_class] += size
        if image.record is not None and image.record.original_size == size and _has_duration(image.record):
            durations.add(size, image.record.duration_ms or 0)
        else:
            unknown[size.bit_length()] += 1
    measured, own = durations.images.total(), durations.milliseconds.total()
    if unknown:
        _add_sample(pipeline, durations)
    means = {size_class: durations.mean(size_class) for size_class in unknown}
    is_known = all(mean is not None for mean in means.values())
    others = sum(count * (means[size_class] or 0) for size_class, count in unknown.items())
    seconds = (own + others) / 1000 if is_known else None
    return Estimate(
        images=states.total(),
        total_bytes=total_bytes,
        by_state=dict(sorted(states.items())),
        compute_seconds=seconds,
        gb_seconds=None if seconds is None or memory_mb is None else seconds * memory_mb / 1024,
        measured=measured,
        sampled=durations.images.total() if unknown else 0,
        retrieved_bytes=dict(sorted(retrieved.items())),
    )


def processor_memory(pipeline: LivePipeline, stack: str) -> int | None:
    """Return the memory of the deployed processor in MB, or ``None`` if there is none."""
    if not pipeline.deployment.processor_function:
        return None
    state = read_stack(pipeline.aws.cloudformation, stack)
    memory = state.parameters.get("ProcessorMemory", "") if state else ""
    return int(memory) if memory.isdigit() else None


def _add_sample(pipeline: LivePipeline, durations: _Durations) -> None:
    for record in pipeline.catalog.page(limit=_SAMPLE_RECORDS).records:
        if _has_duration(record):
            durations.add(record.original_size or 0, record.duration_ms or 0)


def _has_duration(record: ImageRecord) -> bool:
    """Return whether a record has the duration of work on the picture; a refusal ends before that."""
    return record.status == "processed" and record.duration_ms is not None and bool(record.original_size)
