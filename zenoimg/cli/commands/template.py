"""``zenoimg template``."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zenoimg.cli.framework.call import Call
from zenoimg.cli.framework.command import command
from zenoimg.cli.framework.session import aws_of, settings_of
from zenoimg.cli.terminal.screen import safe
from zenoimg.errors import ConfigurationError
from zenoimg.suggest import suggest, suggest_aws

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zenoimg.aws.session import Aws, Identity
    from zenoimg.config.load import Settings
    from zenoimg.operations.deploy.plan import Plan
    from zenoimg.stack.names import StackNames


class Policy(StrEnum):
    """The IAM policies for people; deployers need all of them."""

    operator = "operator"
    deployer = "deployer"
    deployer_functions = "deployer-functions"


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(app, "template")(template)


def template(
    call: Call,
    policy: Annotated[
        Policy | None, typer.Option("--policy", help="Print this IAM policy instead, for your stack.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write template, parameters, policies and zips here.", metavar="DIR"),
    ] = None,
    account: Annotated[
        str | None,
        typer.Option("--account", help="Describe a first deploy in this account, without calling AWS.", metavar="ID"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print template and parameters as one JSON object.")] = False,
) -> None:
    """Print the CloudFormation template and its parameters, to deploy with other tools.

    Example: zenoimg template > zenoimg.yaml

    A comment at the top lists the parameters. --policy operator prints the IAM permissions for everyday commands;
    deploy and destroy need --policy deployer and --policy deployer-functions as well (a managed policy holds at most
    6,144 characters, which a single document would exceed). Nothing is created on AWS.

    With --account and --region, no credentials are needed: the output has the default names, which a deploy uses unless
    one of them is taken.
    """
    settings = settings_of(call)
    if account is not None:
        _offline(call, settings, account, policy, output, as_json=as_json)
        return
    aws = aws_of(call, settings)
    from zenoimg.operations.deploy.errors import explained

    with explained(aws):
        if policy is not None:
            call.screen.json(
                _policy(aws.identity, _names_for_policies(call, aws, settings), policy, settings.parameters)
            )
            return
        from zenoimg.operations.deploy.planning import describe
        from zenoimg.operations.deploy.target import Target

        plan = describe(Target(aws, settings), is_for_deploy=False)
    _show(call, plan, aws.identity, output, as_json=as_json)


def _offline(
    call: Call, settings: Settings, account: str, policy: Policy | None, output: Path | None, *, as_json: bool
) -> None:
    from zenoimg.operations.deploy.offline import describe_offline, identity_of
    from zenoimg.stack.names import StackNames

    identity = identity_of(settings, account)
    if policy is not None:
        call.screen.json(_policy(identity, StackNames(settings.stack), policy, settings.parameters))
        return
    plan, missing = describe_offline(settings, identity)
    if missing:
        call.screen.say(f"[yellow]PackagesKey and LimitsFingerprint are left out: {safe(missing)}.[/]")
    _show(call, plan, identity, output, as_json=as_json, account=account)


def _show(
    call: Call, plan: Plan, identity: Identity, output: Path | None, *, as_json: bool, account: str | None = None
) -> None:
    if identity.local:
        call.screen.say("[dim]For the embedded AWS: its buckets accept plain HTTP, and alarms are missing.[/]")
    if output is not None:
        _write(call, plan, identity, output)
        return
    if as_json:
        call.screen.json(_document(plan, identity))
        return
    from zenoimg.stack.template import to_yaml

    typer.echo(_heading(plan, str(identity), account) + to_yaml(json.loads(plan.template)), nl=False)


def _names_for_policies(call: Call, aws: Aws, settings: Settings) -> StackNames:
    from zenoimg.operations.deploy.planning import names_for_policies

    names, are_certain = names_for_policies(aws, settings.stack)
    if not are_certain:
        call.screen.say(
            f"[dim]The stack {settings.stack} is not deployed, or cannot be read: these are its names unless one of "
            "them is taken.[/]"
        )
    return names


def _policy(identity: Identity, names: StackNames, policy: Policy, parameters: Mapping[str, str]) -> dict[str, Any]:
    from zenoimg.stack.policies import Security, policy_for

    place = (identity.partition, identity.region, identity.account)
    return policy_for(f"{policy.value}-policy.json", names, *place, Security.of_parameters(parameters))


def _document(plan: Plan, identity: Identity) -> dict[str, Any]:
    return {
        "Where": str(identity),
        "Template": json.loads(plan.template),
        "Parameters": dict(plan.parameters),
        "Artifacts": [
            {
                "Name": artifact.name,
                "Bucket": plan.parameters["ArtifactsBucket"],
                "Key": artifact.key(plan.names.stack),
                "Bytes": len(artifact.data),
            }
            for artifact in plan.artifacts
        ],
    }


def _heading(plan: Plan, where: str, account: str | None) -> str:
    lines = [f"The stack {plan.names.stack} in {where}. Parameters:"]
    lines += [f"  {key}={value}" for key, value in sorted(plan.parameters.items())]
    named = () if account is None else ("--account", account)
    writes = suggest("template", *named, "--output", "DIR")
    lines += [f"Upload the zips to that bucket under these keys; `{writes}` writes them."]
    return "".join(f"# {line}\n" for line in lines)


def _write(call: Call, plan: Plan, identity: Identity, folder: Path) -> None:
    from zenoimg.imaging.whole_file import write_file

    document = _document(plan, identity)
    parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in sorted(plan.parameters.items())]
    files = {
        folder / "template.json": json.dumps(document["Template"], indent=2, ensure_ascii=False).encode(),
        folder / "parameters.json": json.dumps(parameters, indent=2, ensure_ascii=False).encode(),
        **{
            folder / f"{policy.value}-policy.json": json.dumps(
                _policy(identity, plan.names, policy, plan.parameters), indent=2
            ).encode()
            for policy in Policy
        },
        **{folder / artifact.key(plan.names.stack): artifact.data for artifact in plan.artifacts},
    }
    try:
        for path, data in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_file(path, data, replace=True)
    except OSError as error:
        raise ConfigurationError(f"{error.filename or folder} cannot be written: {error.strerror}") from error
    stack, bucket = plan.names.stack, plan.parameters["ArtifactsBucket"]
    shown = safe(str(folder))
    where = safe(str(identity))
    call.screen.say(f"Wrote template.json, parameters.json, policies and zips for {where} to [bold]{shown}[/].")
    call.screen.say("For example:")
    upload = suggest_aws("s3", "cp", "--recursive", f"{folder}/{stack}/", f"s3://{bucket}/{stack}/")
    create = suggest_aws(
        *("cloudformation", "create-stack", "--stack-name", stack),
        *("--template-body", f"file://{folder}/template.json", "--parameters", f"file://{folder}/parameters.json"),
        *("--capabilities", "CAPABILITY_NAMED_IAM", "--tags", f"Key=zenoimg:stack,Value={stack}"),
    )
    call.screen.say(f"  `{safe(upload)}`")
    call.screen.say(f"  `{safe(create)}`")
