"""Bring the copy and record of one key up to date, whatever happened before: the basis of the entire pipeline.

An event only names a key. One round of ``reconcile``

1. reads the original; if there is none, it removes copy and record (after a removal event, it sends a HEAD request
   first, since such events also report that an older version expired);
2. stops if record and copy are what this recipe and these limits would produce; if only the copy's headers differ,
   it rewrites them;
3. watermarks, stores the copy, then the record. If the image is refused, the record contains the reason; a copy of the
   same version by an earlier recipe stays published and described; any other copy is deleted. If the image needs more
   memory than is available here, the key is handed over, and nothing is recorded;
4. reads original, copy and record again. If any of them is not as this round left or found it, another process has
   changed it, and the next round begins.

A copy is replaced or deleted only if it is still the one that was read (``IfMatch``), and only after a HEAD request for
the original has confirmed, later than that read, that the decision still holds. Together with step 4, duplicate and
reordered events, retries, deletes and overwrites during processing, concurrent functions and two recipes during a
rollout all end in one of these states, without locks: no original, copy or record; a copy by the recipe that the
record names; a refusal without a copy; a refusal that keeps the copy of an earlier recipe.
"""

from __future__ import annotations

import traceback
from dataclasses import replace
from functools import partial
from typing import Any

from zenoimg.imaging import Refused, Watermarked
from zenoimg.pipeline.descriptions import Fields, of_failed, of_kept_copy, of_new_copy, with_headers
from zenoimg.pipeline.fetching import fetch
from zenoimg.pipeline.objects.disposition import file_name_of
from zenoimg.pipeline.objects.headers import TAGS, CopyHeaders, carry
from zenoimg.pipeline.objects.marks import entries_of
from zenoimg.pipeline.outcome import HandOver, Outcome, Refusal, Result
from zenoimg.pipeline.records import ImageRecord, Status, utc_text
from zenoimg.pipeline.storage import (
    Original,
    OriginalKeyError,
    PublishedCopy,
    copy_key_fits,
)
from zenoimg.pipeline.tools import Tools
from zenoimg.pipeline.verdict import CopyMark, expected_copy, has_other_headers, is_up_to_date

#: Maximum number of rounds in one run, after which the key is left to the lane's retry.
MAX_ROUNDS = 5


class NeverSettledError(Exception):
    """Other processes changed the key in every round; its next event or retry processes it again."""

    def __init__(self, key: str) -> None:
        super().__init__(f"{key!r} was changed by other processes {MAX_ROUNDS} times while it was processed")


class _SupersededError(Exception):
    """Another process changed the key during this round."""


def reconcile(
    key: str, tools: Tools, *, force: bool = False, removed: bool = False, hand_over: HandOver | None = None
) -> Outcome:
    """Bring the copy and record of one key up to date.

    ``force`` repeats work that is already done. ``removed`` is set for an event that reports a removal: the original
    is read only if there is work to do. ``hand_over`` is called for a key that needs more memory than is available;
    without it, lack of memory is a failure like any other.

    Returns what was done: ``failed`` if the KMS key of an original cannot be used, which no retry of a lane changes;
    the record names the key. Raises ``NeverSettledError`` after five rounds, and whatever S3 or DynamoDB raise; the
    record then has the status ``failed``, if that could be written. In both cases the lane should retry.
    """
    if key.endswith("/"):  # the marker of a "folder" in consoles, not an image
        return Outcome("ignored")
    for number in range(1, MAX_ROUNDS + 1):
        attempt = _Round(key, tools, number)
        try:
            try:
                return attempt.run(force=force, head_first=removed and not force)
            except MemoryError as error:
                if hand_over is None:
                    raise
                traceback.clear_frames(error.__traceback__)  # they hold the available memory
                hand_over(key, force)
                return Outcome("handed-over", None, number)
        except _SupersededError:
            continue
        except OriginalKeyError as error:
            if (record := attempt.record_failure(error)) is None:
                raise
            return Outcome("failed", record, number)
        except Exception as error:
            attempt.record_failure(error)
            raise
    raise NeverSettledError(key)


class _Round:
    """One round: steps 1 to 4. Any step raises ``_SupersededError`` to start the next round."""

    def __init__(self, key: str, tools: Tools, number: int) -> None:
        self._key = key
        self._tools = tools
        self._number = number
        self._recipe = tools.recipe_for(key)
        self._rules = tools.header_rules(key)
        self._has_copy_key = copy_key_fits(key)  # S3 rejects any request for a longer key
        self._original: Original | None = None
        self._started = tools.timer()

    def run(self, *, force: bool, head_first: bool) -> Outcome:
        if head_first:
            self._original = self._tools.storage.head_original(self._key)
            self._tools.on_stage("fetch")
            if self._original is None:
                return self._remove()
            done, _ = self._find_done(self._original)
            if done is not None:
                return done
        original, refusal = fetch(self._key, self._tools.storage, self._tools.limits)
        self._original = original
        self._tools.on_stage("fetch")
        if original is None:
            return self._remove()
        record: ImageRecord | None = None
        if not force:
            done, record = self._find_done(original)
            if done is not None:
                return done
        self._started = self._tools.timer()
        made = refusal or self._watermark(original.data or b"")
        if isinstance(made, Refusal):
            return self._refuse(original, made)
        return self._publish(original, made, may_exist=force or record is not None)

    def _find_done(self, original: Original) -> tuple[Outcome | None, ImageRecord | None]:
        """Return the outcome if there is nothing to draw, and the existing record."""
        record = self._tools.records.get(self._key)
        # The time matters because equal bytes have equal identities in a bucket without versioning.
        if (
            record is None
            or (record.version_id, record.created_at) != (original.identity, utc_text(original.last_modified))
            or not is_up_to_date(record, self._recipe.fingerprint, self._tools.limits_fingerprint)
        ):
            self._tools.on_stage("check")
            return None, record
        copy, expected = self._head_copy(), expected_copy(record)
        self._tools.on_stage("check")
        if copy is not None and copy.mark.has_content_of(expected):
            if copy.mark == expected and not has_other_headers(record, self._rules.fingerprint):
                return Outcome("unchanged", record, self._number), record
            return self._rewrite(original, record, copy), record
        is_without_copy = copy is None and expected is None
        return (Outcome("unchanged", record, self._number) if is_without_copy else None), record

    def _rewrite(self, original: Original, record: ImageRecord, copy: PublishedCopy) -> Outcome:
        """Rewrite the headers of an otherwise correct copy according to the current rules."""
        kept = {"warnings": record.warnings, "format": record.format, "source_format": record.source_format}
        fields = self._give_headers(original, copy, kept)
        rewritten = replace(record, updated_at=utc_text(self._tools.clock()), **fields)
        return self._finish("refused" if record.status == "refused" else "processed", rewritten)

    def _give_headers(self, original: Original, copy: PublishedCopy, fields: Fields) -> Fields:
        mark = replace(copy.mark, headers=self._rules.fingerprint)
        headers = self._copy_headers(original, mark, fields.get("format"), fields.get("source_format"))
        self._check_original()
        if not self._tools.storage.rewrite_copy(self._key, copy, mark, headers):
            raise _SupersededError
        return with_headers(fields, mark, headers)

    def _copy_headers(self, original: Original, mark: CopyMark, *formats: str | None) -> CopyHeaders:
        """Return the headers of a copy, given its format and that of its source."""
        tags = self._tools.storage.get_tags(self._key, original) if self._rules.carries_tags else {}
        if tags is None:
            raise _SupersededError
        given, name = {**original.headers, TAGS: tags}, file_name_of(self._key, *formats)
        return carry(given, self._rules, entries_of(mark), name)

    def _watermark(self, data: bytes) -> Watermarked | Refusal:
        try:
            return self._tools.watermark(data, self._recipe, self._tools.limits, key=self._key)
        except Refused as refused:
            return Refusal(refused.code, refused.message)
        finally:
            self._tools.on_stage("watermark")

    def _publish(self, original: Original, done: Watermarked, *, may_exist: bool) -> Outcome:
        """Store copy and record. ``may_exist`` saves a request, since there is hardly ever a copy without a record."""
        mark = CopyMark(original.identity, self._recipe.fingerprint, self._rules.fingerprint)
        headers = self._copy_headers(original, mark, done.format, done.source_format)
        put = partial(self._tools.storage.put_copy, self._key, done.data, done.content_type, mark, headers=headers)
        stored = not may_exist and put(replacing=None)
        if not stored:
            copy = self._head_copy()
            self._check_original()
            if not put(replacing=None if copy is None else copy.etag):
                raise _SupersededError
        url = self._tools.settings.copy_url(self._key)
        return self._finish("processed", self._record(original, "processed", **of_new_copy(done, url, mark, headers)))

    def _refuse(self, original: Original, refusal: Refusal) -> Outcome:
        """Record a refusal. A copy of this version stays; any other is deleted."""
        copy = self._head_copy()
        if copy is not None and copy.mark.source_version != original.identity:
            self._delete(copy)
            copy = None
        kept: Fields = {}
        if copy is not None:
            kept = of_kept_copy(copy, self._tools.settings.copy_url(self._key), self._tools.records.get(self._key))
            if copy.mark.headers != self._rules.fingerprint:
                kept = self._give_headers(original, copy, kept)
        record = self._record(
            original,
            "refused",
            error=f"{refusal.code}: {refusal.message}",
            limits=self._tools.limits_fingerprint,
            **kept,
        )
        return self._finish("refused", record)

    def _remove(self) -> Outcome:
        copy = self._head_copy()
        if copy is not None:
            self._delete(copy)
        self._tools.records.delete(self._key)
        self._check_original()
        if self._head_copy() is not None or self._tools.records.get(self._key) is not None:
            raise _SupersededError
        return Outcome("removed", None, self._number)

    def _delete(self, copy: PublishedCopy) -> None:
        self._check_original()
        if not self._tools.storage.delete_copy(self._key, copy.etag):
            raise _SupersededError

    def _finish(self, result: Result, record: ImageRecord) -> Outcome:
        """Write the record, then confirm that original, copy and record (in this order) are as this round left them."""
        self._tools.records.put(record)
        self._tools.on_stage("store")
        self._check_original()
        if self._copy_mark() != expected_copy(record) or not record.same_outcome(self._tools.records.get(self._key)):
            raise _SupersededError
        self._tools.on_stage("check")
        return Outcome(result, record, self._number)

    def _check_original(self) -> None:
        """Raise ``_SupersededError`` unless the original is still the version of this round."""
        if _version(self._tools.storage.head_original(self._key)) != _version(self._original):
            raise _SupersededError

    def _head_copy(self) -> PublishedCopy | None:
        return self._tools.storage.head_copy(self._key) if self._has_copy_key else None

    def _copy_mark(self) -> CopyMark | None:
        copy = self._head_copy()
        return None if copy is None else copy.mark

    def record_failure(self, error: Exception) -> ImageRecord | None:
        """Record a failure in the table, where operators look; return the record, if possible."""
        try:
            if self._original is None:  # the record could not be read
                self._original = self._tools.storage.head_original(self._key)
            original = self._original
            self._check_original()
            if original is None:
                return None
            kept = of_failed(original.identity, self._tools.records.get(self._key))
            reason = f"{type(error).__name__}: {error}"
            record = self._record(original, "failed", error=reason, **kept)
            self._tools.records.put_failed(record)
        except _SupersededError:
            return None  # the newer version has its own event, and perhaps a record
        except Exception as second:  # noqa: BLE001 - the first error is raised
            error.add_note(f"its failed record could not be written either: {second}")
            return None
        return record

    def _record(self, original: Original, status: Status, **more: Any) -> ImageRecord:
        missing: dict[str, Any] = {"processed_size": None, "processed_url": None}
        return ImageRecord(
            image_id=self._key,
            original_size=original.size,
            created_at=utc_text(original.last_modified),
            status=status,
            updated_at=utc_text(self._tools.clock()),
            etag=original.etag,
            version_id=original.identity,
            recipe=self._recipe.fingerprint,
            duration_ms=None if status == "failed" else round((self._tools.timer() - self._started) * 1000),
            **{**missing, **more},
        )


def _version(original: Original | None) -> tuple[str, str] | None:
    return None if original is None else (original.identity, utc_text(original.last_modified))
