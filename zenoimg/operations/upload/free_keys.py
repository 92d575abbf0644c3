"""Find keys that do not exist yet, by pages of a listing instead of one call per key.

A listing may be out of date when a file is sent, so ``transfer`` makes the upload conditional on the key still not
existing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from os.path import commonprefix
from typing import Any

from botocore.exceptions import ClientError

from zenoimg.operations.pipeline import LivePipeline
from zenoimg.operations.upload.sources import Source
from zenoimg.pipeline.calls.service import expected_owner, is_denied, is_throttled

_BATCH = 1000  # the maximum size of a listing page
#: A page that covers fewer of our keys costs more than one call per key.
_WORTH = 10


@dataclass(frozen=True)
class Listing:
    """Keys in the order of their UTF-8 bytes, and whether the listing ends with them."""

    keys: list[str]
    is_last: bool


ReadListing = Callable[[str, str], Listing]
"""(prefix, key to start after) → page."""


def mark_free(pipeline: LivePipeline, sources: Iterable[Source]) -> Iterator[Source]:
    """Yield the same sources, read a thousand ahead; set ``is_free`` if a listing shows that the key does not exist.

    If listing is denied or throttled, they are yielded unchanged.
    """
    read = _reader(pipeline)
    coming = iter(sources)
    while batch := list(islice(coming, _BATCH)):
        try:
            free = free_keys((source.key for source in batch), read)
        except ClientError as error:
            if not is_denied(error) and not is_throttled(error):
                raise
            free = set()
        yield from (replace(source, is_free=True) if source.key in free else source for source in batch)


def free_keys(keys: Iterable[str], read: ReadListing) -> set[str]:
    """Return the keys that certainly do not exist; the others may or may not."""
    left = sorted({key for key in keys if _is_listable(key)})
    free: set[str] = set()
    while left:
        # Few keys sort between a key without its last character and the key itself.
        listing = read(commonprefix(left), left[0][:-1])  # noqa: RUF071 - keys are strings, not paths
        covered = len(left) if listing.is_last else bisect_right(left, listing.keys[-1])
        free.update(left[:covered])
        free.difference_update(listing.keys)
        left = left[covered:]
        if covered < _WORTH:
            break
    return free


def _is_listable(key: str) -> bool:
    try:
        return bool(key.encode())
    except UnicodeEncodeError:  # a file name that is not UTF-8, which is refused later
        return False


def _reader(pipeline: LivePipeline) -> ReadListing:
    s3, bucket, owner = pipeline.aws.s3, pipeline.settings.originals_bucket, pipeline.settings.account_id
    account = expected_owner(owner)

    def read(prefix: str, after: str) -> Listing:
        start: dict[str, Any] = {"StartAfter": after} if after else {}
        page = s3.list_objects_v2(Bucket=bucket, Prefix=prefix, **start, **account)
        return Listing([item["Key"] for item in page.get("Contents", [])], is_last=not page["IsTruncated"])

    return read
