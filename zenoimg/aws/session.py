"""AWS as commands see it: one session, with clients made when they are first needed."""

from __future__ import annotations

import os
from collections.abc import Mapping
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

if TYPE_CHECKING:
    from botocore.config import _RetryDict
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
    """Who and where: shown at the head of every plan and question."""

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
    """One session and its clients. ``local`` marks the embedded AWS, which knows a little less than AWS."""

    def __init__(
        self,
        *,
        profile: str | None = None,
        region: str | None = None,
        endpoint_url: str | None = None,
        credentials: tuple[str, str] | None = None,
        local: bool = False,
        impatient: bool = False,
    ) -> None:
        """``credentials`` (access key, secret key) replace the standard chain; only the embedded AWS has them.

        ``impatient`` gives every call up after a second or two, for who waits at a prompt.

        With them nothing of the user's AWS set-up counts: no profile, no configuration file, no proxy.

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
            self.credentials()  # without either, credentials are what to see to first
            raise ConfigurationError(
                "no AWS region is set",
                next_step="Add --region (for example eu-west-1), set AWS_REGION, or add --local.",
            )
        self.region: str = self._session.region_name
        self.endpoint_url = endpoint_url
        self.local = local
        # Standard mode retries throttling and 5xx with backoff.
        self._config = Config(
            retries={"mode": "standard", "max_attempts": 1} if impatient else _retries(os.environ),
            connect_timeout=1 if impatient else 10,
            read_timeout=2 if impatient else 60,
            max_pool_connections=MAX_CONNECTIONS,
            # Whole, since botocore would put its own together anew for every request, at 5% of the request's cost.
            user_agent=f"zenoimg/{__version__} Boto3/{boto3.__version__} Botocore/{botocore_version}",
            proxies={} if credentials else None,
        )

    @cached_property
    def s3(self) -> S3Client:
        """Client of S3."""
        # Named, since botocore signs addresses by version 2 in some regions otherwise, and newer buckets refuse that.
        config = self._config.merge(Config(signature_version="s3v4"))
        return self._session.client("s3", endpoint_url=self.endpoint_url, config=config)

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        """Client of DynamoDB."""
        return self._session.client("dynamodb", endpoint_url=self.endpoint_url, config=self._config)

    @cached_property
    def sqs(self) -> SQSClient:
        """Client of SQS."""
        return self._session.client("sqs", endpoint_url=self.endpoint_url, config=self._config)

    @cached_property
    def logs(self) -> CloudWatchLogsClient:
        """Client of CloudWatch Logs."""
        return self._session.client("logs", endpoint_url=self.endpoint_url, config=self._config)

    @cached_property
    def cloudformation(self) -> CloudFormationClient:
        """Client of CloudFormation."""
        return self._session.client("cloudformation", endpoint_url=self.endpoint_url, config=self._config)

    @cached_property
    def functions(self) -> LambdaClient:
        """Client of Lambda."""
        # A synchronous call lasts as long as the function runs, and is never to be made twice.
        patient = self._config.merge(Config(read_timeout=920, retries={"mode": "standard", "total_max_attempts": 1}))
        return self._session.client("lambda", endpoint_url=self.endpoint_url, config=patient)

    @cached_property
    def iam(self) -> IAMClient:
        """Client of IAM."""
        return self._session.client("iam", endpoint_url=self.endpoint_url, config=self._config)

    @cached_property
    def cloudwatch(self) -> Any:
        """Client of CloudWatch's metrics."""
        return self._session.client("cloudwatch", endpoint_url=self.endpoint_url, config=self._config)

    @cached_property
    def sts(self) -> STSClient:
        """Client of STS."""
        return self._session.client("sts", endpoint_url=self.endpoint_url, config=self._config)

    @cached_property
    def identity(self) -> Identity:
        """Who and where we are; asks STS, and IAM for an alias that people know the account by."""
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
        """What this kind of AWS does and does not."""
        return EMBEDDED if self.local else AWS

    @property
    def where(self) -> str:
        """Where commands act, in words and without asking AWS: for messages that must not fail themselves."""
        return "on the embedded AWS" if self.local else f"in {self.region}"

    def credentials(self) -> Credentials:
        """The session's credentials, for signing. Raises botocore's ``NoCredentialsError`` when there are none."""
        found = self._session.get_credentials()
        if found is None:
            raise boto.NoCredentialsError
        return found

    def _alias(self) -> str:
        try:
            aliases = self.iam.list_account_aliases()["AccountAliases"]
        except boto.ClientError:  # a nicety that needs a right of its own
            return ""
        return aliases[0] if aliases else ""


def _bare_session() -> BotocoreSession:
    """A session that reads neither a profile's name nor a file of the user's."""
    nowhere = (None, None, os.devnull, None)
    return BotocoreSession(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": nowhere,
            "credentials_file": nowhere,
            "ignore_configured_endpoint_urls": (None, None, True, None),
        }
    )


def _retries(env: Mapping[str, str]) -> _RetryDict:
    """Five attempts, unless AWS's own variable says otherwise: a client's configuration would win over it."""
    return {"mode": "standard"} if env.get("AWS_MAX_ATTEMPTS") else {"mode": "standard", "max_attempts": 5}
