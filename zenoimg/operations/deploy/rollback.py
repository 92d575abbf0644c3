"""What stood before a change, kept so that it can be put back as it was."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zenoimg.stack.change_set.change import ChangeSet
from zenoimg.stack.change_set.lifecycle import ChangeSets
from zenoimg.stack.outputs import StackState

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient


@dataclass(frozen=True)
class Standing:
    """The template, the parameters and the tags of a stack that stands."""

    template: str
    parameters: Mapping[str, str]
    tags: Mapping[str, str]

    @property
    def fingerprint(self) -> str:
        """Of the recipe in its functions; empty when it does not say."""
        return self.parameters.get("RecipeFingerprint", "")


def save(cloudformation: CloudFormationClient, state: StackState | None) -> Standing | None:
    """What stands now; ``None`` for a stack that does not stand yet."""
    if state is None or "OriginalsBucket" not in state.outputs:
        return None
    # botocore parses a JSON template and leaves any other as it is.
    body: Any = cloudformation.get_template(StackName=state.name, TemplateStage="Original")["TemplateBody"]
    text = body if isinstance(body, str) else json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    return Standing(text, state.parameters, state.tags)


def prepare(change_sets: ChangeSets, stack: str, standing: Standing) -> ChangeSet | None:
    """The change set that puts it back, ``None`` when nothing differs from it. Raises ``RefusedByAwsError``."""
    return change_sets.create(stack, {"TemplateBody": standing.template}, standing.parameters, standing.tags)
