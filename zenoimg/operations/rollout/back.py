"""Plan to restore the previous version: functions, packages and recipe, by the keys in the stack's parameters."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

from zenoimg.errors import NotDeployedError, ZenoError
from zenoimg.imaging import Limits
from zenoimg.operations.deploy import planning, rollback, taken_names
from zenoimg.operations.deploy.outcome import OnEvent, StageBegan
from zenoimg.operations.deploy.plan import Plan
from zenoimg.operations.deploy.previous import (
    ROLLED_BACK_FROM,
    PreviousVersion,
    is_rolled_back,
    parameters_to_go_back,
    previous_version,
    withdrawn_recipes,
)
from zenoimg.operations.deploy.target import Target, artifact_store_of
from zenoimg.operations.deploy.trial.recipe_changes import recipe_changes
from zenoimg.pipeline.recipes import AnyRecipe
from zenoimg.stack.bundle.recipe import UnreadableLayerError, read_recipe_layer
from zenoimg.stack.change_set.states import refuse_stuck
from zenoimg.stack.outputs import read_stack
from zenoimg.suggest import suggest


def prepare(target: Target, on_event: OnEvent) -> Plan:
    """Return the plan that restores the previous version, with its change set.

    If an earlier run has already restored it, the versions are not swapped again: the plan has no change set. Raises
    ``ZenoError`` if there is no previous version or it cannot be read.
    """
    aws = target.aws
    waited = planning.settle(target, on_event)
    on_event(StageBegan("build"))
    state = read_stack(aws.cloudformation, target.stack)
    refuse_stuck(target.stack, state)
    deployed = rollback.save(aws.cloudformation, state)
    if state is None or deployed is None:
        raise NotDeployedError(
            f"the stack {target.stack!r} is not deployed {aws.where}", next_step=f"Run `{suggest('deploy')}` first."
        )
    names = taken_names.of_deployed(aws, target.stack, state.outputs)
    version = previous_version(state.parameters)
    if version is None:
        raise ZenoError(
            f"the stack {target.stack!r} has no previous version to go back to",
            next_step="Only a deploy that changes the recipe keeps the version before it. Change zenoimg.toml instead, "
            f"then run `{suggest('rollout')}`.",
            code="no-previous-version",
        )
    if is_rolled_back(state.parameters):
        recipe, limits = _read(target, state.parameters["RecipeKey"])
        return Plan(names, None, (), recipe, limits, state.parameters, deployed=deployed, follows_change=waited)
    recipe, limits = _previous(target, version)
    parameters = {**state.parameters, **parameters_to_go_back(state.parameters), "Limits": json.dumps(asdict(limits))}
    # CloudFormation rejects parameters that a template lacks, and an older zenoimg may have deployed it.
    declared = json.loads(deployed.template)["Parameters"]
    parameters = {name: value for name, value in parameters.items() if name in declared}
    running, _ = _read(target, state.parameters["RecipeKey"])
    plan = Plan(
        names=names,
        change_set=None,
        artifacts=(),
        recipe=recipe,
        limits=limits,
        parameters=parameters,
        template=deployed.template,
        recipe_changes=recipe_changes(running, recipe),
        deployed=deployed,
        follows_change=waited,
    )
    return replace(plan, change_set=planning.create_change_set(target, plan))


def taken_back(plan: Plan) -> str:
    """Return the fingerprint of the recipe that a plan from ``prepare`` withdraws."""
    return plan.parameters[ROLLED_BACK_FROM]


def withdrawn(plan: Plan) -> frozenset[str]:
    """Return the fingerprints of the withdrawn recipe and its rules, to which records refer."""
    return withdrawn_recipes(plan.parameters)


def _previous(target: Target, version: PreviousVersion) -> tuple[AnyRecipe, Limits]:
    """Return the recipe and limits of the previous version, after checking that all its zips exist."""
    store = artifact_store_of(target.aws)
    missing = [key for key in (version.functions_key, version.packages_key) if not store.holds(key)]
    if missing:
        raise _unreadable(store.bucket, missing[0])
    return _read(target, version.recipe_key)


def _read(target: Target, key: str) -> tuple[AnyRecipe, Limits]:
    store = artifact_store_of(target.aws)
    layer = store.read(key)
    if layer is None:
        raise _unreadable(store.bucket, key)
    try:
        return read_recipe_layer(layer)
    except UnreadableLayerError as error:
        raise _unreadable(store.bucket, key) from error


def _unreadable(bucket: str, key: str) -> ZenoError:
    return ZenoError(
        f"s3://{bucket}/{key} is missing or cannot be read by this version of zenoimg",
        next_step="Deploy the recipe from zenoimg.toml instead.",
        code="version-unreadable",
    )
