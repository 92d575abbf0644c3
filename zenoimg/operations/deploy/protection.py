"""Protect the table from deletion once a version has passed its test.

A first deploy creates the table unprotected: CloudFormation could not delete a protected one if the creation failed
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithTables.Basics.html). From then on a
parameter keeps it protected; ``destroy --delete-data`` turns the protection off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from zenoimg.errors import ZenoError
from zenoimg.operations.deploy import rollback
from zenoimg.operations.deploy.outcome import OnEvent, StageBegan
from zenoimg.operations.deploy.target import Target, change_sets_of
from zenoimg.stack.outputs import read_stack
from zenoimg.stack.read_back import PROTECTION


def is_missing(parameters: Mapping[str, str]) -> bool:
    """Return whether a stack's table still lacks protection; the template of an older release cannot protect it."""
    return parameters.get(PROTECTION) == "false"


def protect(target: Target, on_event: OnEvent) -> None:
    """Turn the protection on if it is off, by an update that changes this one parameter.

    Raises ``ZenoError`` (code ``not-protected``) when that fails; the deployed version stays.
    """
    cloudformation = target.aws.cloudformation
    version = rollback.save(cloudformation, read_stack(cloudformation, target.stack))
    if version is None or not is_missing(version.parameters):
        return
    on_event(StageBegan("protect"))
    change_sets = change_sets_of(target.aws, target.role_arn)
    protected = replace(version, parameters={**version.parameters, PROTECTION: "true"})
    try:
        change_set = rollback.prepare(change_sets, target.stack, protected)
        if change_set is not None:
            for _ in change_sets.execute(change_set):
                pass  # the embedded AWS lists every resource of the stack as updated
    except ZenoError as error:
        raise ZenoError(
            f"the stack is deployed and has passed its test, but its table is not protected from deletion: "
            f"{error.message}",
            next_step=error.next_step,
            code="not-protected",
        ) from error
