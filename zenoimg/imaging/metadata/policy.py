"""A recipe's metadata settings: the policy, and the rights that are written into copies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args
from unicodedata import category

from zenoimg.imaging.errors import RecipeError

MetadataPolicy = Literal["keep-no-gps", "keep-no-location", "keep", "strip"]
METADATA_POLICIES: tuple[MetadataPolicy, ...] = get_args(MetadataPolicy)

StripExtent = Literal["all-but-rights", "all"]
STRIP_EXTENTS: tuple[StripExtent, ...] = get_args(StripExtent)

_MAX_CHARACTERS = 2_000


@dataclass(frozen=True)
class Rights:
    """Rights that every copy states if its original does not; with ``overwrite``, even if it does.

    ``copyright`` is the notice, ``creator`` the photographer, ``credit`` the line to print, ``usage_terms`` what is
    allowed, and ``licensor_url`` where to obtain a licence. ``None`` keeps the original's statement. ``strip`` tells
    whether the policy of that name keeps the original's own copyright, creator and usage terms.
    """

    copyright: str | None = None
    creator: str | None = None
    credit: str | None = None
    usage_terms: str | None = None
    licensor_url: str | None = None
    overwrite: bool = False
    strip: StripExtent = "all-but-rights"

    def __post_init__(self) -> None:
        for name in RIGHTS_TEXTS:
            _check_text(name, getattr(self, name))
        if self.licensor_url is not None and not self.licensor_url.startswith(("http://", "https://")):
            raise RecipeError("licensor_url", f"{self.licensor_url!r} is not a URL that begins with https://")
        if not isinstance(self.overwrite, bool):
            raise RecipeError("overwrite", f"{self.overwrite!r} is not true or false")
        if self.strip not in STRIP_EXTENTS:
            raise RecipeError("strip", f"{self.strip!r} is not one of {', '.join(STRIP_EXTENTS)}")

    @property
    def texts(self) -> dict[str, str]:
        """The texts that are set, by name."""
        return {name: value for name in RIGHTS_TEXTS if (value := getattr(self, name)) is not None}


RIGHTS_TEXTS = ("copyright", "creator", "credit", "usage_terms", "licensor_url")
"""The fields of ``Rights`` that are texts."""


def _check_text(name: str, value: object) -> None:
    if value is None:
        return
    if not isinstance(value, str) or not value.strip():
        raise RecipeError(name, "must be a text that is not empty")
    if len(value) > _MAX_CHARACTERS:
        raise RecipeError(name, f"has {len(value):,} characters; at most {_MAX_CHARACTERS:,} are allowed")
    if any(category(character) in ("Cc", "Cs") and character not in "\n\t" for character in value):
        raise RecipeError(name, "holds control characters")
