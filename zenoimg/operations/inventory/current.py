"""What images are compared with: the recipe and the limits that count now."""

from __future__ import annotations

from dataclasses import dataclass

from zenoimg.pipeline.records import ImageRecord


@dataclass(frozen=True)
class Current:
    """Fingerprints of the current recipe and of what else decides about refusals; an empty one is unknown."""

    recipe: str = ""
    limits: str = ""

    def recipe_for(self, key: str) -> str:
        """Return the fingerprint of the recipe for an image."""
        return self.recipe

    def is_outdated(self, record: ImageRecord) -> bool:
        """Return whether a record was decided by another recipe, or a refusal by other limits or other code."""
        if self.recipe_for(record.image_id) not in ("", record.recipe):
            return True
        return record.status == "refused" and bool(record.limits) and self.limits not in ("", record.limits)
