"""Plan a deploy: read the stack and the settings, build the zips, create the change set.

Nothing here changes the stack. A plan holds a change set, so it must be carried out (``run``) or discarded.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial

from botocore.exceptions import ClientError

from zenoimg.aws.platform import Platform
from zenoimg.aws.session import Aws
from zenoimg.config.load import CONFIG_FILE, Settings
from zenoimg.errors import ConfigurationError
from zenoimg.imaging import Limits
from zenoimg.operations.configured import check_heic, check_parameters, limits_of, recipe_of
from zenoimg.operations.deploy import events, rollback, taken_names
from zenoimg.operations.deploy.adoption.decide import EVENTBRIDGE, Existing, existing_of, wanted_of
from zenoimg.operations.deploy.outcome import OnEvent, StageBegan
from zenoimg.operations.deploy.plan import OPEN, DeployedVersion, Plan
from zenoimg.operations.deploy.previous import parameters_to_keep
from zenoimg.operations.deploy.target import Target, artifact_store_of, change_sets_of
from zenoimg.operations.deploy.trial.recipe_changes import DRAWING_CODE_ONLY, recipe_changes
from zenoimg.operations.deploy.trial.run import try_recipe
from zenoimg.operations.deploy.trial.sample import Bounds
from zenoimg.operations.pipeline import of_deployment
from zenoimg.pipeline.calls.service import is_denied
from zenoimg.pipeline.recipes import AnyRecipe
from zenoimg.pipeline.verdict import limits_fingerprint
from zenoimg.stack import read_back, template
from zenoimg.stack.bundle import functions, packages_installed, packages_wheels
from zenoimg.stack.bundle.artifact import Artifact
from zenoimg.stack.bundle.pillow import pillow_version_of
from zenoimg.stack.bundle.recipe import UnreadableLayerError, read_recipe_layer, recipe_layer, rules_parameter
from zenoimg.stack.change_set.change import ChangeSet
from zenoimg.stack.change_set.states import refuse_stuck
from zenoimg.stack.names import StackNames
from zenoimg.stack.outputs import StackState, deployment_of, read_stack
from zenoimg.stack.ownership import ORIGIN_PARAMETERS
from zenoimg.stack.presence import missing_parts
from zenoimg.suggest import suggest

#: Template parameter that counts how many times the settings of buckets and table were rewritten.
GENERATION = "SettingsGeneration"

#: Default throttling limits of an API open to everyone: its owner pays for each response.
_OPEN_API = {"ApiRateLimit": "2", "ApiBurstLimit": "4"}
DEFAULT_ARCHITECTURE = "arm64"
_DEFAULT_TIMEOUT_SECONDS = 300
#: Template parameters of the three zips, in the order of ``_bundle``.
_ZIP_PARAMETERS = ("FunctionsKey", "PackagesKey", "RecipeKey")
#: Template parameters set by the first deploy or by the state of the buckets, and kept by later deploys.
_OF_THE_DATA = (*ORIGIN_PARAMETERS, EVENTBRIDGE, read_back.PROTECTION)


def prepare(target: Target, on_event: OnEvent, sample: Bounds | None = None) -> Plan:
    """Return the plan of a deploy, with its change set; upload nothing.

    First waits for any change of the stack that is in progress. Tries a changed recipe or changed limits on a
    ``sample`` of the stored images, or skips that if it is ``None``. Raises ``ZenoError`` when no plan can be made,
    and then leaves nothing behind.
    """
    aws, stack = target.aws, target.stack
    waited = settle(target, on_event)
    on_event(StageBegan("build"))
    state = read_stack(aws.cloudformation, stack)
    refuse_stuck(stack, state)
    plan = replace(describe(target), follows_change=waited)
    if plan.deployed is None:
        taken_names.delete_orphaned_logs(aws, plan.names)
    running = _running_recipe(target, plan.deployed) if plan.deployed else None
    changes = recipe_changes(running[0], plan.recipe) if running else ()
    _refuse_unmeant_default(target, changes)
    plan = replace(plan, change_set=create_change_set(target, plan))
    if plan.change_set is None or plan.deployed is None:
        return plan
    try:
        plan = replace(plan, recipe_changes=changes, deployed=rollback.save(aws.cloudformation, state))
        if sample is None or not _judges_otherwise(plan):
            return plan
        on_event(StageBegan("try"))
        pipeline = of_deployment(aws, deployment_of(state), aws.identity.account) if state else None
        return replace(plan, trial=try_recipe(pipeline, plan.recipe, plan.limits, sample) if pipeline else None)
    except BaseException:
        discard(target, plan)
        raise


def describe(target: Target, *, is_for_deploy: bool = True) -> Plan:
    """Return names, zips, template and parameters of a deploy, without a change set.

    With ``is_for_deploy``, existing buckets and tables are checked, and those that a deploy must not touch raise
    ``ZenoError``; without it the plan is only printed.
    """
    settings, aws = target.settings, target.aws
    recipe, limits = recipe_of(settings), limits_of(settings)
    check_heic(limits)
    state = read_stack(aws.cloudformation, settings.stack)
    names = _names(target, state)
    before = state.parameters if state is not None else {}
    is_deployed = state is not None and "OriginalsBucket" in state.outputs
    differing = differing_settings(target, names, before) if is_deployed else ()
    if state is not None and is_deployed:
        differing += tuple(missing_parts(aws.sqs, aws.functions, deployment_of(state)))
    existing = existing_of(target, names, before, differing if is_deployed else None) if is_for_deploy else Existing()
    store = artifact_store_of(aws)
    store.check()
    artifacts = _bundle(target, recipe_layer(recipe, limits), heic=limits.heic)
    zips = dict(zip(_ZIP_PARAMETERS, artifacts, strict=True))
    parameters = {
        **parameters_of_version(settings, aws.platform, store.bucket, zips, recipe, limits),
        **parameters_to_keep(before, recipe.fingerprint),
        read_back.PROTECTION: "false",
        **{key: before[key] for key in _OF_THE_DATA if key in before},
        **existing.parameters,
        # CloudFormation compares templates, not buckets; a new generation makes it rewrite the settings.
        GENERATION: str(int(before.get(GENERATION, "0")) + bool(differing)),
    }
    backfill = settings.backfill_concurrency
    large = 1 if aws.local else backfill  # one machine may not have the memory for two large photos
    rendered = template.render(names, backfill_concurrency=backfill, large_concurrency=large)
    return Plan(
        names=names,
        change_set=None,
        artifacts=artifacts,
        recipe=recipe,
        limits=limits,
        parameters=parameters,
        template=template.to_text(rendered),
        differing=differing,
        looks=existing.looks,
        left_out=events.left_out(settings, aws.platform),
        deployed=DeployedVersion("", state.parameters, state.tags) if state is not None and is_deployed else None,
    )


def decide(target: Target, plan: Plan, agree: Callable[[], bool]) -> bool:
    """Return whether the operator agrees; discard the plan if not, or if the question is interrupted."""
    try:
        agreed = agree()
    except BaseException:
        discard(target, plan)
        raise
    if not agreed:
        discard(target, plan)
    return agreed


def discard(target: Target, plan: Plan) -> None:
    """Delete the plan's change set, and the empty stack created for it."""
    if plan.change_set is not None:
        change_sets_of(target.aws, target.role_arn).discard(plan.change_set)


def settle(target: Target, on_event: OnEvent) -> bool:
    """Wait for any change of the stack that is in progress; return whether there was one."""
    state = read_stack(target.aws.cloudformation, target.stack)
    if state is None or not state.is_changing:
        return False
    on_event(StageBegan("settle", state.status))
    for event in change_sets_of(target.aws, target.role_arn).settle(state):
        on_event(event)
    return True


def create_change_set(target: Target, plan: Plan, *, reverts_drift: bool = False) -> ChangeSet | None:
    """Create the change set of a plan; return ``None`` when nothing would change.

    ``reverts_drift`` compares the template with the actual resources, which a plan with differing settings needs.
    """
    assert len(plan.template.encode()) <= template.MAX_INLINE_BYTES, "guaranteed by a test of the template"
    change_sets = change_sets_of(target.aws, target.role_arn)
    tags = {**target.settings.tags, "zenoimg:stack": target.stack}
    create = partial(
        change_sets.create,
        target.stack,
        {"TemplateBody": plan.template},
        tags=tags,
        reverts_drift=target.aws.platform.reverts_drift and (reverts_drift or bool(plan.differing)),
    )
    found = create(plan.parameters)
    if found is None or not events.must_wait(found, plan.parameters):
        return found
    change_sets.discard(found)
    return create({**plan.parameters, events.PARAMETER: "false"})


def differing_settings(target: Target, names: StackNames, parameters: Mapping[str, str]) -> tuple[str, ...]:
    """Return a description of each bucket or table setting that differs from the template with these parameters."""
    aws = target.aws
    wanted = wanted_of(aws, names, parameters)
    return read_back.differences(aws.s3, wanted) + read_back.table_differences(aws.dynamodb, wanted)


def parameters_of(settings: Settings, platform: Platform) -> dict[str, str]:
    """Return the template parameters determined by the settings."""
    chosen = dict(settings.parameters)
    timeout = int(chosen.get("ProcessorTimeout", _DEFAULT_TIMEOUT_SECONDS))
    # Lambda recommends six times the function's timeout as the visibility timeout of a queue it polls
    # (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html).
    chosen.setdefault("BackfillVisibility", str(6 * timeout))
    if chosen.get("ApiAuthorization") == OPEN:
        for name, value in _OPEN_API.items():
            chosen.setdefault(name, value)
    check_parameters(settings)
    if not platform.reserves_concurrency:
        chosen.pop("ProcessorMaxConcurrency", None)
    if not platform.requires_tls:
        chosen["TlsOnly"] = "false"
    if not platform.has_metric_math:
        chosen["MetricMath"] = "false"
    if not platform.pipes_reach_event_buses:
        chosen.pop(events.PARAMETER, None)
    return chosen


def parameters_of_version(
    settings: Settings, platform: Platform, bucket: str, zips: Mapping[str, Artifact], recipe: AnyRecipe, limits: Limits
) -> dict[str, str]:
    """Return the template parameters of a version: its settings and its ``zips``, by parameter."""
    found = {
        **parameters_of(settings, platform),
        "ArtifactsBucket": bucket,
        **{name: artifact.key(settings.stack) for name, artifact in zips.items()},
        "RecipeFingerprint": recipe.fingerprint,
        "RecipeRules": rules_parameter(recipe),
        "Limits": json.dumps(asdict(limits)),
    }
    if packages := zips.get("PackagesKey"):
        found["LimitsFingerprint"] = limits_fingerprint(limits, pillow_version_of(packages.data))
    return found


def names_for_policies(aws: Aws, stack: str) -> tuple[StackNames, bool]:
    """Return the names to use in a stack's policies, and whether they are certain (the stack is deployed).

    The caller who prints a policy may have no permissions yet; then the default names are returned.
    """
    try:
        state = read_stack(aws.cloudformation, stack)
    except ClientError as error:
        if not is_denied(error):
            raise
        return StackNames(stack), False
    if state is None or "OriginalsBucket" not in state.outputs:
        return StackNames(stack), False
    return taken_names.of_deployed(aws, stack, state.outputs), True


def _bundle(target: Target, recipe: Artifact, *, heic: bool) -> tuple[Artifact, ...]:
    architecture = target.settings.parameters.get("Architecture", DEFAULT_ARCHITECTURE)
    if target.aws.local:
        packages = packages_installed.installed_packages_layer(heic=heic)
    else:
        packages = packages_wheels.packages_layer(architecture, heic=heic)
    return functions.functions_zip(), packages, recipe


def _names(target: Target, state: StackState | None) -> StackNames:
    if state is not None and "OriginalsBucket" in state.outputs:
        return taken_names.of_deployed(target.aws, target.stack, state.outputs)
    names = taken_names.choose(target.aws, target.stack, long_names=target.long_names)
    taken_names.refuse_taken(target.aws, names)
    return names


def _judges_otherwise(plan: Plan) -> bool:
    """Return whether the new version may refuse images that the deployed one accepts, or vice versa."""
    before = plan.deployed.parameters if plan.deployed else {}
    return any(before.get(name) != plan.parameters[name] for name in ("RecipeFingerprint", "Limits"))


def _refuse_unmeant_default(target: Target, changes: Sequence[str]) -> None:
    """Raise ``ConfigurationError`` if only a missing ``zenoimg.toml`` would give the stack the default recipe."""
    settings = target.settings
    if settings.file.path is not None or settings.recipe_tables or changes in ((), DRAWING_CODE_ONLY):
        return
    raise ConfigurationError(
        f"there is no {CONFIG_FILE} here or in a folder above, and the default recipe is not that of the stack "
        f"{target.stack!r}: {'; '.join(changes)}",
        next_step=f"Run it where that {CONFIG_FILE} is, or name it (--config FILE). To deploy the default recipe, "
        f"run `{suggest('init')}` first.",
        code="no-settings-file",
    )


def _running_recipe(target: Target, version: DeployedVersion) -> tuple[AnyRecipe, Limits] | None:
    key = version.parameters.get("RecipeKey", "")
    layer = artifact_store_of(target.aws).read(key) if key else None
    try:
        return read_recipe_layer(layer) if layer else None
    except UnreadableLayerError:
        return None  # the plan then shows only the fingerprints
