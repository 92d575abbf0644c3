"""Save the deployed version, and put it back when a deploy fails."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from zenoimg.operations.deploy.plan import DeployedVersion
from zenoimg.stack.change_set.change import ChangeSet
from zenoimg.stack.change_set.lifecycle import ChangeSets
from zenoimg.stack.outputs import StackState

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient


def save(cloudformation: CloudFormationClient, state: StackState | None) -> DeployedVersion | None:
    """Return the deployed version, or ``None`` for a stack that has never been deployed."""
    if state is None or "OriginalsBucket" not in state.outputs:
        return None
    # botocore parses a JSON template and returns any other template as text.
    body: Any = cloudformation.get_template(StackName=state.name, TemplateStage="Original")["TemplateBody"]
    text = body if isinstance(body, str) else json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    return DeployedVersion(text, state.parameters, state.tags)


def prepare(change_sets: ChangeSets, stack: str, version: DeployedVersion) -> ChangeSet | None:
    """Return the change set that puts a version back, or ``None`` when nothing differs from it.

    Raises ``RefusedByAwsError``.
    """
    return change_sets.create(stack, {"TemplateBody": version.template}, version.parameters, version.tags)
