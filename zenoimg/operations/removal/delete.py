"""Delete originals; the pipeline then deletes copies and records, since every removal event reconciles its key.

A plain delete adds a delete marker and keeps the older versions. A purge adds the marker first, then deletes the
versions and finally the markers, so that no older version ever becomes current and brings the image back.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from botocore.exceptions import ClientError

from zenoimg.operations.pipeline import LivePipeline
from zenoimg.operations.records.image_ids import is_possible
from zenoimg.operations.removal.purge import fits_xml
from zenoimg.operations.versions.listing import Version, versions_of
from zenoimg.pipeline.calls.service import expected_owner, is_transient_code
from zenoimg.pipeline.calls.threads import threads
from zenoimg.pipeline.reconcile import reconcile
from zenoimg.pipeline.tools import Tools

State = Literal["deleted", "purged", "missing", "failed"]
#: States that require the operator to act.
NEEDS_ATTENTION: frozenset[State] = frozenset({"missing", "failed"})

_BATCH = 1000  # maximum of DeleteObjects
_TRIES = 6
_WORKERS = 16


@dataclass(frozen=True)
class DeletionCandidate:
    """An image that can be deleted. ``versions`` lists what a purge deletes; it is read only for a purge."""

    key: str
    is_current: bool
    versions: tuple[Version, ...] = ()


@dataclass(frozen=True)
class DeleteResult:
    """The result for one image. ``versions`` counts permanently deleted versions, without delete markers.

    ``can_be_restored`` is set if S3 keeps the deleted version under a delete marker.
    """

    key: str
    state: State
    reason: str = ""
    versions: int = 0
    can_be_restored: bool = False


def survey(pipeline: LivePipeline, ids: Iterable[str], *, purge: bool) -> Iterator[DeletionCandidate | DeleteResult]:
    """Yield an image to delete, or the result ``missing``, for each id in order.

    An image exists as long as its original or its record does; for a purge, as long as any version of it does.
    """
    keys = list(dict.fromkeys(ids))
    records = pipeline.catalog.get_many(filter(is_possible, keys))

    def look(key: str) -> DeletionCandidate | DeleteResult:
        if not is_possible(key):
            return DeleteResult(key, "missing", "there is no such image")
        is_current = key in records or pipeline.storage.head_original(key) is not None
        versions = tuple(versions_of(pipeline, key)) if purge else ()
        if not is_current and not versions:
            return DeleteResult(key, "missing", "there is no such image")
        return DeletionCandidate(key, is_current, versions)

    with threads(_WORKERS, "survey") as pool:
        yield from pool.map(look, keys)


def delete(
    pipeline: LivePipeline,
    candidates: Sequence[DeletionCandidate],
    *,
    purge: bool,
    here: Tools | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[DeleteResult]:
    """Delete images in batches of a thousand and yield the result for each.

    ``here`` deletes copies and records in this process, for pipelines without functions. Raises botocore's
    ``ClientError`` when S3 rejects an entire request; an error for a single key becomes its result.
    """
    source = iter(candidates)
    with threads(_WORKERS, "reconcile") as pool:
        while batch := list(islice(source, _BATCH)):
            done = _delete_batch(pipeline, batch, purge=purge, sleep=sleep)
            if here is not None:
                done = pool.map(lambda result: _reconciled(result, here), done)
            yield from done


def _delete_batch(
    pipeline: LivePipeline, batch: Sequence[DeletionCandidate], *, purge: bool, sleep: Callable[[float], None]
) -> Iterable[DeleteResult]:
    current = [(item.key, None) for item in batch if item.is_current]
    errors, made = _remove(pipeline, current, sleep)
    if purge:
        # An image that could not be deleted keeps its versions as well.
        left = [item for item in batch if item.key not in errors]
        for markers in (False, True):
            chosen = [(i.key, v.version_id) for i in left for v in i.versions if v.is_marker is markers]
            if markers:
                chosen += [(key, version_id) for key, version_id in made.items() if key not in errors]
            refused, _ = _remove(pipeline, [pair for pair in chosen if pair[0] not in errors], sleep)
            errors = {**errors, **refused}
    return [_result(item, errors.get(item.key, ""), made.get(item.key, ""), purge=purge) for item in batch]


def _result(item: DeletionCandidate, error: str, marker: str, *, purge: bool) -> DeleteResult:
    if error:
        return DeleteResult(item.key, "failed", error)
    if purge:
        return DeleteResult(item.key, "purged", versions=sum(not version.is_marker for version in item.versions))
    # "null" means that the bucket's versioning is suspended, so the deleted version is gone.
    return DeleteResult(item.key, "deleted", can_be_restored=marker not in ("", "null"))


def _remove(
    pipeline: LivePipeline, objects: Sequence[tuple[str, str | None]], sleep: Callable[[float], None]
) -> tuple[dict[str, str], dict[str, str]]:
    """Delete objects or versions; return errors by key, and the ids of added delete markers by key."""
    errors: dict[str, str] = {}
    made: dict[str, str] = {}
    in_xml = [pair for pair in objects if fits_xml(pair[0])]
    for start in range(0, len(in_xml), _BATCH):
        left = in_xml[start : start + _BATCH]
        for attempt in range(_TRIES):
            answer = _delete_objects(pipeline, left)
            made |= {item["Key"]: item["DeleteMarkerVersionId"] for item in answer["Deleted"] if _made_marker(item)}
            passing = [item for item in answer["Errors"] if is_transient_code(item["Code"]) and attempt < _TRIES - 1]
            errors |= {item["Key"]: _reason(item) for item in answer["Errors"] if item not in passing}
            left = [(item["Key"], item.get("VersionId") or None) for item in passing]
            if not left:
                break
            sleep(random.uniform(0, 0.2 * 2**attempt))  # noqa: S311
    for key, version_id in objects:
        if not fits_xml(key):
            try:
                marker = _delete_object(pipeline, key, version_id)
            except ClientError as error:
                errors[key] = _reason(error.response["Error"])
            else:
                made |= {key: marker} if marker else {}
    return errors, made


def _delete_objects(pipeline: LivePipeline, objects: Sequence[tuple[str, str | None]]) -> dict[str, list[Any]]:
    named: list[Any] = [{"Key": key, **({"VersionId": version} if version else {})} for key, version in objects]
    answer = pipeline.aws.s3.delete_objects(
        Bucket=pipeline.settings.originals_bucket,
        Delete={"Objects": named},
        **expected_owner(pipeline.settings.account_id),
    )
    return {"Deleted": list(answer.get("Deleted", [])), "Errors": list(answer.get("Errors", []))}


def _delete_object(pipeline: LivePipeline, key: str, version_id: str | None) -> str:
    """Delete one object or version; return the id of the delete marker that S3 added, or an empty string."""
    version: dict[str, Any] = {"VersionId": version_id} if version_id else {}
    answer = pipeline.aws.s3.delete_object(
        Bucket=pipeline.settings.originals_bucket, Key=key, **version, **expected_owner(pipeline.settings.account_id)
    )
    return answer.get("VersionId", "") if answer.get("DeleteMarker") and version_id is None else ""


def _made_marker(deleted: Mapping[str, Any]) -> bool:
    return bool(deleted.get("DeleteMarker")) and "VersionId" not in deleted and "DeleteMarkerVersionId" in deleted


def _reconciled(result: DeleteResult, tools: Tools) -> DeleteResult:
    if result.state == "failed":
        return result
    try:
        reconcile(result.key, tools)
    except Exception as error:  # noqa: BLE001 - the result of this image; the others continue
        cause = f"{type(error).__name__}: {error}"
        reason = f"the original is deleted, but copy and record may remain ({cause}); rerun the command"
        return DeleteResult(result.key, "failed", reason)
    return result


def _reason(error: Mapping[str, Any]) -> str:
    return f"S3 refused it: {error.get('Message') or error['Code']} ({error['Code']})"
