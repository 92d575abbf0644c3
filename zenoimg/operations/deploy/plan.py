"""What a deploy would do, for people to read before they say yes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field

from zenoimg.imaging import Limits, Recipe, RecipeError, recipe_to_mapping
from zenoimg.operations.deploy.rollback import Standing
from zenoimg.pipeline import deployed_recipe
from zenoimg.stack.bundle.artifact import Artifact
from zenoimg.stack.change_set.change import Change, ChangeSet
from zenoimg.stack.names import StackNames

OPEN, SIGNED = "NONE", "AWS_IAM"


@dataclass(frozen=True)
class Plan:
    """What a deploy would do. ``changes`` is empty when there is nothing to do.

    ``standing`` is what stands before it, ``None`` on a first deploy. ``recipe_changes`` says in words what
    becomes of the watermark, ``differing`` which settings were changed behind CloudFormation's back.
    """

    names: StackNames
    change_set: ChangeSet | None
    artifacts: tuple[Artifact, ...]
    recipe: Recipe
    limits: Limits
    parameters: Mapping[str, str] = field(default_factory=dict)
    template: str = ""
    differing: tuple[str, ...] = ()
    recipe_changes: tuple[str, ...] = ()
    standing: Standing | None = None

    @property
    def fingerprint(self) -> str:
        """Of the recipe that would run."""
        return self.recipe.fingerprint

    @property
    def previous_fingerprint(self) -> str:
        """Of the recipe that runs; empty on a first deploy."""
        return self.standing.fingerprint if self.standing else ""

    @property
    def changes(self) -> tuple[Change, ...]:
        """What the change set would touch."""
        return self.change_set.changes if self.change_set else ()

    @property
    def adopted(self) -> tuple[str, ...]:
        """The resources that exist already and come under the stack's care."""
        return tuple(change.physical_id for change in self.changes if change.action == "Import")

    @property
    def opens_api(self) -> bool:
        """Whether ``GET /images`` answers everyone afterwards and did not before."""
        return self._api(self.parameters) == OPEN and self._api_before != OPEN

    @property
    def closes_api(self) -> bool:
        """Whether ``GET /images`` answers the signed alone afterwards and answered everyone before."""
        return self._api(self.parameters) != OPEN and self._api_before == OPEN

    @property
    def _api_before(self) -> str:
        return self._api(self.standing.parameters) if self.standing else SIGNED

    @staticmethod
    def _api(parameters: Mapping[str, str]) -> str:
        return parameters.get("ApiAuthorization", SIGNED)


def recipe_in(layer: bytes) -> Recipe | None:
    """The recipe in a zip of its layer; ``None`` when it holds none that this version can read."""
    try:
        with zipfile.ZipFile(io.BytesIO(layer)) as archive:
            recipe, _ = deployed_recipe.load(lambda name: archive.read(f"python/{deployed_recipe.PACKAGE}/{name}"))
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, RecipeError):
        return None
    return recipe


def recipe_changes(before: Recipe, after: Recipe) -> tuple[str, ...]:
    """What differs between two recipes, setting by setting: ``text: "© zeno" becomes "© Example"``."""
    if before.fingerprint == after.fingerprint:
        return ()
    (old, old_files), (new, new_files) = recipe_to_mapping(before), recipe_to_mapping(after)
    found = []
    for table in new:
        left, right = _settings(old, table), _settings(new, table)
        for name in sorted({*left, *right}):
            if old_files.get(str(left.get(name))) != new_files.get(str(right.get(name))):
                found.append(f"another {name} file" if name in left and name in right else _swap(name, left, right))
            elif left.get(name) != right.get(name):
                found.append(_swap(name, left, right))
    return tuple(found) or ("the way it is drawn",)


def _settings(tables: Mapping[str, object], table: str) -> Mapping[str, object]:
    found = tables.get(table, {})
    assert isinstance(found, Mapping)
    return found


def _swap(name: str, left: Mapping[str, object], right: Mapping[str, object]) -> str:
    return f"{name}: {_shown(left, name)} becomes {_shown(right, name)}"


def _shown(settings: Mapping[str, object], name: str) -> str:
    value = settings.get(name)
    return "none" if value is None else f'"{value}"' if isinstance(value, str) else str(value)
