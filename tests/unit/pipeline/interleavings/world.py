"""What S3, DynamoDB and the large queue hold, and the runs that change it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from zenoimg.imaging import Recipe, WatermarkSpec
from zenoimg.pipeline.records import ImageRecord
from zenoimg.pipeline.storage import PublishedCopy
from zenoimg.pipeline.verdict import CopyMark

NEW, OLD, STRICT, PICKY = (Recipe(watermark=WatermarkSpec(text=text)) for text in ("new", "old", "strict", "picky"))
RECIPES = {recipe.fingerprint: recipe for recipe in (NEW, OLD, STRICT, PICKY)}


def refuses(recipe: str, version: str) -> bool:
    """Return whether a recipe refuses a version: STRICT all of them, PICKY the second, every recipe a bad one."""
    if recipe == STRICT.fingerprint:
        return True
    return version.startswith("bad") or (recipe == PICKY.fingerprint and version.endswith("2"))


@dataclass(frozen=True)
class World:
    """What S3 and DynamoDB hold: the original's version, the copy's mark, the record; and which versions had a copy.

    ``messages`` are those of the large queue, each as its ``force``.
    """

    original: str | None
    copy: CopyMark | None = None
    record: ImageRecord | None = None
    published: frozenset[str] = frozenset()
    messages: tuple[bool, ...] = ()


@dataclass(frozen=True)
class Run:
    """One invocation: what its stores have answered so far, and how many crashes and errors it has left.

    ``retry_recipe`` is the recipe of the function that a crashed or failed run is retried by. A ``small`` function
    hands over versions that begin with "big". A ``lane`` is all runs of the large function: each is by the first
    message of the large queue, which is deleted when the run is done.
    """

    recipe: str
    force: bool = False
    removed: bool = False
    cache_control: str | None = None
    starts_after: int = 0  # changes of the original before it: its event announces the last of them
    answers: tuple[Any, ...] = ()
    done: bool = False
    crashes: int = 0
    errors: int = 0
    retry_recipe: str = ""
    small: bool = False
    lane: bool = False

    def retried(self) -> Run:
        return replace(self, answers=(), recipe=self.retry_recipe or self.recipe)


def content_of(mark: CopyMark) -> bytes:
    """Return the bytes of the copy with this mark."""
    return f"{mark.source_version}+{mark.recipe}".encode()


def published(mark: CopyMark) -> PublishedCopy:
    """Return the copy with this mark as its store describes it."""
    data = content_of(mark)
    return PublishedCopy(mark, etag=data.decode(), size=len(data), content_type="image/jpeg")
