#!/usr/bin/env bash
# A log message that looks like JSON is no longer text: '1e5' is logged as 100000.0, and 'NaN' makes the line invalid JSON.
#
# Versions: aws-lambda-powertools 3.37.0. Seen on 2026-11-28.
# Expected: logger.info(text) logs the text.
# Seen: the message is parsed as JSON first. An object key, an ETag or an id of digits and one 'e' changes its type and its
#   digits; 'NaN' is written as the bare word NaN, which no JSON parser but Python's reads, CloudWatch's among them (believed).
# Concerns: who logs ids as messages and searches for them later.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check aws-lambda-powertools==3.37.0
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import io
import json

from aws_lambda_powertools import Logger

stream = io.StringIO()
logger = Logger(service="finding", stream=stream)
for text in ("1e5", "007", "true", "NaN"):
    logger.info(text)
lines = stream.getvalue().splitlines()
messages = [json.loads(line)["message"] for line in lines]
print(messages)
print("last line:", lines[-1][:80])


def refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


assert messages[:3] == [100000.0, "007", True], "messages stay text now"
try:
    json.loads(lines[3], parse_constant=refuse)
except ValueError as error:
    print(error)
else:
    raise AssertionError("the line is valid JSON now")
PYTHON
