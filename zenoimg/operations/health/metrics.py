"""Read CloudWatch metrics for ``status``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from zenoimg.aws.session import Aws

#: CloudWatch has at most one value a minute, and keeps one-minute values for 15 days
#: (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html).
_SECONDS = 60


def points(
    aws: Aws,
    namespace: str,
    metric: str,
    dimensions: Mapping[str, str],
    statistic: Literal["Sum", "Maximum"],
    minutes: int,
) -> list[float]:
    """Return a metric's values by minute, oldest first; minutes without data are left out.

    Raises botocore's ``ClientError``.
    """
    now = datetime.now(UTC)
    answer: Any = aws.cloudwatch.get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - timedelta(minutes=minutes),
        EndTime=now,
        Period=_SECONDS,
        Statistics=[statistic],
    )
    ordered = sorted(answer["Datapoints"], key=lambda point: point["Timestamp"])
    return [float(point[statistic]) for point in ordered]
