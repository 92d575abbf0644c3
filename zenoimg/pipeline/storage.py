"""Originals and processed copies in S3.

Only a 404 means "missing". A 403 is raised as it comes: a policy that lost a right must never look like a
deleted photo. (Without ``s3:ListBucket`` S3 answers 403 for missing keys too, so the role has it:
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from zenoimg.pipeline.service import error_code, expected_owner, is_missing
from zenoimg.pipeline.settings import PROCESSED_PREFIX, PipelineSettings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: S3's limit for a key, in bytes of its UTF-8 form (the user guide's "Naming Amazon S3 objects").
MAX_KEY_BYTES = 1024

_SOURCE_VERSION = "source-version"
_RECIPE = "recipe"


@dataclass(frozen=True)
class Original:
    """One version of an original. ``data`` is ``None`` when the object is larger than what was asked for.

    ``identity`` names the version: the VersionId, or the ETag where the bucket has no versions.
    """

    identity: str
    etag: str
    size: int
    last_modified: datetime
    data: bytes | None


@dataclass(frozen=True)
class CopyMark:
    """What a copy says of itself: the original version and the recipe that it was made from."""

    source_version: str
    recipe: str


class OriginalArchivedError(Exception):
    """The original lies in an archive storage class and cannot be read before it is restored."""

    def __init__(self, key: str, storage_class: str) -> None:
        super().__init__(f"{key!r} is archived ({storage_class}); restore it, then reprocess it")
        self.storage_class = storage_class


class ImageStorage:
    """The two buckets. Every call names the account that must own the bucket, where one is set.

    All methods raise botocore's ``ClientError`` for whatever S3 refuses, apart from missing keys.
    """

    def __init__(self, client: S3Client, settings: PipelineSettings) -> None:
        self._client = client
        self._settings = settings
        self._owner = expected_owner(settings.account_id)

    def get_original(self, key: str, max_bytes: int) -> Original | None:
        """The newest version with its bytes, or ``None`` when there is none.

        Raises ``OriginalArchivedError`` when it cannot be read before a restore.
        """
        try:
            answer = self._client.get_object(Bucket=self._settings.originals_bucket, Key=key, **self._owner)
        except ClientError as error:
            if is_missing(error):
                return None
            if error_code(error) == "InvalidObjectState":
                raise OriginalArchivedError(key, _storage_class(error)) from error
            raise
        with answer["Body"] as body:
            data = body.read() if answer["ContentLength"] <= max_bytes else None
        return _original(answer, data)

    def head_original(self, key: str) -> Original | None:
        """The newest version without its bytes, or ``None`` when there is none."""
        answer = self._head(self._settings.originals_bucket, key)
        return None if answer is None else _original(answer, None)

    def get_copy_mark(self, key: str) -> CopyMark | None:
        """What the copy of an original says of itself, or ``None`` when there is no copy."""
        answer = self._head(self._settings.processed_bucket, self._settings.copy_key(key))
        if answer is None:
            return None
        metadata: Mapping[str, str] = answer["Metadata"]
        return CopyMark(metadata.get(_SOURCE_VERSION, ""), metadata.get(_RECIPE, ""))

    def put_copy(self, key: str, data: bytes, content_type: str, mark: CopyMark) -> None:
        """Store the copy of an original with its mark."""
        self._client.put_object(
            Bucket=self._settings.processed_bucket,
            Key=self._settings.copy_key(key),
            Body=data,
            ContentType=content_type,
            Metadata={_SOURCE_VERSION: mark.source_version, _RECIPE: mark.recipe},
            **self._owner,
        )

    def delete_copy(self, key: str) -> None:
        """Remove the copy of an original; no error when there is none."""
        self._client.delete_object(
            Bucket=self._settings.processed_bucket, Key=self._settings.copy_key(key), **self._owner
        )

    def _head(self, bucket: str, key: str) -> dict[str, Any] | None:
        try:
            return dict(self._client.head_object(Bucket=bucket, Key=key, **self._owner))
        except ClientError as error:
            if is_missing(error):
                return None
            raise


def copy_key_fits(key: str) -> bool:
    """Whether ``processed/KEY`` is still a legal S3 key."""
    return len((PROCESSED_PREFIX + key).encode()) <= MAX_KEY_BYTES


def identity_of(answer: Mapping[str, Any]) -> str:
    """The identity of the version that an S3 answer is about: its VersionId, or else its ETag."""
    version = answer.get("VersionId")
    # "null" is the id of every version written while versioning is off: it does not tell two apart.
    return str(answer["ETag"]).strip('"') if version in (None, "null") else str(version)


def _original(answer: Mapping[str, Any], data: bytes | None) -> Original:
    return Original(
        identity=identity_of(answer),
        etag=str(answer["ETag"]).strip('"'),
        size=answer["ContentLength"],
        last_modified=answer["LastModified"],
        data=data,
    )


def _storage_class(error: ClientError) -> str:
    details: Mapping[str, Any] = error.response["Error"]
    return str(details.get("StorageClass", "archive"))
