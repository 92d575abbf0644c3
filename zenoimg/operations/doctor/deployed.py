"""Check what is on AWS: region, credentials, the stack and its parts, its recipe, queues and dead letters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from zenoimg.aws.session import Aws
from zenoimg.config.load import Settings
from zenoimg.operations.configured import recipe_of
from zenoimg.operations.deploy import taken_names
from zenoimg.operations.deploy.planning import differing_settings
from zenoimg.operations.deploy.target import Target
from zenoimg.operations.doctor.checks import Check
from zenoimg.operations.effective_recipe import effective_recipe
from zenoimg.operations.health.actions import QueueStatus
from zenoimg.operations.health.status import StatusReader
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.pipeline.calls.service import expected_owner
from zenoimg.stack.outputs import StackState, read_stack
from zenoimg.suggest import suggest, suggest_aws


def region(aws: Aws) -> Iterator[Check]:
    """Yield a check of the region name."""
    likely = aws.likely_region()
    if likely:
        yield Check(
            "Region",
            "note",
            f"{aws.region} is not known to this version of boto3",
            f"Did you mean {likely}? --region {likely}",
        )
    else:
        yield Check("Region", "ok", aws.region)


def credentials(aws: Aws) -> Iterator[Check]:
    """Yield a check that shows whose credentials are used. Raises STS errors."""
    yield Check("Credentials", "ok", str(aws.identity))


def stack(aws: Aws, settings: Settings) -> Iterator[Check]:
    """Yield a check of whether the stack is deployed; its status is part of the pipeline's health."""
    state = read_stack(aws.cloudformation, settings.stack)
    if state is None or "OriginalsBucket" not in state.outputs:
        where = f"not deployed {aws.where}" + (f" ({state.status})" if state else "")
        yield Check("Stack", "note", f"{settings.stack}: {where}", f"`{suggest('deploy')}` creates it.")
    else:
        yield Check("Stack", "ok", f"{settings.stack}: {state.status}")


def named_parts(pipeline: LivePipeline) -> Iterator[Check]:
    """Yield a check of the buckets and the table of a pipeline without a stack."""
    owner = expected_owner(pipeline.settings.account_id)
    for bucket in (pipeline.settings.originals_bucket, pipeline.settings.processed_bucket):
        pipeline.aws.s3.head_bucket(Bucket=bucket, **owner)
    pipeline.catalog.facts()
    names = (pipeline.settings.originals_bucket, pipeline.settings.processed_bucket, pipeline.settings.table)
    yield Check("Names", "ok", f"{', '.join(names)} exist")


def parts(aws: Aws, settings: Settings) -> Iterator[Check]:
    """Yield a check for each function, queue poller or pipe that does not work, or else one for all parts."""
    resources: list[Any] = aws.cloudformation.describe_stack_resources(StackName=settings.stack)["StackResources"]
    wrong = [*_parts_in_trouble(aws, resources)]
    yield from wrong
    if not wrong:
        kinds = Counter(each["ResourceType"] for each in resources)
        functions, pollers = kinds["AWS::Lambda::Function"], kinds["AWS::Lambda::EventSourceMapping"]
        yield Check(
            "Parts", "ok", f"{len(resources)} resources; {functions} functions are active, {pollers} queues are polled"
        )


def _parts_in_trouble(aws: Aws, resources: list[Any]) -> Iterator[Check]:
    remedy = f"`{suggest('deploy')}` shows what it would do about it."
    for each in resources:
        kind, name = each["ResourceType"], each["PhysicalResourceId"]
        if kind == "AWS::Lambda::Function":
            found: Any = aws.functions.get_function(FunctionName=name)["Configuration"]
            states = (found.get("State", "Active"), found.get("LastUpdateStatus", "Successful"))
            # Lambda reclaims the resources of an idle function, and restores them at its next invocation.
            if states[0] not in ("Active", "Inactive") or states[1] != "Successful":
                reason = found.get("StateReason") or found.get("LastUpdateStatusReason") or ""
                yield Check("Parts", "wrong", f"the function {name} is {states[0]}, {states[1]}: {reason}", remedy)
        elif kind == "AWS::Lambda::EventSourceMapping":
            state = aws.functions.get_event_source_mapping(UUID=name)["State"]
            if state in ("Disabled", "Disabling"):
                logical = each["LogicalResourceId"]
                enable = suggest_aws("lambda", "update-event-source-mapping", "--uuid", name, "--enabled")
                yield Check(
                    "Parts", "wrong", f"{logical} is {state}: nothing reads its queue", f"Turn it on: `{enable}`"
                )
        elif kind == "AWS::Pipes::Pipe":
            pipe: Any = aws.pipes.describe_pipe(Name=name)
            if (state := pipe["CurrentState"]) not in ("RUNNING", "STARTING", "CREATING", "UPDATING"):
                reason = f" ({pipe['StateReason']})" if pipe.get("StateReason") else ""
                start = f"Start it: `{suggest_aws('pipes', 'start-pipe', '--name', name)}`"
                yield Check(
                    "Parts",
                    "wrong",
                    f"the pipe {name} is {state}{reason}: it sends no events of images",
                    start if state in ("STOPPED", "START_FAILED") else remedy,
                )


def data(aws: Aws, settings: Settings) -> Iterator[Check]:
    """Yield a check for each setting of buckets and table that differs from the template."""
    state = _deployed(aws, settings)
    names = taken_names.of_deployed(aws, settings.stack, state.outputs)
    differing = differing_settings(Target(aws, settings), names, state.parameters)
    for what in differing:
        yield Check("Data", "wrong", what, f"`{suggest('deploy')}` corrects it.")
    if not differing:
        yield Check("Data", "ok", f"settings of {', '.join((*names.buckets, names.table))} match the template")


def recipe(pipeline: LivePipeline, settings: Settings) -> Iterator[Check]:
    """Yield checks of the deployed recipe: whether it can be read, how it was made, whether it matches the settings."""
    found = effective_recipe(pipeline, settings, "deployed")
    for notice in found.notices:
        yield Check("Deployed", "note", notice)
    fingerprint = pipeline.deployment.recipe_fingerprint
    if recipe_of(settings).fingerprint == fingerprint:
        yield Check("Deployed", "ok", f"recipe {fingerprint}, as in the settings")
    else:
        remedy = f"`{suggest('rollout')}` applies the configured one, `{suggest('preview')}` shows it."
        yield Check("Deployed", "note", f"recipe {fingerprint}, which differs from the settings", remedy)


def health(pipeline: LivePipeline, settings: Settings) -> Iterator[Check]:
    """Yield checks of the queues, and of the actions that ``status`` would ask an operator to take."""
    status = StatusReader(pipeline, settings).read()
    queues = {"backfill": status.backfill, "large": status.large, "dead letters": status.dead_letters}
    counted = ", ".join(f"{name} {_count(queue)}" for name, queue in queues.items() if queue is not None)
    if counted:
        yield Check("Queues", "ok", counted)
    for need in status.needs:
        yield Check("Health", "wrong", need.what, f"`{need.command}`")
    if not status.needs:
        errors = "" if status.errors is None else f"; errors in the last hour: {sum(status.errors.values())}"
        yield Check("Health", "ok", f"no action needed{errors}")


def _count(queue: QueueStatus) -> str:
    return f"{queue.waiting + queue.in_flight:,}"


def _deployed(aws: Aws, settings: Settings) -> StackState:
    state = read_stack(aws.cloudformation, settings.stack)
    assert state is not None, "checked before"
    return state
