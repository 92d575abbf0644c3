"""What a deploy would do, for the operator to review and confirm."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from zenoimg.imaging import Limits
from zenoimg.operations.deploy.adoption.look import Look
from zenoimg.operations.deploy.trial.run import Trial
from zenoimg.pipeline.recipes import AnyRecipe
from zenoimg.stack.bundle.artifact import Artifact
from zenoimg.stack.change_set.change import Change, ChangeSet
from zenoimg.stack.names import StackNames

OPEN, SIGNED = "NONE", "AWS_IAM"
_SECONDS_OF_A_DAY = 86_400


@dataclass(frozen=True)
class DeployedVersion:
    """The template, the parameters and the tags of a deployed stack."""

    template: str
    parameters: Mapping[str, str]
    tags: Mapping[str, str]

    @property
    def fingerprint(self) -> str:
        """Return the fingerprint of its recipe; empty when the stack has none."""
        return self.parameters.get("RecipeFingerprint", "")

    @property
    def test_fingerprint(self) -> str:
        """Return the fingerprint of its recipe for test photos, to which no rule applies."""
        rules: dict[str, str] = json.loads(self.parameters.get("RecipeRules") or "{}")
        return rules.get("", self.fingerprint)


@dataclass(frozen=True)
class Plan:
    """What a deploy would do; ``change_set`` is ``None`` when there is nothing to do.

    ``deployed`` is the version before the deploy, ``None`` on a first deploy. ``recipe_changes`` describes the
    changes to the watermark, ``differing`` the settings that were changed outside of CloudFormation, ``looks`` the
    current settings of the buckets and the table that would be written to.
    ``follows_change`` is set when another change of the stack has just ended, which may not have been tested.
    ``trial`` is the result of trying the new recipe and limits on stored images, ``None`` when neither changes.
    ``left_out`` describes settings that have no effect on this platform.
    """

    names: StackNames
    change_set: ChangeSet | None
    artifacts: tuple[Artifact, ...]
    recipe: AnyRecipe
    limits: Limits
    parameters: Mapping[str, str] = field(default_factory=dict)
    template: str = ""
    differing: tuple[str, ...] = ()
    looks: tuple[Look, ...] = ()
    recipe_changes: tuple[str, ...] = ()
    deployed: DeployedVersion | None = None
    follows_change: bool = False
    trial: Trial | None = None
    left_out: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Return the fingerprint of the new recipe as the functions will compute it."""
        return self.parameters.get("RecipeFingerprint", self.recipe.fingerprint)

    @property
    def test_fingerprint(self) -> str:
        """Return the fingerprint of the new recipe for test photos, to which no rule applies."""
        return DeployedVersion("", {"RecipeFingerprint": self.fingerprint, **self.parameters}, {}).test_fingerprint

    @property
    def previous_fingerprint(self) -> str:
        """Return the fingerprint of the deployed recipe; empty on a first deploy."""
        return self.deployed.fingerprint if self.deployed else ""

    @property
    def changes(self) -> tuple[Change, ...]:
        """Return the changes in the change set."""
        return self.change_set.changes if self.change_set else ()

    @property
    def adopted(self) -> tuple[str, ...]:
        """Return the physical ids of existing resources that the stack would import."""
        return tuple(change.physical_id for change in self.changes if change.action == "Import")

    @property
    def opens_api(self) -> bool:
        """Return whether ``GET /images`` would start to answer unsigned requests."""
        return _api_access(self.parameters) == OPEN and self._api_access_before != OPEN

    @property
    def open_api_requests_a_day(self) -> int:
        """Return the maximum number of unsigned requests that the API would answer in a day, 0 unless it is open."""
        is_open = _api_access(self.parameters) == OPEN
        return int(self.parameters.get("ApiRateLimit", "0")) * _SECONDS_OF_A_DAY if is_open else 0

    @property
    def adds_heic(self) -> bool:
        """Return whether HEIC photos would be accepted from now on."""
        before = json.loads(self.deployed.parameters.get("Limits", "{}")) if self.deployed else {}
        return self.limits.heic and not before.get("heic", False)

    @property
    def closes_api(self) -> bool:
        """Return whether ``GET /images`` would stop answering unsigned requests."""
        return _api_access(self.parameters) != OPEN and self._api_access_before == OPEN

    @property
    def _api_access_before(self) -> str:
        return _api_access(self.deployed.parameters) if self.deployed else SIGNED


def _api_access(parameters: Mapping[str, str]) -> str:
    return parameters.get("ApiAuthorization", SIGNED)
