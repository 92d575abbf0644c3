"""Record what a command requests from AWS, and which permissions that needs.

``Terminal`` and ``Bench`` run every command of the test suite with it, so a call that the command's policies do not
grant fails its test. It is hooked into botocore, through which every call and every presigned URL passes.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.client import BaseClient


@dataclass(frozen=True)
class Right:
    """An action, and the type and name of its resource: ``s3:GetObject``, ``object``, ``bucket/key``."""

    action: str
    kind: str
    name: str

    @property
    def resource(self) -> str:
        """Return the part of the resource's ARN after the account; empty for actions without resource types."""
        return _ARN_ENDS[self.kind].format(self.name)


#: The part of an ARN after the account.
_ARN_ENDS = {
    "bucket": "{}",
    "object": "{}",
    "table": "table/{}",
    "queue": "{}",
    "log group": "log-group:{}:*",
    "stack": "stack/{}/id",
    "function": "function:{}",
    "event source mapping": "event-source-mapping:{}",
    "role": "role/{}",
    "alarm": "alarm:{}",
    "nothing": "",
}


@dataclass
class Calls:
    """The permissions needed so far; several threads may add to them."""

    rights: set[Right] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, service: str, operation: str, parameters: Mapping[str, Any]) -> None:
        with self._lock:
            self.rights.update(rights_of(service, operation, parameters))

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(sorted((right.action, right.kind, right.name) for right in self.rights)))

    @classmethod
    def load(cls, path: Path) -> Calls:
        return cls({Right(*each) for each in json.loads(path.read_text())})


@contextmanager
def recorded() -> Iterator[Calls]:
    """Record every call of every client of this process, whether it succeeds or not."""
    calls = Calls()
    original = BaseClient._emit_api_params  # type: ignore[attr-defined]

    def emit(self: Any, api_params: Any, operation_model: Any, context: Any) -> Any:
        calls.add(self.meta.service_model.service_name, operation_model.name, api_params)
        return original(self, api_params, operation_model, context)

    BaseClient._emit_api_params = emit  # type: ignore[attr-defined]
    try:
        yield calls
    finally:
        BaseClient._emit_api_params = original  # type: ignore[attr-defined]


def rights_of(service: str, operation: str, parameters: Mapping[str, Any]) -> set[Right]:
    """Return the permissions that a call needs; for other services, the action on all resources."""
    known = _SERVICES.get(service)
    return {Right(f"{service}:{operation}", "nothing", "")} if known is None else known(operation, parameters)


#: S3 operations whose action has a different name
#: (https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html).
_S3_ACTIONS = {
    "CompleteMultipartUpload": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjectsV2": "ListBucket",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "UploadPart": "PutObject",
}


#: Actions on the newest version → on a given version.
_OF_VERSIONS = {
    "DeleteObject": "DeleteObjectVersion",
    "GetObject": "GetObjectVersion",
    "GetObjectTagging": "GetObjectVersionTagging",
}


def _s3(operation: str, parameters: Mapping[str, Any]) -> set[Right]:
    bucket = parameters.get("Bucket", "")
    if operation == "DeleteObjects":
        each = parameters["Delete"]["Objects"]
        return {right for one in each for right in _s3("DeleteObject", {"Bucket": bucket, **one})}
    if operation in ("CopyObject", "UploadPartCopy"):
        tags: set[Right] = set()
        if operation == "CopyObject" and parameters.get("TaggingDirective", "COPY") == "COPY":
            tags = _s3("GetObjectTagging", parameters["CopySource"]) | _s3("PutObjectTagging", parameters)
        elif operation == "CopyObject" and parameters.get("Tagging"):
            tags = _s3("PutObjectTagging", parameters)
        return _s3("PutObject", parameters) | _s3("GetObject", parameters["CopySource"]) | tags
    if operation in ("CreateMultipartUpload", "PutObject") and parameters.get("Tagging"):
        untagged = {name: value for name, value in parameters.items() if name != "Tagging"}
        return _s3("PutObjectTagging", parameters) | _s3(operation, untagged)
    action = _S3_ACTIONS.get(operation, operation)
    if "Key" not in parameters:
        more = {Right("s3:PutBucketOwnershipControls", "bucket", bucket)} if "ObjectOwnership" in parameters else set()
        return more | {Right(f"s3:{action}", "bucket", bucket)}
    # A given version needs a different permission than the newest.
    if parameters.get("VersionId") and action in _OF_VERSIONS:
        action = _OF_VERSIONS[action]
    return {Right(f"s3:{action}", "object", f"{bucket}/{parameters['Key']}")}


def _dynamodb(operation: str, parameters: Mapping[str, Any]) -> set[Right]:
    named = parameters.get("TableName") or parameters.get("ResourceArn", "*").rpartition("table/")[2]
    tables = list(parameters.get("RequestItems", {})) or [named]
    index = f"/index/{parameters['IndexName']}" if "IndexName" in parameters else ""
    return {Right(f"dynamodb:{operation}", "table", f"{table}{index}") for table in tables}


def _sqs(operation: str, parameters: Mapping[str, Any]) -> set[Right]:
    queue = parameters.get("QueueName") or parameters.get("QueueUrl", "*").rpartition("/")[2]
    return {Right(f"sqs:{operation.removesuffix('Batch')}", "queue", queue)}


def _logs(operation: str, parameters: Mapping[str, Any]) -> set[Right]:
    groups = [*parameters.get("logGroupIdentifiers", ())] or [parameters.get("logGroupName")]
    return {
        Right(f"logs:{operation}", "log group", group.rpartition("log-group:")[2])
        if group
        else Right(f"logs:{operation}", "nothing", "")
        for group in groups
    }


def _cloudformation(operation: str, parameters: Mapping[str, Any]) -> set[Right]:
    stack = parameters.get("StackName")
    if stack is None:  # DescribeStackResources by physical resource id: it may be in any stack
        return {Right(f"cloudformation:{operation}", "stack", "*")}
    name = stack.rpartition(":stack/")[2].partition("/")[0]
    more = {Right("cloudformation:TagResource", "stack", name)} if parameters.get("Tags") else set()
    return more | {Right(f"cloudformation:{operation}", "stack", name)}


def _iam(operation: str, parameters: Mapping[str, Any]) -> set[Right]:
    role = parameters.get("RoleName")
    return {Right(f"iam:{operation}", "role", role) if role else Right(f"iam:{operation}", "nothing", "")}


def _lambda(operation: str, parameters: Mapping[str, Any]) -> set[Right]:
    if "UUID" in parameters:
        return {Right(f"lambda:{operation}", "event source mapping", parameters["UUID"])}
    function = parameters.get("FunctionName", "*").rpartition(":function:")[2]
    action = "InvokeFunction" if operation == "Invoke" else operation
    return {Right(f"lambda:{action}", "function", function)}


def _cloudwatch(operation: str, parameters: Mapping[str, Any]) -> set[Right]:
    names = [*parameters.get("AlarmNames", ())]
    if prefix := parameters.get("AlarmNamePrefix"):
        names.append(f"{prefix}x")
    if names:
        return {Right(f"cloudwatch:{operation}", "alarm", name) for name in names}
    return {Right(f"cloudwatch:{operation}", "nothing", "")}


def _sts(operation: str, _: Mapping[str, Any]) -> set[Right]:
    # Everyone may call GetCallerIdentity.
    return set() if operation == "GetCallerIdentity" else {Right(f"sts:{operation}", "nothing", "")}


_SERVICES = {
    "cloudformation": _cloudformation,
    "cloudwatch": _cloudwatch,
    "dynamodb": _dynamodb,
    "iam": _iam,
    "lambda": _lambda,
    "logs": _logs,
    "s3": _s3,
    "sqs": _sqs,
    "sts": _sts,
}
