"""The version before the deployed one, kept in stack parameters so that a rollout can be rolled back.

A version consists of the zips of functions, packages and recipe. The one kept is the last with another recipe: a
deploy that changes only code does not replace it. The zips themselves stay in the artifacts bucket.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

#: Parameters of the deployed version → the parameters that keep the values of the previous one.
_KEPT_AS = {
    "FunctionsKey": "PreviousFunctionsKey",
    "PackagesKey": "PreviousPackagesKey",
    "RecipeKey": "PreviousRecipeKey",
    "RecipeFingerprint": "PreviousRecipeFingerprint",
    "RecipeRules": "PreviousRecipeRules",
    "LimitsFingerprint": "PreviousLimitsFingerprint",
}
#: Without these there is no version; stacks of older releases lack the others.
_OF_A_VERSION = ("FunctionsKey", "PackagesKey", "RecipeKey", "RecipeFingerprint")
#: Fingerprint of the withdrawn recipe; empty when the deployed version comes from a deploy.
ROLLED_BACK_FROM = "RolledBackFrom"


@dataclass(frozen=True)
class PreviousVersion:
    """The keys of the zips in the artifacts bucket, and the recipe's fingerprint."""

    functions_key: str
    packages_key: str
    recipe_key: str
    fingerprint: str


def parameters_to_keep(before: Mapping[str, str], fingerprint: str) -> dict[str, str]:
    """Return the previous version's parameters for a deploy of a recipe; ``before`` holds the stack's parameters."""
    deployed = before.get("RecipeFingerprint", "")
    if deployed in ("", fingerprint):
        kept = {name: before.get(name, "") for name in _KEPT_AS.values()}
        return {**kept, ROLLED_BACK_FROM: before.get(ROLLED_BACK_FROM, "")}
    return {**{kept: before.get(name, "") for name, kept in _KEPT_AS.items()}, ROLLED_BACK_FROM: ""}


def parameters_to_go_back(before: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters that swap the deployed version and the previous one."""
    back = {name: before.get(kept, "") for name, kept in _KEPT_AS.items()}
    return {
        **back,
        **{kept: before.get(name, "") for name, kept in _KEPT_AS.items()},
        ROLLED_BACK_FROM: before["RecipeFingerprint"],
    }


def previous_version(parameters: Mapping[str, str]) -> PreviousVersion | None:
    """Return the previous version of a stack, or ``None`` if there is none."""
    values = [parameters.get(_KEPT_AS[name], "") for name in _OF_A_VERSION]
    return PreviousVersion(*values) if all(values) else None


def withdrawn_recipes(parameters: Mapping[str, str]) -> frozenset[str]:
    """Return the fingerprints of the withdrawn recipe, including those of its rules."""
    rules: dict[str, str] = json.loads(parameters.get("PreviousRecipeRules") or "{}")
    return frozenset(rules.values() or (parameters[ROLLED_BACK_FROM],))


def is_rolled_back(parameters: Mapping[str, str]) -> bool:
    """Return whether the deployed version was restored by a rollback that may not have reprocessed everything yet."""
    return bool(parameters.get(ROLLED_BACK_FROM, ""))
