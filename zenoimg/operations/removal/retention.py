"""How long S3 keeps what was deleted or replaced, in words: an operator decides by it."""

from __future__ import annotations

from botocore.exceptions import ClientError

from zenoimg.operations.pipeline import LivePipeline
from zenoimg.pipeline.service import error_code, is_denied
from zenoimg.stack.outputs import read_stack


def kept_versions(pipeline: LivePipeline, stack: str) -> str:
    """A sentence on the old versions of originals.

    A stack says it by its parameter; of a bucket without one the versioning is asked, where that is allowed.
    """
    if not pipeline.deployment.processor_function:
        return _by_versioning(pipeline)
    state = read_stack(pipeline.aws.cloudformation, stack)
    days = state.parameters.get("NoncurrentVersionDays", "") if state else ""
    if not pipeline.aws.platform.expires_objects:
        return "Old versions stay; the embedded AWS expires nothing."
    return f"Old versions stay for {days} days." if days else "Old versions stay as the bucket's lifecycle says."


def _by_versioning(pipeline: LivePipeline) -> str:
    bucket = pipeline.settings.originals_bucket
    try:
        status = pipeline.aws.s3.get_bucket_versioning(Bucket=bucket).get("Status")
    except ClientError as error:
        if not is_denied(error) and error_code(error) != "NotImplemented":
            raise
        return f"Whether {bucket} keeps old versions is not known."
    if status == "Enabled":
        return f"Old versions stay as the lifecycle of {bucket} says."
    return f"{bucket} keeps no versions: what is deleted is gone."
