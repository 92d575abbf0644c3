"""Restore versions of originals by copying each as a new version, with its metadata and tags.

The history is preserved: no version or delete marker is removed, and S3 sends the event of a new object, so that the
pipeline makes copy and record as for an upload.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any, Literal
from urllib.parse import urlencode

from botocore.exceptions import BotoCoreError, ClientError

from zenoimg.operations.arrivals import Arrivals, Awaited, Patience
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.operations.records.image_ids import is_possible
from zenoimg.operations.versions.choice import NothingToRestore, Restoration, choose
from zenoimg.operations.versions.listing import versions_of
from zenoimg.pipeline.calls.service import error_code, expected_owner, is_denied
from zenoimg.pipeline.calls.threads import threads
from zenoimg.pipeline.reconcile import reconcile
from zenoimg.pipeline.records import ImageRecord
from zenoimg.pipeline.storage import identity_of
from zenoimg.pipeline.tools import Tools

State = Literal["processed", "restored", "would-restore", "unchanged", "refused", "missing", "failed", "unprocessed"]
#: States that require the operator to act.
NEEDS_ATTENTION: frozenset[State] = frozenset({"refused", "missing", "failed", "unprocessed"})

_WORKERS = 8
#: Larger objects are copied in parts. S3 copies up to 5 GB with one call, which may take longer than a client waits
#: (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html).
_ONE_CALL_BYTES = 1_000_000_000
_PART_BYTES, _MAX_PARTS = 256 * 1024 * 1024, 10_000
_PART_WORKERS = 4
#: Properties that a multipart copy does not take over by itself, as HeadObject and CreateMultipartUpload name them.
_HEADERS = ("CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType", "Expires")


@dataclass(frozen=True)
class RestoreOptions:
    """``window`` limits the images that are restored but not processed yet; ``poll`` is in seconds.

    ``here`` makes copies and records in this process, for pipelines without functions. Without ``wait``, the result is
    that an image was restored; ``paced`` respects the window even then.
    """

    here: Tools | None = None
    wait: bool = True
    paced: bool = False
    window: int = 200
    poll: float = 1.0
    patience: Patience = field(default_factory=Patience)


@dataclass(frozen=True)
class RestoreResult:
    """The result for one image: ``restored`` is the version that was copied, ``version`` the new one."""

    key: str
    state: State
    reason: str = ""
    restored: str = ""
    version: str = ""
    record: ImageRecord | None = None


def plan(
    pipeline: LivePipeline, ids: Iterable[str], version: str | None = None, *, only_deleted: bool = False
) -> Iterator[Restoration | NothingToRestore]:
    """Yield what a restore would do for each id, in order."""

    def look(key: str) -> Restoration | NothingToRestore:
        if not is_possible(key):
            return NothingToRestore(key, "missing", "there is no such image")
        return choose(key, versions_of(pipeline, key), version, only_deleted=only_deleted)

    with threads(_WORKERS, "versions") as pool:
        yield from pool.map(look, dict.fromkeys(ids))


def restore(
    pipeline: LivePipeline,
    restorations: Iterable[Restoration],
    options: RestoreOptions,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[RestoreResult]:
    """Restore images and yield the result for each as it becomes known.

    Raises botocore's ``ClientError`` for errors that concern all of them; an error for a single key becomes its result.
    """
    arrivals = Arrivals(pipeline, options.patience, clock)
    source = iter(restorations)
    waiting: dict[str, tuple[RestoreResult, Awaited]] = {}
    with threads(_WORKERS, "restore") as pool:
        while True:
            batch = list(islice(source, options.window - len(waiting)))
            for result in pool.map(partial(_restored, pipeline, options), batch):
                if result.state == "restored" and options.here is None and (options.wait or options.paced):
                    waiting[result.key] = (result, Awaited(result.key, result.version, clock()))
                if result.key not in waiting or not options.wait:
                    yield result
            if not waiting:
                if not batch:
                    return
                continue
            sleep(options.poll)
            for key, arrival in arrivals.look(awaited for _, awaited in waiting.values()).items():
                result, _ = waiting.pop(key)
                if options.wait:
                    assert arrival.state != "unchanged", "only of versions that were there before"
                    yield RestoreResult(
                        key, arrival.state, arrival.reason, result.restored, result.version, arrival.record
                    )


def _restored(pipeline: LivePipeline, options: RestoreOptions, item: Restoration) -> RestoreResult:
    try:
        version = _copy(pipeline, item)
    except ClientError as error:
        return RestoreResult(item.key, "failed", _reason(error), item.version.version_id)
    result = RestoreResult(item.key, "restored", "", item.version.version_id, version)
    return result if options.here is None else _processed(result, options.here)


def _processed(result: RestoreResult, tools: Tools) -> RestoreResult:
    try:
        outcome = reconcile(result.key, tools)
    except Exception as error:  # noqa: BLE001 - the result of this image; the others continue
        reason = f"it is restored, but its copy was not made ({type(error).__name__}: {error})"
        return RestoreResult(result.key, "failed", reason, result.restored, result.version)
    record = outcome.record
    state: State = outcome.result if outcome.result in ("refused", "failed") else "processed"
    reason = record.error or "" if record else ""
    return RestoreResult(result.key, state, reason, result.restored, result.version, record)


def _copy(pipeline: LivePipeline, item: Restoration) -> str:
    """Copy a version as the new current one and return its identity."""
    place: dict[str, Any] = {"Bucket": pipeline.settings.originals_bucket, "Key": item.key}
    source: Any = {**place, "VersionId": item.version.version_id}
    account, storage_class = pipeline.settings.account_id, pipeline.deployment.upload_storage_class
    owner = expected_owner(account)
    from_owner: dict[str, Any] = {"ExpectedSourceBucketOwner": account} if account else {}
    in_class: dict[str, Any] = {} if storage_class is None else {"StorageClass": storage_class}
    if (item.version.size or 0) > _ONE_CALL_BYTES:
        return _copy_in_parts(pipeline.aws.s3, place, source, owner, from_owner, in_class)
    answer: Any = pipeline.aws.s3.copy_object(**place, CopySource=source, **in_class, **owner, **from_owner)
    return identity_of({"ETag": answer["CopyObjectResult"]["ETag"], "VersionId": answer.get("VersionId")})


def _copy_in_parts(
    s3: Any,
    place: dict[str, Any],
    source: dict[str, Any],
    owner: dict[str, Any],
    from_owner: dict[str, Any],
    in_class: dict[str, Any],
) -> str:
    """Do what CopyObject does, in parts.

    s3transfer would set the tags with a separate call, after the new version exists and its event has been sent.
    """
    head = s3.head_object(**source, **owner)
    tags = {tag["Key"]: tag["Value"] for tag in s3.get_object_tagging(**source, **owner)["TagSet"]}
    kept = {name: head[name] for name in _HEADERS if name in head} | {"Metadata": head["Metadata"]}
    kept |= {"Tagging": urlencode(tags)} if tags else {}
    begun = s3.create_multipart_upload(**place, **kept, **in_class, **owner)
    upload = {**place, "UploadId": begun["UploadId"], **owner}
    size: int = head["ContentLength"]
    part_bytes = max(_PART_BYTES, -(-size // _MAX_PARTS))

    def copy_part(number: int) -> dict[str, Any]:
        first = (number - 1) * part_bytes
        bounds = f"bytes={first}-{min(first + part_bytes, size) - 1}"
        answer = s3.upload_part_copy(
            **upload, CopySource=source, CopySourceRange=bounds, PartNumber=number, **from_owner
        )
        return {"PartNumber": number, "ETag": answer["CopyPartResult"]["ETag"]}

    try:
        with threads(_PART_WORKERS, "parts") as pool:
            parts = list(pool.map(copy_part, range(1, -(-size // part_bytes) + 1)))
        return identity_of(s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts}))
    except BaseException:
        with suppress(ClientError, BotoCoreError):  # the first error counts; a lifecycle rule ends the upload as well
            s3.abort_multipart_upload(**upload)
        raise


def _reason(error: ClientError) -> str:
    if is_denied(error):
        return "access to that version is denied; policies/operator-policy.json lists what a restore needs"
    if error_code(error) == "InvalidObjectState":
        return "that version is in an archive storage class; restore it from the archive in S3 first"
    return f"S3 refused it: {error.response['Error'].get('Message', '')} ({error_code(error)})"
