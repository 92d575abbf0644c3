"""Deploy the stack: bundle → names → change set → (yes) → artifacts → events → smoke test → what now stands.

``prepare`` builds and asks, and changes nothing but that it makes the change set; ``execute`` changes the stack,
``test`` tries what then stands, and ``roll_back`` puts back what stood before. What lies between them, showing
the plan and asking, is the caller's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace

from botocore.exceptions import ClientError

from zenoimg.aws.session import Aws
from zenoimg.config.load import Settings
from zenoimg.errors import ZenoError
from zenoimg.imaging import Recipe
from zenoimg.operations.configured import limits_of, recipe_of
from zenoimg.operations.deploy import rollback, smoke, taken_names
from zenoimg.operations.deploy.plan import Plan, recipe_changes, recipe_in
from zenoimg.operations.deploy.rollback import Standing
from zenoimg.operations.deploy.smoke import Verdict
from zenoimg.operations.pipeline import LivePipeline, of_deployment
from zenoimg.pipeline.service import is_aws, is_denied
from zenoimg.stack import read_back, template
from zenoimg.stack.bundle import functions, packages_installed
from zenoimg.stack.bundle.artifact import Artifact
from zenoimg.stack.bundle.packages_wheels import packages_layer
from zenoimg.stack.bundle.recipe import recipe_layer as make_recipe_layer
from zenoimg.stack.bundle.store import ArtifactStore
from zenoimg.stack.change_set.change import ChangeSet
from zenoimg.stack.change_set.history import StackEvent
from zenoimg.stack.change_set.lifecycle import ChangeSets
from zenoimg.stack.change_set.states import refuse_stuck
from zenoimg.stack.names import StackNames
from zenoimg.stack.outputs import Deployment, StackState, deployment_of, read_stack

_DEFAULT_ARCHITECTURE = "arm64"
_DEFAULT_TIMEOUT_SECONDS = 300
_GENERATION = "SettingsGeneration"


class Deploy:
    """One deploy of one stack. ``role_arn`` is the role that CloudFormation acts in; empty for the caller's."""

    def __init__(self, aws: Aws, settings: Settings, *, role_arn: str = "") -> None:
        self._aws = aws
        self._settings = settings
        self._change_sets = change_sets_of(aws, role_arn)

    def busy(self) -> StackState | None:
        """The stack, if somebody else's change of it is in progress."""
        state = read_stack(self._aws.cloudformation, self._settings.stack)
        return state if state is not None and state.is_changing else None

    def settle(self, state: StackState) -> Iterator[StackEvent]:
        """Wait until that change is over, yielding its events."""
        return self._change_sets.settle(state)

    def prepare(self) -> Plan:
        """Bundle and make the change set; sends no zips. A plan that is not carried out must be discarded.

        Raises ``ZenoError`` with the reason when no plan can be made; then nothing is left of it.
        """
        aws, stack = self._aws, self._settings.stack
        state = read_stack(aws.cloudformation, stack)
        refuse_stuck(stack, state)
        plan = self.describe()
        if plan.standing is None:
            taken_names.forget_old_logs(aws, plan.names)
        plan = replace(plan, change_set=self._change_set(plan))
        if plan.change_set is None or plan.standing is None:
            return plan
        try:
            running = self._running_recipe(plan.standing)
            words = recipe_changes(running, plan.recipe) if running else ()
            return replace(plan, recipe_changes=words, standing=rollback.save(aws.cloudformation, state))
        except BaseException:
            self.discard(plan)
            raise

    def describe(self) -> Plan:
        """Names, zips, template and parameters of a deploy, with nothing made on AWS at all."""
        settings, aws = self._settings, self._aws
        recipe, limits = recipe_of(settings), limits_of(settings)
        state = read_stack(aws.cloudformation, settings.stack)
        names = self._names(state)
        store = self._store()
        store.check()
        artifacts = self._bundle(recipe_layer=make_recipe_layer(recipe, limits))
        stands = state is not None and "OriginalsBucket" in state.outputs
        # CloudFormation compares templates, not buckets; a raised generation makes it write the settings again.
        differing = self._differing(names) if stands else ()
        before = state.parameters if state is not None else {}
        parameters = {
            **parameters_of(settings, local=aws.local),
            "ArtifactsBucket": store.bucket,
            **{key: artifact.key(settings.stack) for key, artifact in zip(_KEYS, artifacts, strict=True)},
            "RecipeFingerprint": recipe.fingerprint,
            "Limits": json.dumps(asdict(limits)),
            _GENERATION: str(int(before.get(_GENERATION, "0")) + bool(differing)),
        }
        rendered = template.render(names, backfill_concurrency=settings.backfill_concurrency)
        return Plan(
            names=names,
            change_set=None,
            artifacts=artifacts,
            recipe=recipe,
            limits=limits,
            parameters=parameters,
            template=template.to_text(rendered),
            differing=differing,
            standing=Standing("", state.parameters, state.tags) if state is not None and stands else None,
        )

    def execute(self, plan: Plan) -> Iterator[StackEvent]:
        """Carry a plan out, yielding the stack's events.

        An adoption is followed by an update that makes the template's settings apply to what was adopted: an
        import by itself applies none. Raises ``ZenoError`` naming what differs even then.
        """
        if plan.change_set is None:
            return
        self._store().upload(self._settings.stack, plan.artifacts)
        yield from self._change_sets.execute(plan.change_set)
        if plan.adopted:
            generation = str(int(plan.parameters[_GENERATION]) + 1)
            second = self._change_set(replace(plan, parameters={**plan.parameters, _GENERATION: generation}))
            if second is not None:
                yield from self._change_sets.execute(second)
        if (plan.adopted or plan.differing) and (left := self._differing(plan.names)):
            raise ZenoError(
                f"the stack stands, and these settings still differ: {'; '.join(left)}",
                next_step="Put them right by hand (or remove what sets them), then run `zenoimg deploy` again.",
                code="settings-differ",
            )

    def test(self, plan: Plan) -> Verdict:
        """Send the smoke test's photo through what stands now."""
        return smoke.run(self._pipeline(), smoke.expected(plan.recipe, plan.limits))

    def test_previous(self, standing: Standing) -> Verdict:
        """The same after ``roll_back``, by the recipe that was put back."""
        return smoke.run(self._pipeline(), smoke.Expected(standing.fingerprint))

    def roll_back(self, standing: Standing) -> Iterator[StackEvent]:
        """Put back what stood before, yielding the stack's events. Raises ``RefusedByAwsError``."""
        change_set = rollback.prepare(self._change_sets, self._settings.stack, standing)
        if change_set is not None:
            yield from self._change_sets.execute(change_set)

    def sweep(self) -> int:
        """Remove what smoke tests left behind that were interrupted; returns how many photos that were."""
        return smoke.sweep(self._pipeline())

    def discard(self, plan: Plan) -> None:
        """Leave nothing of a plan behind."""
        if plan.change_set is not None:
            self._change_sets.discard(plan.change_set)

    def deployment(self) -> Deployment:
        """What stands after a deploy."""
        state = read_stack(self._aws.cloudformation, self._settings.stack)
        assert state is not None, "only asked after a deploy"
        return deployment_of(state)

    def _bundle(self, recipe_layer: Artifact) -> tuple[Artifact, ...]:
        architecture = self._settings.parameters.get("Architecture", _DEFAULT_ARCHITECTURE)
        packages = packages_installed.installed_packages_layer() if self._aws.local else packages_layer(architecture)
        return functions.functions_zip(), packages, recipe_layer

    def _names(self, state: StackState | None) -> StackNames:
        if state is not None and "OriginalsBucket" in state.outputs:
            return taken_names.of_deployed(self._aws, self._settings.stack, state.outputs["OriginalsBucket"])
        names = taken_names.choose(self._aws, self._settings.stack)
        taken_names.refuse_taken(self._aws, names)
        return names

    def _differing(self, names: StackNames) -> tuple[str, ...]:
        aws = self._aws
        buckets = read_back.differences(aws.s3, names, aws.identity.account, tls_only=aws.platform.requires_tls)
        # The embedded AWS drops point-in-time recovery.
        return buckets + read_back.table_differences(
            aws.dynamodb, names, backups=aws.platform.keeps_point_in_time_recovery
        )

    def _running_recipe(self, standing: Standing) -> Recipe | None:
        key = standing.parameters.get("RecipeKey", "")
        layer = self._store().read(key) if key else None
        return recipe_in(layer) if layer else None

    def _change_set(self, plan: Plan) -> ChangeSet | None:
        stack = self._settings.stack
        assert len(plan.template.encode()) <= template.MAX_INLINE_BYTES, "held by a test of the template"
        return self._change_sets.create(
            stack, {"TemplateBody": plan.template}, plan.parameters, {"zenoimg:stack": stack}
        )

    def _store(self) -> ArtifactStore:
        identity = self._aws.identity
        return ArtifactStore(self._aws.s3, identity.account, self._aws.region, identity.partition)

    def _pipeline(self) -> LivePipeline:
        return of_deployment(self._aws, self.deployment(), self._aws.identity.account)


def change_sets_of(aws: Aws, role_arn: str = "") -> ChangeSets:
    """The change sets of a session."""
    proven = aws.local or is_aws(aws.cloudformation.meta.endpoint_url)
    return ChangeSets(aws.cloudformation, local=aws.local, proven=proven, role_arn=role_arn)


def names_for_policies(aws: Aws, stack: str) -> tuple[StackNames, bool]:
    """The names of a stack for its policies, and whether they are certain: a stack that stands has said them.

    Who prints a policy may hold no right yet; then the seed's names have to do.
    """
    try:
        state = read_stack(aws.cloudformation, stack)
    except ClientError as error:
        if not is_denied(error):
            raise
        return StackNames(stack), False
    if state is None or "OriginalsBucket" not in state.outputs:
        return StackNames(stack), False
    return taken_names.of_deployed(aws, stack, state.outputs["OriginalsBucket"]), True


def parameters_of(settings: Settings, *, local: bool) -> dict[str, str]:
    """The template's parameters that the settings decide."""
    chosen = dict(settings.parameters)
    timeout = int(chosen.get("ProcessorTimeout", _DEFAULT_TIMEOUT_SECONDS))
    # Lambda's advice for a queue that a function reads: six times the function's timeout
    # (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html).
    chosen.setdefault("BackfillVisibility", str(6 * timeout))
    if local:
        chosen["TlsOnly"] = "false"  # it enforces bucket policies, and speaks plain HTTP on loopback
        chosen["ErrorRateAlarm"] = "false"  # it refuses alarms on a quotient of two metrics
    return chosen


#: The template's parameters for the three zips, in the order of ``Deploy._bundle``.
_KEYS = ("FunctionsKey", "PackagesKey", "RecipeKey")
