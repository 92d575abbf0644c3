"""The names of a stack's resources. The first deploy chooses them; later commands read the stack's outputs.

Bucket names are global and role names are account-wide, so a default name can be taken by another account, region
or stack. Then all buckets get the suffix ``-ACCOUNT-REGION`` and all roles ``-REGION``. Table names are unique per
account and region: the table gets that suffix only if the operator asks for new names (``--long-names``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

DEFAULT_STACK = "zeno"
STACK_PATTERN = r"[a-z][a-z0-9-]{0,15}"
_RESERVED_BY_S3 = ("xn--", "sthree-", "amzn-s3-demo-")


@dataclass(frozen=True)
class StackNames:
    """The names of one stack's resources. The suffixes are empty for default names."""

    stack: str
    bucket_suffix: str = ""
    role_suffix: str = ""
    table_suffix: str = ""

    def qualified(self, account: str, region: str, *, table: bool = False) -> StackNames:
        """Return the qualified names, used if a default name is taken; ``table`` qualifies the table's name as well."""
        suffix = f"-{account}-{region}"
        return StackNames(self.stack, suffix, f"-{region}", suffix if table else "")

    @property
    def originals_bucket(self) -> str:
        """Return the bucket of the originals."""
        return f"{self.stack}-original-images{self.bucket_suffix}"

    @property
    def processed_bucket(self) -> str:
        """Return the bucket of the watermarked copies."""
        return f"{self.stack}-processed-images{self.bucket_suffix}"

    @property
    def table(self) -> str:
        """Return the table of the records."""
        return f"{self.stack}-images{self.table_suffix}"

    @property
    def processor_function(self) -> str:
        """Return the function that watermarks."""
        return f"{self._prefix}imageProcessorLambda"

    @property
    def processor_large_function(self) -> str:
        """Return the function that watermarks images that do not fit into the other's memory."""
        return f"{self._prefix}imageProcessorLargeLambda"

    @property
    def get_images_function(self) -> str:
        """Return the function behind ``GET /images``."""
        return f"{self._prefix}getImagesLambda"

    @property
    def processor_role(self) -> str:
        """Return the execution role of the processor."""
        return f"{self._prefix}role-image-processor{self.role_suffix}"

    @property
    def get_images_role(self) -> str:
        """Return the execution role of ``GET /images``."""
        return f"{self._prefix}role-get-images{self.role_suffix}"

    @property
    def events_role(self) -> str:
        """Return the role of the pipes that send events."""
        return f"{self._prefix}role-image-events{self.role_suffix}"

    @property
    def events_pipe(self) -> str:
        """Return the pipe that sends an event for each processed and refused image."""
        return f"{self.stack}-image-events"

    @property
    def removals_pipe(self) -> str:
        """Return the pipe that sends an event for each removed image."""
        return f"{self.stack}-image-removals"

    @property
    def backfill_queue(self) -> str:
        """Return the queue of ``reprocess``."""
        return f"{self.stack}-backfill"

    @property
    def large_queue(self) -> str:
        """Return the queue of images that the processor hands over."""
        return f"{self.stack}-large"

    @property
    def dead_letter_queue(self) -> str:
        """Return the dead-letter queue of all lanes."""
        return f"{self.stack}-dead-letters"

    @property
    def functions(self) -> tuple[str, str, str]:
        """Return all functions."""
        return self.processor_function, self.processor_large_function, self.get_images_function

    @property
    def queues(self) -> tuple[str, str, str]:
        """Return all queues."""
        return self.backfill_queue, self.large_queue, self.dead_letter_queue

    @property
    def buckets(self) -> tuple[str, str]:
        """Return both buckets."""
        return self.originals_bucket, self.processed_bucket

    @property
    def roles(self) -> tuple[str, str, str]:
        """Return all roles."""
        return self.processor_role, self.get_images_role, self.events_role

    def placeholders(self) -> dict[str, str]:
        """Return the values of ``${Name}`` in the template and in ``policies/``."""
        return {
            "Stack": self.stack,
            "OriginalsBucket": self.originals_bucket,
            "ProcessedBucket": self.processed_bucket,
            "Table": self.table,
            "ProcessorFunction": self.processor_function,
            "ProcessorLargeFunction": self.processor_large_function,
            "GetImagesFunction": self.get_images_function,
            "ProcessorRole": self.processor_role,
            "GetImagesRole": self.get_images_role,
            "EventsRole": self.events_role,
            "EventsPipe": self.events_pipe,
            "RemovalsPipe": self.removals_pipe,
            "BackfillQueue": self.backfill_queue,
            "LargeQueue": self.large_queue,
            "DeadLetterQueue": self.dead_letter_queue,
        }

    @property
    def _prefix(self) -> str:
        # The default stack keeps its historical names.
        return "" if self.stack == DEFAULT_STACK else f"{self.stack}-"


def is_stack_name(text: str) -> bool:
    """Return whether a string can name a stack: every name derived from it must fit its service's limits.

    Bucket names must not begin with the prefixes that S3 reserves
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).
    """
    return re.fullmatch(STACK_PATTERN, text) is not None and not f"{text}-".startswith(_RESERVED_BY_S3)
