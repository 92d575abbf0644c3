"""Records for tests of the table, small or as large as is needed to fill DynamoDB's pages of 1 MB."""

from __future__ import annotations

from zenoimg.pipeline.records import ImageRecord, Status

DYNAMODB_PAGE_BYTES = 1024 * 1024


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
    """One of which three fill a page: an item may have 400 KB."""
    return record(image_id, warnings=("x" * 350_000,), **more)  # type: ignore[arg-type]
