"""Which keys ahead have nothing under them: told by pages of a listing, where a question a key costs a call each.

A listing is old by the time a file is sent, so what it tells is a promise that S3 is asked to check: see
``transfer``, which sends to such a key on the condition that it is still free.
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
from zenoimg.pipeline.service import expected_owner, is_denied, is_throttled

_BATCH = 1000  # as many as one page of a listing has at most
#: A page that says less of our keys costs more than asking for each of them.
_WORTH = 10


@dataclass(frozen=True)
class Listing:
    """Keys in the order of their code points, and whether there are none after them."""

    keys: list[str]
    is_last: bool


ReadListing = Callable[[str, str], Listing]
"""From a prefix, and a key that the listing begins after, to a page."""


def mark_free(pipeline: LivePipeline, sources: Iterable[Source]) -> Iterator[Source]:
    """The same sources, a thousand read ahead; ``is_free`` where a listing shows nothing under the key.

    Where the bucket may not be listed, or is too busy for it, they come as they are.
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
    """Those of the keys that are surely free; of the others nothing is said."""
    left = sorted({key for key in keys if _is_listable(key)})
    free: set[str] = set()
    while left:
        # Between a key without its last character and the key itself lies next to nothing.
        listing = read(commonprefix(left), left[0][:-1])  # noqa: RUF071 - keys are strings, not paths
        told = len(left) if listing.is_last else bisect_right(left, listing.keys[-1])
        free.update(left[:told])
        free.difference_update(listing.keys)
        left = left[told:]
        if told < _WORTH:
            break
    return free


def _is_listable(key: str) -> bool:
    try:
        return bool(key.encode())
    except UnicodeEncodeError:  # a file name that is no UTF-8; it is refused later, in words
        return False


def _reader(pipeline: LivePipeline) -> ReadListing:
    s3, bucket, owner = pipeline.aws.s3, pipeline.settings.originals_bucket, pipeline.settings.account_id
    account = expected_owner(owner)

    def read(prefix: str, after: str) -> Listing:
        start: dict[str, Any] = {"StartAfter": after} if after else {}
        page = s3.list_objects_v2(Bucket=bucket, Prefix=prefix, **start, **account)
        return Listing([item["Key"] for item in page.get("Contents", [])], is_last=not page["IsTruncated"])

    return read
