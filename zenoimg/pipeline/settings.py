"""Names and settings of a pipeline; functions read them from their environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from zenoimg.pipeline.calls.service import aws_domain
from zenoimg.pipeline.objects.headers import headers_fingerprint

PROCESSED_PREFIX = "processed/"


class SettingsError(ValueError):
    """A setting is missing or harmful; the message names the variable."""


@dataclass(frozen=True)
class PipelineSettings:
    """Where originals, copies and records are stored.

    ``account_id`` guards every S3 call (``ExpectedBucketOwner``); ``None`` leaves the guard out, for S3 endpoints that
    do not support it. ``copies_url`` is the base URL of ``processed/KEY``. ``cache_control`` is the Cache-Control of
    all copies, ``None`` for that of each original; ``copies_tags`` is set if they get its object tags.
    ``copies_storage_class`` is S3's storage class for new copies, ``None`` for the default; it is not part of any
    fingerprint, since it changes nothing that a reader gets.
    """

    originals_bucket: str
    processed_bucket: str
    table: str
    copies_url: str
    account_id: str | None = None
    cache_control: str | None = None
    copies_storage_class: str | None = None
    copies_tags: bool = False

    def __post_init__(self) -> None:
        if self.originals_bucket == self.processed_bucket:
            # A function that writes to the bucket that triggers it runs forever, at the owner's expense.
            raise SettingsError(
                f"the originals and the processed copies share the bucket {self.originals_bucket!r}: "
                "each copy would trigger the function again"
            )

    @property
    def headers_fingerprint(self) -> str:
        """The fingerprint of the rules for the copies' headers."""
        return headers_fingerprint(self.cache_control, carries_tags=self.copies_tags)

    def copy_key(self, image_id: str) -> str:
        """Return the key of the copy in the processed bucket."""
        return PROCESSED_PREFIX + image_id

    def copy_url(self, image_id: str) -> str:
        """Return the percent-encoded URL of the copy."""
        return f"{self.copies_url}/{quote(self.copy_key(image_id), safe='/~')}"


def copies_url(bucket: str, region: str, endpoint_url: str | None) -> str:
    """Return the URL of a bucket: virtual-hosted on AWS, under the endpoint elsewhere."""
    if endpoint_url:
        return f"{endpoint_url.rstrip('/')}/{bucket}"
    return f"https://{bucket}.s3.{region}.{aws_domain(region)}"


def from_environment(env: Mapping[str, str]) -> PipelineSettings:
    """Return the settings of a function from its environment variables.

    Raises ``SettingsError`` if a variable is missing or malformed.
    """
    processed = _required(env, "PROCESSED_BUCKET")
    endpoint = env.get("AWS_ENDPOINT_URL_S3") or env.get("AWS_ENDPOINT_URL")
    account = env.get("ACCOUNT_ID") or None
    if account is not None and not re.fullmatch(r"\d{12}", account):
        raise SettingsError(f"ACCOUNT_ID must be twelve digits, not {account!r}")
    return PipelineSettings(
        originals_bucket=_required(env, "ORIGINALS_BUCKET"),
        processed_bucket=processed,
        table=_required(env, "TABLE_NAME"),
        copies_url=copies_url(processed, _required(env, "AWS_REGION"), endpoint),
        account_id=account,
        cache_control=env.get("COPIES_CACHE_CONTROL") or None,
        copies_storage_class=other_class(env.get("COPIES_STORAGE_CLASS")),
        copies_tags=env.get("COPIES_TAGS") == "true",
    )


def other_class(storage_class: str | None) -> str | None:
    """Return the storage class to request, or ``None`` for the default, which not every S3 server knows by name."""
    return storage_class if storage_class not in (None, "", "STANDARD") else None


def _required(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "")
    if not value:
        raise SettingsError(f"the environment variable {name} is not set")
    return value
