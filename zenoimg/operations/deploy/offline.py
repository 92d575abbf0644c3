"""Describe a first deploy without calling AWS, for reviewers of template and policies who have no credentials."""

from __future__ import annotations

import re

from boto3 import Session
from botocore.exceptions import UnknownRegionError

from zenoimg.aws.platform import AWS
from zenoimg.aws.session import Identity
from zenoimg.config.load import Settings
from zenoimg.errors import UsageError, ZenoError
from zenoimg.operations.configured import limits_of, recipe_of
from zenoimg.operations.deploy.plan import Plan
from zenoimg.operations.deploy.planning import DEFAULT_ARCHITECTURE, parameters_of_version
from zenoimg.stack import template
from zenoimg.stack.bundle import functions, packages_wheels
from zenoimg.stack.bundle.artifact import Artifact
from zenoimg.stack.bundle.packages_wheels import NOT_DOWNLOADED
from zenoimg.stack.bundle.recipe import recipe_layer
from zenoimg.stack.bundle.store import bucket_name
from zenoimg.stack.names import StackNames


def identity_of(settings: Settings, account: str) -> Identity:
    """Return the identity that ``--account`` and the settings name; botocore knows the partition of the region.

    Raises ``UsageError`` for an invalid account id, and without a region.
    """
    if not re.fullmatch(r"[0-9]{12}", account):
        raise UsageError(f"--account is {account!r}; an account id has 12 digits")
    if settings.local:
        raise UsageError(
            "--account describes a stack on AWS, not one on the embedded AWS",
            next_step="Leave out --account, or use AWS (--no-local).",
        )
    if not settings.region:
        raise UsageError("--account needs a region", next_step="Add --region, for example --region eu-west-1.")
    try:
        partition = Session().get_partition_for_region(settings.region)
    except UnknownRegionError as error:
        raise UsageError(f"--region is {settings.region!r}, which is not a region") from error
    return Identity(account, settings.region, partition)


def describe_offline(settings: Settings, identity: Identity) -> tuple[Plan, str]:
    """Return the plan of a first deploy with the default names, and why it lacks the packages zip, if it does.

    Wheels that an earlier deploy has downloaded are reused; otherwise pip downloads them.
    """
    recipe, limits, names = recipe_of(settings), limits_of(settings), StackNames(settings.stack)
    missing = ""
    packages: Artifact | None = None
    try:
        architecture = settings.parameters.get("Architecture", DEFAULT_ARCHITECTURE)
        packages = packages_wheels.packages_layer(architecture, heic=limits.heic)
    except ZenoError as error:
        if error.code != NOT_DOWNLOADED:
            raise
        missing = error.message
    zips = {
        "FunctionsKey": functions.functions_zip(),
        "PackagesKey": packages,
        "RecipeKey": recipe_layer(recipe, limits),
    }
    artifacts = {name: artifact for name, artifact in zips.items() if artifact is not None}
    bucket = bucket_name(identity.account, identity.region)
    backfill = settings.backfill_concurrency
    rendered = template.render(names, backfill_concurrency=backfill, large_concurrency=backfill)
    plan = Plan(
        names=names,
        change_set=None,
        artifacts=tuple(artifacts.values()),
        recipe=recipe,
        limits=limits,
        parameters=parameters_of_version(settings, AWS, bucket, artifacts, recipe, limits),
        template=template.to_text(rendered),
    )
    return plan, missing
