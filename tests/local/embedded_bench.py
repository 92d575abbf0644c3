"""Helpers for tests of the embedded AWS: clients, a table, a running function, its processes."""

from __future__ import annotations

import io
import json
import subprocess
import time
import zipfile
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config

from zenoimg.local import EmbeddedAws

Make = Callable[..., EmbeddedAws]

# Records its start and its end in the table, and computes in between.
FUNCTION = """
import time, boto3
def handler(event, context):
    table = boto3.resource("dynamodb").Table("things")
    table.put_item(Item={"Id": event["name"] + " began"})
    end = time.monotonic() + event["seconds"]
    while time.monotonic() < end:
        sum(range(10_000))
    table.put_item(Item={"Id": event["name"] + " ended"})
"""


def client(aws: EmbeddedAws, service: str) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=aws.settings.endpoint_url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        region_name="us-east-1",
        config=Config(retries={"max_attempts": 0}, proxies={}),
    )


def make_table(aws: EmbeddedAws) -> Any:
    dynamodb = client(aws, "dynamodb")
    dynamodb.create_table(
        TableName="things",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "Id", "AttributeType": "S"}],
    )
    return dynamodb


def ids_in_table(aws: EmbeddedAws) -> set[str]:
    return {item["Id"]["S"] for item in client(aws, "dynamodb").scan(TableName="things")["Items"]}


def begin_invocation(aws: EmbeddedAws, name: str, *, seconds: float) -> None:
    """Deploy the function, invoke it asynchronously and return once it is running."""
    make_table(aws)
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    allowed = {"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": "*"}
    iam, functions = client(aws, "iam"), client(aws, "lambda")
    role = iam.create_role(RoleName="role", AssumeRolePolicyDocument=_policy(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName="role", PolicyName="put", PolicyDocument=_policy(allowed))
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("function.py", FUNCTION)
    functions.create_function(
        FunctionName="function",
        Runtime="python3.13",
        Handler="function.handler",
        Role=role,
        Timeout=60,
        Code={"ZipFile": code.getvalue()},
    )
    functions.get_waiter("function_active_v2").wait(FunctionName="function", WaiterConfig={"Delay": 1})
    event = json.dumps({"name": name, "seconds": seconds})
    functions.invoke(FunctionName="function", InvocationType="Event", Payload=event)
    await_true(lambda: f"{name} began" in ids_in_table(aws))


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def await_true(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "the condition was never met"
        time.sleep(0.02)


def pid_of(aws: EmbeddedAws) -> int:
    pid = aws.status().pid
    assert pid is not None
    return pid


def processes_of(aws: EmbeddedAws) -> list[int]:
    """Return the processes with the home folder in their command line."""
    listing = subprocess.run(["ps", "-axww", "-o", "pid=,command="], capture_output=True, check=True, text=True)
    return [int(row.split()[0]) for row in listing.stdout.splitlines() if f"{aws.settings.home}/" in row]
