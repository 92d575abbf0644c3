"""Differences between AWS and the embedded AWS, in one table.

Measured with ministack 1.5.33; ``Aws.local`` remains for what concerns the embedded AWS itself (its process, its
checkpoint, its URLs).
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
    """Change sets can compare the template with the actual resources (``DeploymentMode``)."""
    recreates_queues: bool
    """A stack update recreates queues that were deleted."""
    keeps_point_in_time_recovery: bool
    expires_objects: bool
    """Lifecycle rules are carried out."""
    creates_log_groups: bool
    """An invocation creates its log group, whatever permissions its role has."""
    filters_logs: bool
    """CloudWatch Logs supports filter patterns on JSON fields."""
    has_live_tail: bool
    reserves_concurrency: bool
    """Invocations beyond a function's reserved concurrency wait; on the embedded AWS they fail."""
    requires_tls: bool
    has_metric_math: bool
    """CloudWatch accepts alarms on an expression of several metrics."""
    pipes_reach_event_buses: bool
    """EventBridge Pipes filter, transform and deliver records of DynamoDB streams to an event bus."""
    has_metrics: bool
    """CloudWatch has metrics of functions, and reads the embedded metric format in their logs."""
    counts_queues_exactly: bool
    """Message counts are exact immediately; SQS's own are approximate for about a minute after the last send."""
    log_poll_seconds: float
    """Seconds between two reads while following logs."""
    table_poll_seconds: float
    """Seconds between two polls of a table that is being deleted."""


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
