"""What a record says about its image: which copy exists, and whether a recipe has anything left to do. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from zenoimg.imaging.errors import DECODER_MISSING
from zenoimg.pipeline.records import ImageRecord

if TYPE_CHECKING:
    from zenoimg.imaging import Limits

#: Error code of an original in an archive storage class: not a verdict on its bytes, so it is retried every time.
ARCHIVED = "archived"
_NOT_ABOUT_BYTES = (ARCHIVED, DECODER_MISSING)


@dataclass(frozen=True)
class CopyMark:
    """The contents of a copy's metadata: the version of the original, the recipe, the rules for its headers."""

    source_version: str
    recipe: str
    headers: str = ""

    def has_content_of(self, other: CopyMark | None) -> bool:
        """Return whether two marks name the same version and recipe, regardless of headers."""
        return other is not None and (self.source_version, self.recipe) == (other.source_version, other.recipe)


def expected_copy(record: ImageRecord) -> CopyMark | None:
    """Return the mark of the copy that a record describes, or ``None`` if there should be no copy."""
    if record.status == "processed":
        return CopyMark(record.version_id or "", record.recipe or "", record.headers or "")
    if record.copy_recipe is None:
        return None
    return CopyMark(record.version_id or "", record.copy_recipe, record.headers or "")


def has_other_headers(record: ImageRecord, headers: str) -> bool:
    """Return whether an image has a copy whose headers follow rules other than those with this fingerprint."""
    return expected_copy(record) is not None and record.headers != headers


def keeps_older_copy(record: ImageRecord) -> bool:
    """Return whether a recipe refused the image while a copy by an earlier attempt stays published."""
    return record.status == "refused" and record.copy_recipe is not None


def is_up_to_date(record: ImageRecord, recipe: str, limits: str = "") -> bool:
    """Return whether a recipe, with these limits, has already processed or refused the version in the record.

    ``recipe`` and ``limits`` are fingerprints; an empty one is unknown and not compared. A refusal does not count if it
    is not about the image's bytes: they are archived, or pillow-heif was missing, as for a moment during a deploy.
    """
    if record.status == "failed" or recipe not in ("", record.recipe):
        return False
    if record.status == "processed":
        return True
    code = (record.error or "").partition(":")[0]
    return code not in _NOT_ABOUT_BYTES and limits in ("", record.limits)


def limits_fingerprint(limits: Limits, pillow: str | None = None) -> str:
    """Return 16 hexadecimal digits that change with the limits, Pillow's version and the version of imaging.

    They identify what, besides the recipe, determines whether an image is refused. ``pillow`` is the version that
    applies, by default the installed one.
    """
    import zenoimg
    from zenoimg.imaging.limits import pillow_version
    from zenoimg.imaging.recipe import DRAWING_VERSION

    imaging = [zenoimg.__version__, DRAWING_VERSION]
    described = {"limits": asdict(limits), "pillow": pillow or pillow_version(), "imaging": imaging}
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()[:16]
