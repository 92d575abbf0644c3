"""Records for tests: two complete ones, variants, large ones that fill pages, and very many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from zenoimg.pipeline.catalog import Catalog
from zenoimg.pipeline.records import ImageRecord, Status, utc_text

PROCESSED = ImageRecord(
    image_id="2025/a cat ü📷.jpg",
    original_size=3_420_000,
    processed_size=3_437_100,
    processed_url="https://copies.example/processed/2025/a%20cat%20%C3%BC%F0%9F%93%B7.jpg",
    created_at="2025-06-12T15:25:14Z",
    status="processed",
    updated_at="2025-06-12T15:25:16Z",
    format="JPEG",
    width=4032,
    height=3024,
    frames=1,
    etag="0123456789abcdef",
    version_id="v1",
    recipe="00ff00ff00ff00ff",
    duration_ms=298,
    warnings=("the gain map is not kept",),
    encoding="pixels",
)
REFUSED = replace(
    PROCESSED,
    image_id="2025/bad.gif",
    processed_size=None,
    processed_url=None,
    status="refused",
    format=None,
    width=None,
    height=None,
    frames=None,
    warnings=(),
    error="corrupt: the picture ends early",
    encoding=None,
)


def record(
    image_id: str = "cat.jpg",
    *,
    status: Status = "processed",
    created_at: str = "2025-06-12T15:25:14Z",
    updated_at: str = "2025-06-12T15:25:16Z",
    version_id: str | None = "v1",
    recipe: str | None = "00ff00ff00ff00ff",
    warnings: tuple[str, ...] = (),
) -> ImageRecord:
    processed = status == "processed"
    return ImageRecord(
        image_id=image_id,
        original_size=2_000_000,
        processed_size=1_900_000 if processed else None,
        processed_url=f"https://copies.example/processed/{image_id}" if processed else None,
        created_at=created_at,
        status=status,
        updated_at=updated_at,
        version_id=version_id,
        recipe=recipe,
        warnings=warnings,
        error=None if processed else "corrupt: the picture ends early",
    )


def large(image_id: str, **more: str) -> ImageRecord:
    """Return a record so large that three fill a page: an item may have 400 KB."""
    return record(image_id, warnings=("x" * 350_000,), **more)  # type: ignore[arg-type]


def many(count: int, newest: datetime = datetime(2025, 6, 12, 12, tzinfo=UTC)) -> Iterator[ImageRecord]:
    """Return complete records, one every ten minutes back from ``newest``; one in fifty is refused."""
    for number in range(count):
        sample = REFUSED if number % 50 == 49 else PROCESSED
        key = f"holiday/{number % 97:02}/IMG_{number:06}.jpg"
        yield replace(
            sample,
            image_id=key,
            original_size=1_000_000 + number,
            processed_url=sample.processed_url and f"https://copies.example/processed/{key}",
            created_at=utc_text(newest - timedelta(minutes=10 * number)),
            etag=f"{number:032x}",
            version_id=f"{number:032d}",
        )


def put_all(catalog: Catalog, records: list[ImageRecord]) -> list[ImageRecord]:
    for each in records:
        catalog.put(each)
    return records


def ids(records: list[ImageRecord]) -> list[str]:
    return [found.image_id for found in records]
