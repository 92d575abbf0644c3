#!/usr/bin/env bash
# `aws sqs` ignores AWS_ENDPOINT_URL and calls AWS itself, where `aws dynamodb` goes to the endpoint of the variable.
#
# Versions: AWS CLI 1.45.11. Seen on 2026-11-28.
# Expected: AWS_ENDPOINT_URL covers all services, as its documentation says.
# Seen: for sqs (and by the same table for emr, rds, docdb, neptune and health) the CLI sets the endpoint to
#   queue.amazonaws.com whenever --endpoint-url is not given, which wins over the variable.
# Concerns: scripts against a local or test AWS: their queue calls go to the real account, with whatever credentials are there.
# No call leaves the machine here: the proxy for HTTPS is a closed port of the loopback address, and so is the endpoint.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check awscli==1.45.11

call() {
    env -i HOME="$work" PATH="$PATH" AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x AWS_DEFAULT_REGION=us-east-1 AWS_MAX_ATTEMPTS=1 \
        AWS_ENDPOINT_URL=http://127.0.0.1:9 HTTPS_PROXY=http://127.0.0.1:9 "$work/venv/bin/aws" "$@" 2>&1 | tail -n 1 || true
}
table=$(call dynamodb list-tables)
queue=$(call sqs list-queues)
echo "dynamodb: $table"
echo "sqs:      $queue"

grep -q 'connect to the endpoint URL: "http://127.0.0.1:9/"' <<<"$table"
grep -q 'connect to proxy' <<<"$queue" # it wanted https://queue.amazonaws.com
