"""The artifacts bucket, which holds the zips of all stacks in one account and region."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from zenoimg.errors import RefusedByAwsError
from zenoimg.pipeline.calls.service import expected_owner, is_denied, is_missing, is_missing_bucket
from zenoimg.pipeline.objects.bodies import read_body, retrying
from zenoimg.stack.bundle.artifact import Artifact

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_TAG = "zenoimg:artifacts"


def bucket_name(account: str, region: str) -> str:
    """Return ``zenoimg-artifacts-ACCOUNT-REGION``."""
    return f"zenoimg-artifacts-{account}-{region}"


class ArtifactStore:
    """Stores zips by content hash; existing ones are neither uploaded again nor deleted."""

    def __init__(
        self, s3: S3Client, account: str, region: str, partition: str = "aws", tags: Mapping[str, str] | None = None
    ) -> None:
        self._s3 = s3
        self._owner = expected_owner(account)
        self._region = region
        self._partition = partition
        self._tags = tags or {}
        self.bucket = bucket_name(account, region)

    def upload(self, stack: str, artifacts: Iterable[Artifact]) -> int:
        """Upload the zips that are missing, creating the bucket if needed; return the number of uploads.

        Raises ``RefusedByAwsError`` if the bucket name belongs to another account, and botocore's
        ``ClientError`` for any other call that S3 rejects.
        """
        self._ensure_bucket()
        sent = 0
        for artifact in artifacts:
            key = artifact.key(stack)
            if not self.holds(key):
                self._s3.put_object(Bucket=self.bucket, Key=key, Body=artifact.data, **self._owner)
                sent += 1
        return sent

    def check(self) -> None:
        """Raise ``RefusedByAwsError`` if the bucket name belongs to another account; create nothing."""
        self._is_there()

    def read(self, key: str) -> bytes | None:
        """Return a zip by its key, or ``None`` if it is missing or cannot be read."""
        try:
            return retrying(lambda: read_body(self._s3.get_object(Bucket=self.bucket, Key=key, **self._owner)))
        except ClientError as error:
            if is_missing(error) or is_missing_bucket(error) or is_denied(error):
                return None
            raise

    def exists(self) -> bool:
        """Return whether the bucket exists. Raises ``RefusedByAwsError`` if it belongs to another account."""
        return self._is_there()

    def holds(self, key: str) -> bool:
        """Return whether a zip exists."""
        try:
            self._s3.head_object(Bucket=self.bucket, Key=key, **self._owner)
        except ClientError as error:
            if is_missing(error):
                return False
            raise
        return True

    def _ensure_bucket(self) -> None:
        if not self._is_there():
            self._create_bucket()
        # Every time: a deploy interrupted after the creation must not leave the bucket open.
        self._close_bucket()

    def _is_there(self) -> bool:
        try:
            self._s3.head_bucket(Bucket=self.bucket, **self._owner)
        except ClientError as error:
            if is_denied(error):
                raise RefusedByAwsError(
                    f"the bucket {self.bucket} belongs to another account, or these credentials cannot read it",
                    next_step="Compare your permissions with policies/deployer-policy.json.",
                ) from error
            if not is_missing_bucket(error):
                raise
            return False
        return True

    def _create_bucket(self) -> None:
        place: dict[str, Any] = (
            # us-east-1 is the only region that S3 rejects as a location constraint.
            {} if self._region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": self._region}}
        )
        self._s3.create_bucket(Bucket=self.bucket, ObjectOwnership="BucketOwnerEnforced", **place)

    def _close_bucket(self) -> None:
        owner: dict[str, Any] = {"Bucket": self.bucket, **self._owner}
        self._s3.put_public_access_block(
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
            **owner,
        )
        self._s3.put_bucket_encryption(
            ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
            **owner,
        )
        self._s3.put_bucket_policy(Policy=json.dumps(self._tls_only()), **owner)
        self._s3.put_bucket_tagging(Tagging={"TagSet": self._tag_set()}, **owner)

    def _tag_set(self) -> list[Any]:
        return [{"Key": key, "Value": value} for key, value in {**self._tags, _TAG: "true"}.items()]

    def _tls_only(self) -> dict[str, Any]:
        arn = f"arn:{self._partition}:s3:::{self.bucket}"
        return {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "TlsOnly",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": [arn, f"{arn}/*"],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }
            ],
        }
