"""Originals and processed copies in S3.

Only a 404 means "missing". A 403 is raised: a policy that lost a permission must not look like a deleted photo.
(Without ``s3:ListBucket`` S3 returns 403 for missing keys as well, so the role has it:
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from zenoimg.pipeline.calls.service import error_code, expected_owner, is_denied, is_missing
from zenoimg.pipeline.objects.bodies import read_body, retrying
from zenoimg.pipeline.objects.headers import CopyHeaders, headers_of
from zenoimg.pipeline.objects.marks import entries_of, mark_of
from zenoimg.pipeline.records import MAX_KEY_BYTES
from zenoimg.pipeline.settings import PROCESSED_PREFIX, PipelineSettings, other_class
from zenoimg.pipeline.verdict import CopyMark

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: A conditional request found a different object, none, or a write in progress
#: (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
_CONDITION_FAILED = frozenset({"412", "PreconditionFailed", "409", "ConditionalRequestConflict"})
#: KMS errors, as S3 spells them, that last until someone changes the key
#: (https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html#API_Decrypt_Errors). KMS recovers from others.
_KEY_UNUSABLE = frozenset({"KMS.DisabledException", "KMS.NotFoundException", "KMS.KMSInvalidStateException"})


@dataclass(frozen=True)
class Original:
    """One version of an original. ``data`` is ``None`` if it was not read, or is larger than the reader accepts.

    ``identity`` identifies the version: its VersionId, or its ETag in a bucket without versioning. ``size`` is that of
    the object; ``data`` is decompressed, if the object is compressed. ``headers`` are those that ``objects.headers``
    reads.
    """

    identity: str
    etag: str
    size: int
    last_modified: datetime
    data: bytes | None
    headers: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class PublishedCopy:
    """What S3 knows about a copy. ``size`` is in bytes; ``storage_class`` is ``None`` for the default."""

    mark: CopyMark
    etag: str
    size: int
    content_type: str
    storage_class: str | None = None

    @property
    def format(self) -> str | None:
        """The copy's format as named in records, as far as the content type tells."""
        from zenoimg.imaging.formats import FORMATS  # the API's function does without imaging

        return next((name for name, each in FORMATS.items() if each.media_type == self.content_type), None)


class OriginalArchivedError(Exception):
    """The original is in an archive storage class and cannot be read before it is restored."""

    def __init__(self, key: str, storage_class: str) -> None:
        super().__init__(f"{key!r} is archived ({storage_class}); restore it, then reprocess it")
        self.storage_class = storage_class


class OriginalKeyError(ClientError):
    """The original is encrypted with a KMS key that cannot be used, which no retry changes."""

    def __init__(self, key: str, kms_key: str, error: ClientError) -> None:
        super().__init__(error.response, error.operation_name)
        reason = error.response["Error"].get("Message") or error_code(error)
        self.args = (f"{key!r} is encrypted with the KMS key {kms_key}, which cannot be used: {reason}",)


class ImageStorage:
    """The two buckets. Every call names the account that must own the bucket, if one is configured.

    All methods raise botocore's ``ClientError`` for calls that S3 rejects, except for missing keys.
    """

    def __init__(self, client: S3Client, settings: PipelineSettings) -> None:
        self._client = client
        self._settings = settings
        self._owner = expected_owner(settings.account_id)

    def get_original(self, key: str, max_bytes: int) -> Original | None:
        """Return the current version with its verified bytes, or ``None`` if there is none.

        Raises ``OriginalArchivedError`` if it has to be restored first, ``OriginalKeyError`` if its KMS key
        cannot be used, and one of ``bodies.BROKEN`` if its body arrived damaged in each of several tries.
        """
        return retrying(lambda: self._get_original(key, max_bytes))

    def _get_original(self, key: str, max_bytes: int) -> Original | None:
        try:
            answer = self._client.get_object(Bucket=self._settings.originals_bucket, Key=key, **self._owner)
        except ClientError as error:
            if is_missing(error):
                return None
            if error_code(error) == "InvalidObjectState":
                raise OriginalArchivedError(key, _storage_class(error)) from error
            if (kms_key := self._unusable_key(key, error)) is not None:
                raise OriginalKeyError(key, kms_key, error) from error
            raise
        with closing(answer["Body"]):
            data = read_body(answer) if answer["ContentLength"] <= max_bytes else None
        encoding = answer.get("ContentEncoding")
        return _original(answer, _unpack(data, encoding, max_bytes) if data and encoding else data)

    def _unusable_key(self, key: str, error: ClientError) -> str | None:
        """Return the KMS key that prevented S3 from reading an original, or ``None`` if the error has another cause.

        S3 passes on KMS errors with codes of their own, but a missing permission is AccessDenied, like S3's own
        (https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html). A HEAD request needs the same
        S3 permission but none of KMS: if it succeeds, the key was denied.
        """
        if not is_denied(error) and error_code(error) not in _KEY_UNUSABLE:
            return None
        try:
            answer = self._head(self._settings.originals_bucket, key)
        except ClientError:
            return None
        return None if answer is None else answer.get("SSEKMSKeyId")

    def head_original(self, key: str) -> Original | None:
        """Return the current version without its bytes, or ``None`` if there is none."""
        answer = self._head(self._settings.originals_bucket, key)
        return None if answer is None else _original(answer, None)

    def get_tags(self, key: str, original: Original) -> dict[str, str] | None:
        """Return the object tags of a version of an original, or ``None`` if it is gone."""
        version: dict[str, Any] = {} if original.identity == original.etag else {"VersionId": original.identity}
        bucket = self._settings.originals_bucket
        try:
            answer = self._client.get_object_tagging(Bucket=bucket, Key=key, **version, **self._owner)
        except ClientError as error:
            if is_missing(error):
                return None
            raise
        return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}

    def head_copy(self, key: str) -> PublishedCopy | None:
        """Return what S3 knows about the copy of an original, or ``None`` if there is no copy."""
        answer = self._head(self._settings.processed_bucket, self._settings.copy_key(key))
        if answer is None:
            return None
        return PublishedCopy(
            mark_of(answer["Metadata"]),
            answer.get("ETag", ""),
            answer.get("ContentLength", 0),
            answer.get("ContentType", ""),
            other_class(answer.get("StorageClass")),  # S3 names no default class
        )

    def get_copy_mark(self, key: str) -> CopyMark | None:
        """Return the mark of the copy of an original, or ``None`` if there is no copy."""
        copy = self.head_copy(key)
        return None if copy is None else copy.mark

    def put_copy(
        self,
        key: str,
        data: bytes,
        content_type: str,
        mark: CopyMark,
        *,
        headers: CopyHeaders = CopyHeaders(),  # noqa: B008 - immutable
        replacing: str | None,
    ) -> bool:
        """Store the copy of an original with its mark, replacing the copy with the ETag ``replacing``.

        Stores nothing and returns ``False`` if there is a different copy, or, with ``None``, any copy at all.
        """
        condition: dict[str, Any] = {"IfNoneMatch": "*"} if replacing is None else {"IfMatch": replacing}
        return self._on_condition(
            self._client.put_object,
            Bucket=self._settings.processed_bucket,
            Key=self._settings.copy_key(key),
            Body=data,
            ContentType=content_type,
            Metadata={**headers.metadata, **entries_of(mark)},
            **headers.arguments,
            **_in_class(self._settings.copies_storage_class),
            **condition,
            **self._owner,
        )

    def rewrite_copy(self, key: str, copy: PublishedCopy, mark: CopyMark, headers: CopyHeaders) -> bool:
        """Replace the mark and headers of a copy; change nothing and return ``False`` if it was replaced by then.

        The copy stays in its storage class, since S3 bills a minimum duration for some classes.
        """
        place: Any = {"Bucket": self._settings.processed_bucket, "Key": self._settings.copy_key(key)}
        account = self._settings.account_id
        guard: dict[str, Any] = {"ExpectedSourceBucketOwner": account} if account else {}
        return self._on_condition(
            self._client.copy_object,
            **place,
            CopySource=place,
            CopySourceIfMatch=copy.etag,
            MetadataDirective="REPLACE",
            TaggingDirective="REPLACE",  # with those in ``headers``, or none, which needs no further permission
            ContentType=copy.content_type,
            Metadata={**headers.metadata, **entries_of(mark)},
            **headers.arguments,
            **_in_class(copy.storage_class),
            **guard,
            **self._owner,
        )

    def delete_copy(self, key: str, etag: str) -> bool:
        """Delete the copy of an original; do nothing and return ``False`` if its ETag has changed."""
        return self._on_condition(
            self._client.delete_object,
            Bucket=self._settings.processed_bucket,
            Key=self._settings.copy_key(key),
            IfMatch=etag,
            **self._owner,
        )

    def _on_condition(self, request: Callable[..., Any], **arguments: Any) -> bool:
        try:
            request(**arguments)
        except ClientError as error:
            if is_missing(error) or error_code(error) in _CONDITION_FAILED:
                return False
            raise
        return True

    def _head(self, bucket: str, key: str) -> dict[str, Any] | None:
        try:
            return dict(self._client.head_object(Bucket=bucket, Key=key, **self._owner))
        except ClientError as error:
            if is_missing(error):
                return None
            raise


def copy_key_fits(key: str) -> bool:
    """Return whether ``processed/KEY`` is a valid S3 key."""
    return len((PROCESSED_PREFIX + key).encode()) <= MAX_KEY_BYTES


def identity_of(answer: Mapping[str, Any]) -> str:
    """Return the identity of the version in an S3 response: its VersionId, or else its ETag."""
    version = answer.get("VersionId")
    # "null" is the id of every version written while versioning is off, so it cannot tell two apart.
    return str(answer["ETag"]).strip('"') if version in (None, "null") else str(version)


def _original(answer: Mapping[str, Any], data: bytes | None) -> Original:
    return Original(
        identity=identity_of(answer),
        etag=str(answer["ETag"]).strip('"'),
        size=answer["ContentLength"],
        last_modified=answer["LastModified"],
        data=data,
        headers=headers_of(answer),
    )


def _in_class(storage_class: str | None) -> dict[str, Any]:
    """Return the argument that stores an object in a storage class; without it S3 uses the default, even for copies."""
    return {} if storage_class is None else {"StorageClass": storage_class}


def _unpack(data: bytes, encoding: str, max_bytes: int) -> bytes | None:
    from zenoimg.pipeline.objects.encodings import TooLargeUnpackedError, unpack  # hardly any original needs it

    try:
        return unpack(data, encoding, max_bytes)
    except TooLargeUnpackedError:
        return None


def _storage_class(error: ClientError) -> str:
    details: Mapping[str, Any] = error.response["Error"]
    return str(details.get("StorageClass", "archive"))
