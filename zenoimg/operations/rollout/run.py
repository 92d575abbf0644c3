"""Select what a rollout reprocesses: the canary, the rest, and the images that a withdrawn recipe has marked.

The selection is based on the records, so rerunning an interrupted rollout continues it: images that already have the
right mark are not selected.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from zenoimg.operations.inventory.current import Current
from zenoimg.operations.inventory.selection import ImageSelection, SelectedImage, scan, select
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.operations.rollout.canary import CanarySize, canary_keys


@dataclass(frozen=True)
class Canary:
    """The images of the canary: all ``keys``, and the ``pending`` ones not yet marked by the deployed recipe."""

    keys: frozenset[str]
    pending: tuple[SelectedImage, ...]


@dataclass(frozen=True)
class Progress:
    """The number of copies, and how many of them the recipe has made."""

    copies: int
    by_recipe: int


def select_canary(pipeline: LivePipeline, size: CanarySize) -> Canary:
    """Return the canary of the stored images. Raises botocore's ``ClientError``."""
    keys = canary_keys((each.key for each, _ in scan(pipeline, with_orphans=False) if each.original), size)
    return Canary(keys, tuple(image for image in select_rest(pipeline) if image.key in keys))


def select_rest(pipeline: LivePipeline) -> Iterator[SelectedImage]:
    """Yield all images that the deployed recipe has not processed or refused. Raises botocore's ``ClientError``."""
    selection = ImageSelection(frozenset({"stale"}), current=current_of_deployed(pipeline))
    return select(pipeline, selection)


def select_made_by(pipeline: LivePipeline, fingerprints: frozenset[str]) -> Iterator[SelectedImage]:
    """Yield the images that any of the given recipes has marked or refused. Raises botocore's ``ClientError``."""
    for image in select_rest(pipeline):
        if image.record is not None and fingerprints & {image.record.recipe, image.record.copy_recipe}:
            yield image


def progress(pipeline: LivePipeline) -> Progress:
    """Count all copies and those by the deployed recipe. Raises botocore's ``ClientError``."""
    copies = by_recipe = 0
    for record in pipeline.catalog.all():
        made_by = record.recipe if record.status == "processed" else record.copy_recipe
        copies += made_by is not None
        by_recipe += made_by == pipeline.deployment.recipe_for(record.image_id)
    return Progress(copies, by_recipe)


def current_of_deployed(pipeline: LivePipeline) -> Current:
    """Return the recipe and the limits of the pipeline's functions, which decide about its images."""
    deployment = pipeline.deployment
    rules = tuple(deployment.recipe_rules.items())
    return Current(deployment.recipe_fingerprint, deployment.limits_fingerprint, rules=rules)
