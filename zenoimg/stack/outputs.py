"""The outputs of a deployed stack: the only source of names for every command after ``deploy``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from zenoimg.errors import NotDeployedError
from zenoimg.pipeline.calls.service import is_missing_stack
from zenoimg.pipeline.recipes import fingerprint_for
from zenoimg.pipeline.settings import other_class

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient


@dataclass(frozen=True)
class Deployment:
    """The names and URLs of a deployed stack.

    ``recipe_rules`` holds the fingerprints of recipes by prefix, if there are rules; see ``pipeline.recipes``.
    ``recipe_fingerprint``, ``limits`` and ``limits_fingerprint`` are those of the running functions. Fields that a
    pipeline without functions does not have (see ``config``) are empty, and so are those of the large function if there
    is none. ``upload_storage_class`` is the class in which originals are initially stored, ``None`` for the default.
    """

    originals_bucket: str
    processed_bucket: str
    table: str
    backfill_queue_url: str = ""
    dead_letter_queue_url: str = ""
    processor_function: str = ""
    get_images_function: str = ""
    recipe_fingerprint: str = ""
    api_id: str = ""
    api_url: str = ""
    recipe_rules: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    dashboard: str = field(default="", kw_only=True)
    limits: Mapping[str, int] = field(default_factory=dict, kw_only=True)
    limits_fingerprint: str = field(default="", kw_only=True)
    copies_cache_control: str | None = field(default=None, kw_only=True)
    copies_storage_class: str | None = field(default=None, kw_only=True)
    copies_tags: bool = field(default=False, kw_only=True)
    upload_storage_class: str | None = field(default=None, kw_only=True)
    large_queue_url: str = field(default="", kw_only=True)
    processor_large_function: str = field(default="", kw_only=True)

    def recipe_for(self, image_id: str) -> str:
        """Return the fingerprint of the recipe that the functions use for an image; empty if unknown."""
        return fingerprint_for(self.recipe_fingerprint, self.recipe_rules, image_id)

    @property
    def queue_urls(self) -> tuple[str, ...]:
        """Return the URLs of the work queues: backfill and large."""
        return tuple(filter(None, (self.backfill_queue_url, self.large_queue_url)))


@dataclass(frozen=True)
class StackState:
    """A stack as described by CloudFormation. ``role_arn`` is the role that it assumes; empty without one."""

    name: str
    status: str
    status_reason: str
    parameters: dict[str, str]
    outputs: dict[str, str]
    stack_id: str = ""
    role_arn: str = ""
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def is_changing(self) -> bool:
        """Return whether a change is in progress; a stack with only change sets is not changing."""
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"


def read_stack(cloudformation: CloudFormationClient, stack: str) -> StackState | None:
    """Return the stack, or ``None`` if it does not exist."""
    try:
        answer = cloudformation.describe_stacks(StackName=stack)
    except ClientError as error:
        if is_missing_stack(error):
            return None
        raise
    found: Any = answer["Stacks"][0]
    return StackState(
        name=found["StackName"],
        status=found["StackStatus"],
        status_reason=found.get("StackStatusReason", ""),
        parameters={item["ParameterKey"]: item["ParameterValue"] for item in found.get("Parameters", [])},
        outputs={item["OutputKey"]: item["OutputValue"] for item in found.get("Outputs", [])},
        stack_id=found.get("StackId", ""),
        role_arn=found.get("RoleARN", ""),
        tags={item["Key"]: item["Value"] for item in found.get("Tags", [])},
    )


def read_deployment(cloudformation: CloudFormationClient, stack: str, *, where: str, deploy: str) -> Deployment:
    """Return the names of a deployed stack.

    Raises ``NotDeployedError`` if it is not deployed; the message contains ``where``, the next step is ``deploy``.
    """
    state = read_stack(cloudformation, stack)
    if state is None or "OriginalsBucket" not in state.outputs:
        raise NotDeployedError(
            f"the stack {stack!r} is not deployed {where}",
            next_step=f"Run `{deploy}` first.",
        )
    return deployment_of(state)


def deployment_of(state: StackState) -> Deployment:
    """Return the deployment described by a stack's outputs; outputs that an older stack lacks are empty."""
    output = state.outputs
    return Deployment(
        originals_bucket=output["OriginalsBucket"],
        processed_bucket=output["ProcessedBucket"],
        table=output["Table"],
        backfill_queue_url=output.get("BackfillQueueUrl", ""),
        dead_letter_queue_url=output.get("DeadLetterQueueUrl", ""),
        processor_function=output.get("ProcessorFunction", ""),
        get_images_function=output.get("GetImagesFunction", ""),
        recipe_fingerprint=output.get("RecipeFingerprint", ""),
        recipe_rules=json.loads(output.get("RecipeRules", "{}")),
        api_id=output.get("ApiId", ""),
        api_url=output.get("ApiUrl", ""),
        dashboard=output.get("Dashboard", ""),
        limits=json.loads(output.get("Limits", "{}")),
        limits_fingerprint=output.get("LimitsFingerprint", ""),
        large_queue_url=output.get("LargeQueueUrl", ""),
        processor_large_function=output.get("ProcessorLargeFunction", ""),
        copies_cache_control=state.parameters.get("CopiesCacheControl"),
        copies_storage_class=other_class(state.parameters.get("CopiesStorageClass")),
        copies_tags=state.parameters.get("CopiesTags") == "true",
        upload_storage_class=upload_class(state.parameters),
    )


def upload_class(parameters: Mapping[str, str]) -> str | None:
    """Return the storage class in which uploads are stored; ``None`` for the default, even if they move later."""
    at_once = parameters.get("OriginalsTransitionDays") == "0"
    return other_class(parameters.get("OriginalsStorageClass")) if at_once else None
