"""What AWS and the embedded AWS do differently, in one table.

Measured with ministack 1.5.33; ``Aws.local`` remains for what is about the embedded AWS itself (its process, its
checkpoint, its addresses).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Platform:
    """Properties of one kind of AWS."""

    keeps_bucket_tags: bool
    """CloudFormation puts a stack's tags on its buckets."""
    applies_bucket_settings: bool
    """CloudFormation sets lifecycle rules and object ownership."""
    reverts_drift: bool
    """Change sets compare the template with the resources themselves (``DeploymentMode``)."""
    recreates_queues: bool
    """An update of a stack creates queues that were deleted again."""
    keeps_point_in_time_recovery: bool
    expires_objects: bool
    """Lifecycle rules are carried out."""
    creates_log_groups: bool
    """An invocation creates its log group, whatever rights its role has."""
    filters_logs: bool
    """CloudWatch Logs understands filter patterns of JSON fields."""
    has_live_tail: bool
    reserves_concurrency: bool
    """Invocations beyond a function's reserved concurrency wait; on the embedded AWS they fail."""
    requires_tls: bool
    has_metric_math: bool
    """CloudWatch accepts alarms on an expression of several metrics."""
    pipes_reach_event_buses: bool
    """EventBridge Pipes filter, transform and deliver what DynamoDB streams hold to an event bus."""
    has_metrics: bool
    """CloudWatch measures functions, and reads the embedded metric format of their logs."""
    counts_queues_exactly: bool
    """The number of messages is exact at once; SQS's own is approximate for about a minute after the last send."""
    log_poll_seconds: float
    """Pause between two reads while logs are followed."""
    table_poll_seconds: float
    """Pause between two looks at a table that is being deleted."""


AWS = Platform(
    keeps_bucket_tags=True,
    applies_bucket_settings=True,
    reverts_drift=True,
    recreates_queues=True,
    keeps_point_in_time_recovery=True,
    expires_objects=True,
    creates_log_groups=False,
    filters_logs=True,
    has_live_tail=True,
    reserves_concurrency=True,
    requires_tls=True,
    has_metric_math=True,
    pipes_reach_event_buses=True,
    has_metrics=True,
    counts_queues_exactly=False,
    log_poll_seconds=2.0,
    table_poll_seconds=1.0,
)

EMBEDDED = Platform(
    keeps_bucket_tags=False,
    applies_bucket_settings=False,
    reverts_drift=False,
    recreates_queues=False,
    keeps_point_in_time_recovery=False,
    expires_objects=False,
    creates_log_groups=True,
    filters_logs=False,
    has_live_tail=False,
    reserves_concurrency=False,
    requires_tls=False,
    has_metric_math=False,
    pipes_reach_event_buses=False,
    has_metrics=False,
    counts_queues_exactly=True,
    log_poll_seconds=0.5,
    table_poll_seconds=0.2,
)
