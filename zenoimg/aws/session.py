"""AWS as commands see it: one session, with clients made when they are first needed."""

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

#: Connections for each client: enough for every transfer thread of one command.
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

        With them nothing of the user's AWS set-up counts: no profile, no configuration file, no proxy.
        ``impatient`` gives up every call after a second or two, for somebody who waits at a prompt.
        ``report`` is called with one line when calls have been retried for three seconds.

        Raises botocore's ``ProfileNotFound``; ``ConfigurationError`` when no region is known, or botocore's
        ``NoCredentialsError`` when there are no credentials either.
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
            self.credentials()  # missing credentials are the first thing to fix
            raise ConfigurationError(
                "no AWS region is set",
                next_step="Add --region (for example eu-west-1), set AWS_REGION, or add --local.",
            )
        self.region: str = self._session.region_name
        self.endpoint_url = endpoint_url
        self.local = local
        self._lock = threading.Lock()
        # AWS's own variables win: when one of them is set, botocore retries accordingly.
        has_own_policy = bool(os.environ.get("AWS_MAX_ATTEMPTS") or os.environ.get("AWS_RETRY_MODE"))
        self._retries = None if impatient or has_own_policy else Retries(report=report)
        self._config = Config(
            retries=None if has_own_policy else dict(SINGLE_ATTEMPT),  # type: ignore[arg-type]
            connect_timeout=1 if impatient else 10,
            read_timeout=2 if impatient else 60,
            max_pool_connections=MAX_CONNECTIONS,
            # A complete value: botocore would assemble its own for every request, at 5% of the request's cost.
            user_agent=f"zenoimg/{__version__} Boto3/{boto3.__version__} Botocore/{botocore_version}",
            proxies={} if credentials else None,
        )

    def likely_region(self) -> str:
        """Return the region that was probably meant, empty when ours is known or like no other.

        botocore's list lags behind AWS's, so an unknown region is a reason for a hint and never for a refusal.
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
        """Return the client of S3."""
        # In some regions botocore presigns URLs with version 2 by default, which newer buckets refuse.
        config = self._config.merge(Config(signature_version="s3v4"))
        client: S3Client = self._client("s3", config)
        return client

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        """Return the client of DynamoDB."""
        client: DynamoDBClient = self._client("dynamodb", self._config)
        return client

    @cached_property
    def sqs(self) -> SQSClient:
        """Return the client of SQS."""
        client: SQSClient = self._client("sqs", self._config)
        return client

    @cached_property
    def logs(self) -> CloudWatchLogsClient:
        """Return the client of CloudWatch Logs."""
        client: CloudWatchLogsClient = self._client("logs", self._config)
        return client

    @cached_property
    def cloudformation(self) -> CloudFormationClient:
        """Return the client of CloudFormation."""
        client: CloudFormationClient = self._client("cloudformation", self._config)
        return client

    @cached_property
    def functions(self) -> LambdaClient:
        """Return the client of Lambda."""
        # A synchronous call lasts as long as the function runs, and must not be made twice.
        patient = self._config.merge(Config(read_timeout=920, retries=dict(SINGLE_ATTEMPT)))  # type: ignore[arg-type]
        client: LambdaClient = self._client("lambda", patient, is_retried=False)
        return client

    @cached_property
    def iam(self) -> IAMClient:
        """Return the client of IAM."""
        client: IAMClient = self._client("iam", self._config)
        return client

    @cached_property
    def cloudwatch(self) -> Any:
        """Return the client of CloudWatch's metrics."""
        return self._client("cloudwatch", self._config)

    @cached_property
    def sts(self) -> STSClient:
        """Return the client of STS."""
        client: STSClient = self._client("sts", self._config)
        return client

    @cached_property
    def identity(self) -> Identity:
        """Return account and region of the caller; asks STS, and IAM for the account's alias."""
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
        """Return what this kind of AWS supports."""
        return EMBEDDED if self.local else AWS

    @property
    def where(self) -> str:
        """Return where commands act, without a call to AWS: for messages that must not fail themselves."""
        return "on the embedded AWS" if self.local else f"in {self.region}"

    def _client(self, service: str, config: Config, *, is_retried: bool = True) -> Any:
        with self._lock:  # a session must not create clients in two threads at once
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
        except boto.ClientError:  # optional: it needs a permission of its own
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
