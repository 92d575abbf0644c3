"""Connect commands to a deployed pipeline: names, storage, records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zenoimg.aws.session import Aws
from zenoimg.config.load import Settings
from zenoimg.errors import ConfigurationError
from zenoimg.pipeline.calls.service import is_aws
from zenoimg.pipeline.catalog import Catalog
from zenoimg.pipeline.settings import PipelineSettings, SettingsError, copies_url, other_class
from zenoimg.pipeline.storage import ImageStorage
from zenoimg.stack.outputs import Deployment, read_deployment, upload_class
from zenoimg.suggest import suggest

if TYPE_CHECKING:
    from zenoimg.imaging import Limits
    from zenoimg.pipeline.recipes import AnyRecipe
    from zenoimg.pipeline.tools import Tools


@dataclass(frozen=True)
class LivePipeline:
    """One pipeline and its clients."""

    aws: Aws
    deployment: Deployment
    settings: PipelineSettings
    storage: ImageStorage
    catalog: Catalog

    def tools(self, recipe: AnyRecipe, limits: Limits) -> Tools:
        """Return what ``reconcile`` needs to run in this process as in the function."""
        from zenoimg.pipeline.tools import Tools  # imports all of imaging, which most commands do not need

        return Tools(self.storage, self.catalog, self.settings, recipe, limits)


def connect(aws: Aws, settings: Settings) -> LivePipeline:
    """Connect to the pipeline in the settings.

    Its names come from the stack's outputs, or from ``[names]`` for a pipeline without a stack; then STS is not called
    for the account either, since there may be only S3 and DynamoDB. Raises ``NotDeployedError`` if the stack does
    not exist.
    """
    if settings.names is not None:
        names = settings.names
        deployment = Deployment(
            names["originals_bucket"],
            names["processed_bucket"],
            names["table"],
            copies_cache_control=settings.parameters.get("CopiesCacheControl"),
            copies_storage_class=other_class(settings.parameters.get("CopiesStorageClass")),
            copies_tags=settings.parameters.get("CopiesTags") == "true",
            upload_storage_class=upload_class(settings.parameters),
        )
        return of_deployment(aws, deployment, None)
    deployment = read_deployment(aws.cloudformation, settings.stack, where=aws.where, deploy=suggest("deploy"))
    return of_deployment(aws, deployment, aws.identity.account)


def of_deployment(aws: Aws, deployment: Deployment, account: str | None) -> LivePipeline:
    """Return the pipeline with these names. ``account`` must own its buckets; ``None`` allows any account.

    Raises ``ConfigurationError`` for dangerous names, such as the same bucket twice.
    """
    endpoint = aws.endpoint_url or aws.s3.meta.endpoint_url
    try:
        pipeline = PipelineSettings(
            originals_bucket=deployment.originals_bucket,
            processed_bucket=deployment.processed_bucket,
            table=deployment.table,
            copies_url=copies_url(deployment.processed_bucket, aws.region, None if is_aws(endpoint) else endpoint),
            account_id=account,
            cache_control=deployment.copies_cache_control or None,
            copies_storage_class=deployment.copies_storage_class,
            copies_tags=deployment.copies_tags,
        )
    except SettingsError as error:
        raise ConfigurationError(str(error)) from error
    return LivePipeline(
        aws=aws,
        deployment=deployment,
        settings=pipeline,
        storage=ImageStorage(aws.s3, pipeline),
        catalog=Catalog(aws.dynamodb, deployment.table),
    )
