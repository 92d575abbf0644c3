"""What images are compared with: the current recipe, limits and header rules."""

from __future__ import annotations

from dataclasses import dataclass

from zenoimg.pipeline.recipes import fingerprint_for
from zenoimg.pipeline.records import ImageRecord
from zenoimg.pipeline.verdict import has_other_headers


@dataclass(frozen=True)
class Current:
    """Fingerprints of the current recipe, of the limits and code that decide refusals, and of the copies' header rules.

    An empty one is unknown. ``rules`` holds the fingerprints of recipes by prefix, if any; ``recipe`` is then the
    fingerprint of all of them.
    """

    recipe: str = ""
    limits: str = ""
    headers: str = ""
    rules: tuple[tuple[str, str], ...] = ()

    def recipe_for(self, key: str) -> str:
        """Return the fingerprint of the recipe for an image."""
        return fingerprint_for(self.recipe, dict(self.rules), key) if self.rules else self.recipe

    def is_outdated(self, record: ImageRecord) -> bool:
        """Return whether a record comes from another recipe, or a refusal from other limits or other code.

        A copy with headers from other rules is outdated as well.
        """
        if self.recipe_for(record.image_id) not in ("", record.recipe):
            return True
        if self.headers and has_other_headers(record, self.headers):
            return True
        return record.status == "refused" and bool(record.limits) and self.limits not in ("", record.limits)
