"""The target of a deploy, and its access to CloudFormation and the artifacts bucket."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from zenoimg.aws.session import Aws
from zenoimg.config.load import Settings
from zenoimg.pipeline.calls.service import is_aws
from zenoimg.stack.bundle.store import ArtifactStore
from zenoimg.stack.change_set.lifecycle import ChangeSets


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Target:
    """One stack in one account and region.

    ``role_arn`` is the role that CloudFormation assumes; empty for the caller's permissions. ``checkpoint`` saves
    the state of the embedded AWS, which otherwise loses an unsaved deploy when it is killed. ``adopt`` lists buckets
    and tables that a first deploy adopts although they lack our tag; ``long_names`` makes it use qualified names.
    """

    aws: Aws
    settings: Settings
    role_arn: str = ""
    checkpoint: Callable[[], None] = _nothing
    adopt: frozenset[str] = frozenset()
    long_names: bool = False

    @property
    def stack(self) -> str:
        """Return the stack's name."""
        return self.settings.stack


def change_sets_of(aws: Aws, role_arn: str = "") -> ChangeSets:
    """Return access to change sets with a session's clients."""
    proven = aws.local or is_aws(aws.cloudformation.meta.endpoint_url)
    return ChangeSets(aws.cloudformation, local=aws.local, proven=proven, role_arn=role_arn)


def artifact_store_of(aws: Aws, tags: Mapping[str, str] | None = None) -> ArtifactStore:
    """Return the artifacts bucket of a session's account and region; uploads give it the tags."""
    return ArtifactStore(aws.s3, aws.identity.account, aws.region, aws.identity.partition, tags)
