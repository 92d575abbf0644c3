"""Try a new recipe on stored images before it is deployed.

A recipe that works on one photo can refuse others: too small for the mark, or in a format that it cannot keep. The
trial watermarks a sample in this process and stores only before-and-after pictures for the operator.
"""

from __future__ import annotations

import re
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from botocore.exceptions import ClientError

from zenoimg.imaging import Limits, Recipe, Refused, Watermarked, watermark
from zenoimg.imaging.formats import FORMATS
from zenoimg.imaging.whole_file import write_file
from zenoimg.operations.concurrency import map_ahead
from zenoimg.operations.deploy.trial.sample import Bounds, choose
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.operations.records.listing import Query, from_table
from zenoimg.operations.selectors import Selectors
from zenoimg.pipeline.calls.service import expected_owner, is_denied, is_missing, is_missing_bucket
from zenoimg.pipeline.recipes import AnyRecipe, recipe_for
from zenoimg.pipeline.records import ImageRecord
from zenoimg.pipeline.storage import OriginalArchivedError, copy_key_fits

_NEWEST = 1000  # records to choose the sample from, plus as many refused ones
_FETCHES = 4  # images fetched at a time


@dataclass(frozen=True)
class Tried:
    """One image of the sample. ``refusal`` says why the new recipe refuses it; empty if it does not."""

    image_id: str
    refusal: str
    has_copy: bool


@dataclass(frozen=True)
class Trial:
    """The result of a trial. ``directory`` holds the pictures; ``problem`` says why none or not all were tried."""

    tried: tuple[Tried, ...] = ()
    directory: str = ""
    problem: str = ""

    @property
    def refused(self) -> tuple[Tried, ...]:
        """Return the images that the new recipe refuses."""
        return tuple(each for each in self.tried if each.refusal)

    @property
    def newly_refused(self) -> tuple[Tried, ...]:
        """Return the refused images that have a copy today."""
        return tuple(each for each in self.refused if each.has_copy)


@dataclass(frozen=True)
class _Fetched:
    record: ImageRecord
    original: bytes | None
    size: int
    copy: bytes | None


def try_recipe(
    pipeline: LivePipeline,
    recipe: AnyRecipe,
    limits: Limits,
    bounds: Bounds,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> Trial:
    """Watermark a sample of the stored images with a recipe and limits.

    Raises botocore's ``ClientError``, except when images cannot be read, which the result's ``problem`` reports.
    """
    deadline = clock() + bounds.seconds
    directory = Path(tempfile.mkdtemp(prefix="zenoimg-sample-"))
    tried: list[Tried] = []
    problem = ""
    try:
        chosen = choose(_candidates(pipeline), bounds)
        for fetched in map_ahead(lambda record: _fetch(pipeline, record, limits), chosen, _FETCHES):
            if fetched is None:
                continue
            if clock() >= deadline:
                problem = f"stopped after {bounds.seconds:.0f} s, {len(tried)} of {len(chosen)} images tried"
                break
            try:
                tried.append(_try(fetched, recipe, limits, directory, len(tried) + 1))
            except MemoryError:  # not a property of the picture: the functions have other limits
                continue
    except ClientError as error:
        if is_denied(error):
            problem = "these credentials cannot read records, originals or copies"
        elif is_missing(error) or is_missing_bucket(error):
            problem = "a bucket or the table does not exist"
        else:
            raise
    if not any(directory.iterdir()):
        directory.rmdir()
        return Trial(tuple(tried), problem=problem)
    return Trial(tuple(tried), str(directory), problem)


def _candidates(pipeline: LivePipeline) -> Iterator[ImageRecord]:
    """Yield the newest records and those of refused images, including the ones that keep an earlier recipe's copy."""
    today = datetime.now(UTC).date()
    for query in (Query(limit=_NEWEST), Query(Selectors(status="refused"), limit=_NEWEST)):
        yield from from_table(pipeline.catalog, query, today=today).records


def _fetch(pipeline: LivePipeline, record: ImageRecord, limits: Limits) -> _Fetched | None:
    """Return the original and the copy, or ``None`` if the original is gone or archived."""
    try:
        original = pipeline.storage.get_original(record.image_id, limits.max_bytes)
    except OriginalArchivedError:
        return None
    if original is None:
        return None
    return _Fetched(record, original.data, original.size, _copy(pipeline, record.image_id))


def _copy(pipeline: LivePipeline, key: str) -> bytes | None:
    if not copy_key_fits(key):
        return None
    settings = pipeline.settings
    try:
        answer = pipeline.aws.s3.get_object(
            Bucket=settings.processed_bucket, Key=settings.copy_key(key), **expected_owner(settings.account_id)
        )
    except ClientError as error:
        if is_missing(error):
            return None
        raise
    with answer["Body"] as body:
        return body.read()


def _try(fetched: _Fetched, recipe: AnyRecipe, limits: Limits, directory: Path, number: int) -> Tried:
    record = fetched.record
    refusal, done = _watermarked(fetched, recipe_for(recipe, record.image_id), limits)
    name = f"{number:02}-{_file_name(record.image_id)}"
    if fetched.copy is not None:
        write_file(directory / f"{name}-before.{_extension(record.format)}", fetched.copy, replace=False, mode=0o600)
    if done is not None:
        write_file(directory / f"{name}-after.{_extension(done.format)}", done.data, replace=False, mode=0o600)
    return Tried(record.image_id, refusal, has_copy=fetched.copy is not None)


def _watermarked(fetched: _Fetched, recipe: Recipe, limits: Limits) -> tuple[str, Watermarked | None]:
    if fetched.original is None:
        return f"too-large: {fetched.size:,} bytes; the limit is {limits.max_bytes:,}", None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's warnings about unusual files; records hold those that matter
        try:
            return "", watermark(fetched.original, recipe, limits, key=fetched.record.image_id)
        except Refused as refused:
            return f"{refused.code}: {refused.message}", None


def _file_name(key: str) -> str:
    """Return the last part of a key without its extension, reduced to characters that are safe everywhere."""
    stem = key.rpartition("/")[2].rpartition(".")[0] or key
    return re.sub(r"[^A-Za-z0-9_-]+", "_", stem)[:40] or "image"


def _extension(name: str | None) -> str:
    known = FORMATS.get(name or "")
    return known.extensions[0] if known and known.extensions else "bin"
