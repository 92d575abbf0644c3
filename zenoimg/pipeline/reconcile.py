"""Make one key right, whatever came before: the rule that the whole pipeline rests on.

An event only says "look at this key". ``reconcile`` then

1. reads the original (one call gives bytes and identity); if it is gone, removes copy and record;
2. stops when record and copy both name this version and this recipe;
3. watermarks, puts the copy, then the record (a refused image: no copy, a record that says why);
4. looks at original, copy and record again. What is not as this run left or found it was changed by someone
   else in the meantime, so it starts over.

Duplicates, reordering, retries, deletes and overwrites in flight, two functions at once and two recipes
during a rollout all converge by this, with no lock and no order of events.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Protocol

from zenoimg.imaging import Limits, Recipe, Refused, Watermarked, watermark
from zenoimg.pipeline.records import ImageRecord, Status, utc_text
from zenoimg.pipeline.settings import PipelineSettings
from zenoimg.pipeline.storage import CopyMark, Original, OriginalArchivedError, copy_key_fits

#: How often one run starts over before it gives up and leaves the key to the lane's retry.
MAX_ROUNDS = 5

Result = Literal["processed", "unchanged", "removed", "refused", "ignored"]


class Storage(Protocol):
    """What ``reconcile`` needs of the two buckets; see ``pipeline.storage.ImageStorage``."""

    def get_original(self, key: str, max_bytes: int) -> Original | None: ...  # noqa: D102
    def head_original(self, key: str) -> Original | None: ...  # noqa: D102
    def get_copy_mark(self, key: str) -> CopyMark | None: ...  # noqa: D102
    def put_copy(self, key: str, data: bytes, content_type: str, mark: CopyMark) -> None: ...  # noqa: D102
    def delete_copy(self, key: str) -> None: ...  # noqa: D102


class Records(Protocol):
    """What ``reconcile`` needs of the table; see ``pipeline.catalog.Catalog``."""

    def get(self, image_id: str) -> ImageRecord | None: ...  # noqa: D102
    def put(self, record: ImageRecord) -> None: ...  # noqa: D102
    def put_failed(self, record: ImageRecord) -> bool: ...  # noqa: D102
    def delete(self, image_id: str) -> None: ...  # noqa: D102


class NeverSettledError(Exception):
    """The key was changed by others in each round; its next event or retry takes it up again."""

    def __init__(self, key: str) -> None:
        super().__init__(f"{key!r} was changed by others {MAX_ROUNDS} times while it was processed")


@dataclass(frozen=True)
class Outcome:
    """What one run did to a key. ``record`` is what the table now says, ``None`` when it says nothing."""

    result: Result
    record: ImageRecord | None = None
    rounds: int = 1


@dataclass(frozen=True)
class Tools:
    """What a run works with; made once for each execution environment."""

    storage: Storage
    records: Records
    settings: PipelineSettings
    recipe: Recipe
    limits: Limits
    watermark: Callable[[bytes, Recipe, Limits], Watermarked] = watermark
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    timer: Callable[[], float] = time.perf_counter
    on_stage: Callable[[str], None] = lambda _: None  # hears the name of each stage as it ends


@dataclass(frozen=True)
class _Made:
    """What step 3 leaves behind: the copy's mark (none for a refused image) and the record."""

    mark: CopyMark | None
    record: ImageRecord


def reconcile(key: str, tools: Tools, *, force: bool = False) -> Outcome:
    """Make copy and record of one key right; ``force`` redoes the work that step 2 would find done.

    Returns what was done. Raises ``NeverSettledError`` after five rounds. Raises whatever S3 or DynamoDB
    raise; then the record says ``failed`` where that could be written. In both cases the lane is to retry.
    """
    if key.endswith("/"):  # the marker of a "folder" in consoles, not a picture
        return Outcome("ignored")
    for number in range(1, MAX_ROUNDS + 1):
        outcome = _round(key, tools, force=force, number=number)
        if outcome is not None:
            return outcome
    raise NeverSettledError(key)


def _round(key: str, tools: Tools, *, force: bool, number: int) -> Outcome | None:
    """Steps 1 to 4 once; ``None`` asks for another round."""
    found: Original | None = None
    try:
        try:
            found = tools.storage.get_original(key, tools.limits.max_bytes)
        except OriginalArchivedError as archived:
            found = tools.storage.head_original(key)
            refusal: Refusal | None = Refusal("archived", str(archived))
        else:
            refusal = _refuse_by_listing(key, found, tools.limits)
        tools.on_stage("fetch")
        if found is None:
            return _remove(key, tools, number)
        if not force:
            done = _already_done(key, found, tools)
            tools.on_stage("check")
            if done is not None:
                return Outcome("unchanged", done, number)
        made = _make(key, found, refusal, tools)
        tools.on_stage("store")
        settled = _still_so(key, found, made, tools)
        tools.on_stage("check")
        if not settled:
            return None
        return Outcome("refused" if made.mark is None else "processed", made.record, number)
    except Exception as error:
        _record_failure(key, found, error, tools)
        raise


@dataclass(frozen=True)
class Refusal:
    """Why an image gets no copy: a code of ``imaging.Refused``, or ``archived`` or ``key-too-long``."""

    code: str
    message: str


def _refuse_by_listing(key: str, found: Original | None, limits: Limits) -> Refusal | None:
    """What can be refused before the bytes are looked at."""
    if not copy_key_fits(key):
        return Refusal("key-too-long", f"the key leaves no room for the copy's prefix: {len(key.encode())} bytes")
    if found is not None and found.data is None:
        return Refusal("too-large", f"{found.size:,} bytes; the limit is {limits.max_bytes:,}")
    return None


def _remove(key: str, tools: Tools, number: int) -> Outcome | None:
    if copy_key_fits(key):
        tools.storage.delete_copy(key)
    tools.records.delete(key)
    gone = (
        tools.storage.head_original(key) is None
        and _mark_of_copy(key, tools) is None
        and tools.records.get(key) is None
    )
    return Outcome("removed", None, number) if gone else None


def _already_done(key: str, found: Original, tools: Tools) -> ImageRecord | None:
    record = tools.records.get(key)
    wanted = CopyMark(found.identity, tools.recipe.fingerprint)
    if record is None or record.status != "processed":
        return None
    if CopyMark(record.version_id or "", record.recipe or "") != wanted:
        return None
    # Without versions the same bytes put again have the same identity, and only their time is another.
    if record.created_at != utc_text(found.last_modified):
        return None
    return record if _mark_of_copy(key, tools) == wanted else None


def _make(key: str, found: Original, refusal: Refusal | None, tools: Tools) -> _Made:
    started = tools.timer()
    if refusal is None:
        try:
            # ``data`` is absent only where ``_refuse_by_listing`` refused already.
            done = tools.watermark(found.data or b"", tools.recipe, tools.limits)
        except Refused as refused:
            refusal = Refusal(refused.code, refused.message)
            tools.on_stage("watermark")
        else:
            tools.on_stage("watermark")
            return _store(key, found, done, started, tools)
    if copy_key_fits(key):
        tools.storage.delete_copy(key)
    record = _record(key, found, "refused", tools, error=f"{refusal.code}: {refusal.message}", started=started)
    tools.records.put(record)
    return _Made(None, record)


def _store(key: str, found: Original, done: Watermarked, started: float, tools: Tools) -> _Made:
    mark = CopyMark(found.identity, tools.recipe.fingerprint)
    tools.storage.put_copy(key, done.data, done.content_type, mark)
    record = _record(key, found, "processed", tools, done=done, started=started)
    tools.records.put(record)
    return _Made(mark, record)


def _still_so(key: str, found: Original, made: _Made, tools: Tools) -> bool:
    """Step 4, read in the order original, copy, record."""
    now = tools.storage.head_original(key)
    if now is None or (now.identity, utc_text(now.last_modified)) != (found.identity, made.record.created_at):
        return False
    if _mark_of_copy(key, tools) != made.mark:
        return False
    return made.record.same_outcome(tools.records.get(key))


def _mark_of_copy(key: str, tools: Tools) -> CopyMark | None:
    # S3 refuses to even look for a key that is too long.
    return tools.storage.get_copy_mark(key) if copy_key_fits(key) else None


def _record_failure(key: str, found: Original | None, error: Exception, tools: Tools) -> None:
    """Leave a trace of a failure where an operator looks, if that is possible at all."""
    if found is None:
        return  # nothing is known of the original, so nothing true could be written
    try:
        now = tools.storage.head_original(key)
        if now is None or now.identity != found.identity:
            return  # overtaken: what came after has an event, and perhaps a record, of its own
        tools.records.put_failed(_record(key, found, "failed", tools, error=f"{type(error).__name__}: {error}"))
    except Exception as second:  # noqa: BLE001 - the first error is the one that counts, and it is raised
        error.add_note(f"its failed record could not be written either: {second}")


def _record(
    key: str,
    found: Original,
    status: Status,
    tools: Tools,
    *,
    done: Watermarked | None = None,
    error: str | None = None,
    started: float | None = None,
) -> ImageRecord:
    return ImageRecord(
        image_id=key,
        original_size=found.size,
        processed_size=None if done is None else len(done.data),
        processed_url=None if done is None else tools.settings.copy_url(key),
        created_at=utc_text(found.last_modified),
        status=status,
        updated_at=utc_text(tools.clock()),
        format=None if done is None else done.format,
        width=None if done is None else done.width,
        height=None if done is None else done.height,
        frames=None if done is None else done.frames,
        etag=found.etag,
        version_id=found.identity,
        recipe=tools.recipe.fingerprint,
        duration_ms=None if started is None else round((tools.timer() - started) * 1000),
        warnings=() if done is None else done.warnings,
        error=error,
    )
