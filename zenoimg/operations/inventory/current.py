"""What images are compared with: the recipe, the limits and the rules of headers that apply now."""

from __future__ import annotations

from dataclasses import dataclass

from zenoimg.pipeline.recipes import fingerprint_for
from zenoimg.pipeline.records import ImageRecord
from zenoimg.pipeline.verdict import has_other_headers


@dataclass(frozen=True)
class Current:
    """Fingerprints of the current recipe, of what else decides about refusals, and of the rules of copies' headers.

    An empty one is unknown. ``rules`` are the fingerprints of recipes by prefix, if there are any; ``recipe`` is then
    that of all of them.
    """

    recipe: str = ""
    limits: str = ""
    headers: str = ""
    rules: tuple[tuple[str, str], ...] = ()

    def recipe_for(self, key: str) -> str:
        """Return the fingerprint of the recipe for an image."""
        return fingerprint_for(self.recipe, dict(self.rules), key) if self.rules else self.recipe

    def is_outdated(self, record: ImageRecord) -> bool:
        """Return whether a record was decided by another recipe, or a refusal by other limits or other code.

        A copy whose headers follow other rules is outdated as well.
        """
        if self.recipe_for(record.image_id) not in ("", record.recipe):
            return True
        if self.headers and has_other_headers(record, self.headers):
            return True
        return record.status == "refused" and bool(record.limits) and self.limits not in ("", record.limits)
