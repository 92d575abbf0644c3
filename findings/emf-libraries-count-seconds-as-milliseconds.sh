#!/usr/bin/env bash
# Two values of one metric in two units are logged in one: aws-embedded-metrics makes 2 s into 2 ms, Powertools 250 ms into 250 s.
#
# Versions: aws-embedded-metrics 3.5.0, aws-lambda-powertools 3.37.0. Seen on 2026-11-29.
# Expected: each call states its unit, and CloudWatch aggregates values with different units apart (CloudWatch User Guide, "Units"); so
#   two entries, or an error.
# Seen: the values go into one list with one unit: that of the first call in aws-embedded-metrics, of the last in Powertools. The two
#   libraries disagree, both lines are valid EMF, and neither warns.
# Concerns: a duration that one module measures in seconds and another in milliseconds: the alarm on it is off by a thousand.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check aws-embedded-metrics==3.5.0 aws-lambda-powertools==3.37.0
cd "$work"
"$work/venv/bin/python" -W error - <<'PYTHON'
import json

from aws_embedded_metrics.logger.metrics_context import MetricsContext
from aws_embedded_metrics.serializers.log_serializer import LogSerializer
from aws_lambda_powertools.metrics import Metrics, MetricUnit

Logged = tuple[list[tuple[str, str]], object]


def logged(line: dict) -> Logged:
    """Return the declared units of the line's metrics and the values of Duration."""
    metrics = line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
    return [(metric["Name"], metric["Unit"]) for metric in metrics], line["Duration"]


context = MetricsContext.empty()
context.put_metric("Duration", 250, "Milliseconds")
context.put_metric("Duration", 2, "Seconds")
lines = LogSerializer.serialize(context)
embedded = logged(json.loads(lines[0]))
print("aws-embedded-metrics:", len(lines), "line,", *embedded)

metrics = Metrics(namespace="photos", service="thumbnails")
metrics.add_metric("Duration", MetricUnit.Milliseconds, 250)
metrics.add_metric("Duration", MetricUnit.Seconds, 2)
powertools = logged(metrics.serialize_metric_set())
print("Powertools:", *powertools)

assert len(lines) == 1, "units are kept apart now"
assert embedded == ([("Duration", "Milliseconds")], [250, 2]), "units are kept apart now"
assert powertools == ([("Duration", "Seconds")], [250.0, 2.0]), "units are kept apart now"
PYTHON
