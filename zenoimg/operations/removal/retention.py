"""Describe how long S3 keeps deleted and replaced originals, for the operator's decision."""

from __future__ import annotations

from botocore.exceptions import ClientError

from zenoimg.operations.pipeline import LivePipeline
from zenoimg.pipeline.calls.service import error_code, is_denied
from zenoimg.stack.outputs import read_stack


def kept_versions(pipeline: LivePipeline, stack: str) -> str:
    """Return a sentence on how long old versions of originals are kept.

    Stacks have a parameter for it; for other buckets their versioning is read, if that is permitted.
    """
    if not pipeline.deployment.processor_function:
        return _by_versioning(pipeline)
    state = read_stack(pipeline.aws.cloudformation, stack)
    days = state.parameters.get("NoncurrentVersionDays", "") if state else ""
    if not pipeline.aws.platform.expires_objects:
        return "Old versions are kept; they never expire on the embedded AWS."
    return (
        f"Old versions are kept for {days} days."
        if days
        else "The bucket's lifecycle rules decide how long old versions are kept."
    )


def _by_versioning(pipeline: LivePipeline) -> str:
    bucket = pipeline.settings.originals_bucket
    try:
        status = pipeline.aws.s3.get_bucket_versioning(Bucket=bucket).get("Status")
    except ClientError as error:
        if not is_denied(error) and error_code(error) != "NotImplemented":
            raise
        return f"Whether {bucket} keeps old versions is unknown."
    if status == "Enabled":
        return f"The lifecycle rules of {bucket} decide how long old versions are kept."
    return f"{bucket} keeps no versions: deleted images cannot be restored."
