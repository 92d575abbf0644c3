"""Deploy the stack: bundle → names → artifacts → change set → events → what now stands.

``prepare`` builds and asks, and changes nothing in the stack; ``execute`` changes it. What lies between the
two, showing the plan and asking, is the caller's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from zenoimg.aws import Aws
from zenoimg.config import Settings
from zenoimg.errors import ZenoError
from zenoimg.operations import taken_names
from zenoimg.operations.recipe import limits_of, recipe_of
from zenoimg.stack import bundle, read_back, template
from zenoimg.stack.artifacts import ArtifactStore
from zenoimg.stack.bundle import Artifact
from zenoimg.stack.change_set import Change, ChangeSet, ChangeSets, StackEvent
from zenoimg.stack.layer_wheels import packages_layer
from zenoimg.stack.names import StackNames
from zenoimg.stack.outputs import Deployment, StackState, deployment_of, read_stack

_DEFAULT_ARCHITECTURE = "arm64"
_DEFAULT_TIMEOUT_SECONDS = 300
_GENERATION = "SettingsGeneration"


@dataclass(frozen=True)
class Plan:
    """What a deploy would do. ``changes`` is empty when there is nothing to do."""

    names: StackNames
    change_set: ChangeSet | None
    artifacts: tuple[Artifact, ...]
    fingerprint: str
    previous_fingerprint: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    sent: int = 0
    differing: tuple[str, ...] = ()

    @property
    def changes(self) -> tuple[Change, ...]:
        """What the change set would touch."""
        return self.change_set.changes if self.change_set else ()

    @property
    def adopted(self) -> tuple[str, ...]:
        """The resources that exist already and come under the stack's care."""
        return tuple(change.physical_id for change in self.changes if change.action == "Import")


class Deploy:
    """One deploy of one stack."""

    def __init__(self, aws: Aws, settings: Settings) -> None:
        self._aws = aws
        self._settings = settings
        self._change_sets = ChangeSets(aws.cloudformation, local=aws.local)

    def prepare(self, *, dry_run: bool = False) -> Plan:
        """Bundle and make the change set. A dry run sends no zips; the caller discards its plan.

        Raises ``ZenoError`` with the reason when no plan can be made.
        """
        settings, aws = self._settings, self._aws
        recipe, limits = recipe_of(settings), limits_of(settings)
        artifacts = self._bundle(recipe_layer=bundle.recipe_layer(recipe, limits))
        state = read_stack(aws.cloudformation, settings.stack)
        names = self._names(state)
        store = ArtifactStore(aws.s3, aws.identity.account, aws.region, aws.identity.partition)
        sent = 0 if dry_run else store.upload(settings.stack, artifacts)
        before = state.parameters if state is not None else {}
        # CloudFormation compares templates, not buckets; a raised generation makes it write the settings again.
        differing = self._differing(names) if state is not None and "OriginalsBucket" in state.outputs else ()
        parameters = {
            **self._parameters(),
            "ArtifactsBucket": store.bucket,
            **{key: artifact.key(settings.stack) for key, artifact in zip(_KEYS, artifacts, strict=True)},
            "RecipeFingerprint": recipe.fingerprint,
            _GENERATION: str(int(before.get(_GENERATION, "0")) + bool(differing)),
        }
        plan = Plan(
            names=names,
            change_set=None,
            artifacts=artifacts,
            fingerprint=recipe.fingerprint,
            previous_fingerprint=before.get("RecipeFingerprint", ""),
            parameters=parameters,
            sent=sent,
            differing=differing,
        )
        return replace(plan, change_set=self._change_set(plan))

    def execute(self, plan: Plan) -> Iterator[StackEvent]:
        """Carry a plan out, yielding the stack's events.

        An adoption is followed by an update that makes the template's settings apply to what was adopted: an
        import by itself applies none. Raises ``ZenoError`` naming what differs even then.
        """
        if plan.change_set is None:
            return
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
        packages = bundle.host_packages_layer() if self._aws.local else packages_layer(architecture)
        return bundle.functions(), packages, recipe_layer

    def _names(self, state: StackState | None) -> StackNames:
        if state is not None and "OriginalsBucket" in state.outputs:
            return taken_names.of_deployed(self._aws, self._settings.stack, state.outputs["OriginalsBucket"])
        return taken_names.choose(self._aws, self._settings.stack)

    def _parameters(self) -> dict[str, str]:
        chosen = dict(self._settings.parameters)
        timeout = int(chosen.get("ProcessorTimeout", _DEFAULT_TIMEOUT_SECONDS))
        # Lambda's advice for a queue that a function reads: six times the function's timeout
        # (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html).
        chosen.setdefault("BackfillVisibility", str(6 * timeout))
        if self._aws.local:
            chosen["TlsOnly"] = "false"  # it enforces bucket policies, and speaks plain HTTP on loopback
            chosen["ErrorRateAlarm"] = "false"  # it refuses alarms on a quotient of two metrics
        return chosen

    def _differing(self, names: StackNames) -> tuple[str, ...]:
        aws = self._aws
        return read_back.differences(aws.s3, names, aws.identity.account, tls_only=not aws.local)

    def _change_set(self, plan: Plan) -> ChangeSet | None:
        stack = self._settings.stack
        text = template.to_text(template.render(plan.names, backfill_concurrency=self._settings.backfill_concurrency))
        assert len(text.encode()) <= template.MAX_INLINE_BYTES, "held by a test of the template"
        return self._change_sets.create(stack, {"TemplateBody": text}, plan.parameters, {"zenoimg:stack": stack})


#: The template's parameters for the three zips, in the order of ``Deploy._bundle``.
_KEYS = ("FunctionsKey", "PackagesKey", "RecipeKey")
