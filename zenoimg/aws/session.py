"""The commands' AWS session, with clients created when first needed."""

from __future__ import annotations

import difflib
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
import botocore.exceptions as boto
from botocore import __version__ as botocore_version
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.session import Session as BotocoreSession

from zenoimg import __version__
from zenoimg.aws.platform import AWS, EMBEDDED, Platform
from zenoimg.errors import ConfigurationError
from zenoimg.pipeline.calls.retries import SINGLE_ATTEMPT, Retries

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sts import STSClient

#: Connections per client: enough for all transfer threads of one command.
MAX_CONNECTIONS = 64


@dataclass(frozen=True)
class Identity:
    """The account and region that a command acts on, shown at the head of every plan and question."""

    account: str
    region: str
    partition: str
    alias: str = ""
    local: bool = False

    def __str__(self) -> str:
        if self.local:
            return "local"
        alias = f" ({self.alias})" if self.alias else ""
        return f"AWS account {self.account}{alias}, {self.region}"


class Aws:
    """One session and its clients. ``local``: they talk to the embedded AWS, see ``platform``."""

    def __init__(
        self,
        *,
        profile: str | None = None,
        region: str | None = None,
        endpoint_url: str | None = None,
        credentials: tuple[str, str] | None = None,
        local: bool = False,
        impatient: bool = False,
        report: Callable[[str], None] = lambda text: None,
    ) -> None:
        """``credentials`` (access key, secret key) replace the standard chain; only the embedded AWS has them.

        With them, the user's AWS configuration is ignored: profile, configuration files, proxy.
        ``impatient`` gives up on every call after a second or two, for a user waiting at a prompt.
        ``report`` is called with one line once calls have been retried for three seconds.

        Raises botocore's ``ProfileNotFound``; ``ConfigurationError`` if no region is known, or botocore's
        ``NoCredentialsError`` if there are no credentials either.
        """
        key, secret = credentials or (None, None)
        self._session = boto3.Session(
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            profile_name=profile,
            region_name=region,
            botocore_session=_bare_session() if credentials else None,
        )
        if not self._session.region_name:
            self.credentials()  # missing credentials have to be fixed first
            raise ConfigurationError(
                "no AWS region is set",
                next_step="Add --region (for example eu-west-1), set AWS_REGION, or add --local.",
            )
        self.region: str = self._session.region_name
        self.endpoint_url = endpoint_url
        self.local = local
        self._lock = threading.Lock()
        # AWS's own variables take precedence: if one of them is set, botocore retries accordingly.
        has_own_policy = bool(os.environ.get("AWS_MAX_ATTEMPTS") or os.environ.get("AWS_RETRY_MODE"))
        self._retries = None if impatient or has_own_policy else Retries(report=report)
        self._config = Config(
            retries=None if has_own_policy else dict(SINGLE_ATTEMPT),  # type: ignore[arg-type]
            connect_timeout=1 if impatient else 10,
            read_timeout=2 if impatient else 60,
            max_pool_connections=MAX_CONNECTIONS,
            # A complete user agent: botocore would assemble its own for every request, at 5% of the request's cost.
            user_agent=f"zenoimg/{__version__} Boto3/{boto3.__version__} Botocore/{botocore_version}",
            proxies={} if credentials else None,
        )

    def likely_region(self) -> str:
        """Return the region that was probably meant; empty if ours is known or resembles none.

        botocore's list lags behind AWS's, so an unknown region warrants a hint but never an error.
        """
        if self.local or self.endpoint_url:
            return ""
        session = self._session
        known = [
            region
            for partition in session.get_available_partitions()
            for region in session.get_available_regions("sqs", partition)
        ]
        if self.region in known:
            return ""
        return next(iter(difflib.get_close_matches(self.region, known, 1)), "")

    @cached_property
    def s3(self) -> S3Client:
        """Return the S3 client."""
        # In some regions botocore presigns URLs with Signature Version 2 by default, which newer buckets reject.
        config = self._config.merge(Config(signature_version="s3v4"))
        client: S3Client = self._client("s3", config)
        return client

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        """Return the DynamoDB client."""
        client: DynamoDBClient = self._client("dynamodb", self._config)
        return client

    @cached_property
    def sqs(self) -> SQSClient:
        """Return the SQS client."""
        client: SQSClient = self._client("sqs", self._config)
        return client

    @cached_property
    def logs(self) -> CloudWatchLogsClient:
        """Return the CloudWatch Logs client."""
        client: CloudWatchLogsClient = self._client("logs", self._config)
        return client

    @cached_property
    def cloudformation(self) -> CloudFormationClient:
        """Return the CloudFormation client."""
        client: CloudFormationClient = self._client("cloudformation", self._config)
        return client

    @cached_property
    def functions(self) -> LambdaClient:
        """Return the Lambda client."""
        # A synchronous call lasts as long as the function runs, and must not be made twice.
        patient = self._config.merge(Config(read_timeout=920, retries=dict(SINGLE_ATTEMPT)))  # type: ignore[arg-type]
        client: LambdaClient = self._client("lambda", patient, is_retried=False)
        return client

    @cached_property
    def iam(self) -> IAMClient:
        """Return the IAM client."""
        client: IAMClient = self._client("iam", self._config)
        return client

    @cached_property
    def cloudwatch(self) -> Any:
        """Return the CloudWatch client."""
        return self._client("cloudwatch", self._config)

    @cached_property
    def pipes(self) -> Any:
        """Return the EventBridge Pipes client."""
        return self._client("pipes", self._config)

    @cached_property
    def sts(self) -> STSClient:
        """Return the STS client."""
        client: STSClient = self._client("sts", self._config)
        return client

    @cached_property
    def identity(self) -> Identity:
        """Return account and region of the caller; calls STS, and IAM for the account's alias."""
        caller = self.sts.get_caller_identity()
        return Identity(
            account=caller["Account"],
            region=self.region,
            partition=caller["Arn"].split(":")[1],
            alias="" if self.local else self._alias(),
            local=self.local,
        )

    @property
    def platform(self) -> Platform:
        """Return what this platform supports."""
        return EMBEDDED if self.local else AWS

    @property
    def where(self) -> str:
        """Describe where commands act, without calling AWS, for messages that must not fail themselves."""
        return "on the embedded AWS" if self.local else f"in {self.region}"

    def _client(self, service: str, config: Config, *, is_retried: bool = True) -> Any:
        with self._lock:  # a session must not create clients in two threads at the same time
            client: Any = self._session.client(service, endpoint_url=self.endpoint_url, config=config)  # type: ignore[call-overload]
        if is_retried and self._retries is not None:
            self._retries.install(client)
        return client

    def credentials(self) -> Credentials:
        """Return the session's credentials, for signing. Raises botocore's ``NoCredentialsError`` if there are none."""
        found = self._session.get_credentials()
        if found is None:
            raise boto.NoCredentialsError
        return found

    def _alias(self) -> str:
        try:
            aliases = self.iam.list_account_aliases()["AccountAliases"]
        except boto.ClientError:  # optional, since it needs a permission of its own
            return ""
        return aliases[0] if aliases else ""


def _bare_session() -> BotocoreSession:
    """Return a session that ignores the user's profile and configuration files."""
    nowhere = (None, None, os.devnull, None)
    return BotocoreSession(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": nowhere,
            "credentials_file": nowhere,
            "ignore_configured_endpoint_urls": (None, None, True, None),
        }
    )
