"""AWS as a deploy sees it: moto, with doubles of CloudFormation, Lambda and SQS that tests control.

moto's CloudFormation cannot import existing resources, and its Lambda needs Docker. The ones here keep one stack:
executing a change set stores its template and parameters, and invoking the processor runs the real pipeline by the
recipe in the uploaded layer. A message in the backfill queue is processed by it at once. Buckets and table exist from
the start.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from threading import Lock
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from zenoimg.aws.session import Aws, Identity
from zenoimg.imaging import Limits
from zenoimg.operations.deploy.smoke import run as smoke
from zenoimg.operations.pipeline import of_deployment
from zenoimg.pipeline import deployed_recipe
from zenoimg.pipeline.events import parse
from zenoimg.pipeline.recipes import AnyRecipe
from zenoimg.pipeline.reconcile import reconcile
from zenoimg.stack.bundle import functions, packages_wheels
from zenoimg.stack.bundle.artifact import Artifact
from zenoimg.stack.bundle.store import ArtifactStore
from zenoimg.stack.names import StackNames
from zenoimg.stack.outputs import Deployment
from zenoimg.stack.read_back import PROTECTION, Wanted, lifecycle_rules

ACCOUNT, REGION = "123456789012", "eu-west-1"
NAMES = StackNames("zeno")
ARTIFACTS = f"zenoimg-artifacts-{ACCOUNT}-{REGION}"

_OUTPUTS = {
    "OriginalsBucket": NAMES.originals_bucket,
    "ProcessedBucket": NAMES.processed_bucket,
    "Table": NAMES.table,
    "ProcessorFunction": NAMES.processor_function,
    "GetImagesFunction": NAMES.get_images_function,
    "BackfillQueueUrl": "https://sqs/zeno-backfill",
    "ApiId": "a",
    "ApiUrl": "https://a/images",
}


@dataclass
class Stack:
    """The one stack: its current state, and its pending change set."""

    status: str = ""
    template: Any = None
    parameters: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, Any] | None = None
    events: list[dict[str, Any]] = field(default_factory=list)


class DoubledCloudFormation:
    """Keeps one stack. ``changes`` are the resource changes that a change set shows; ``done`` are the calls."""

    def __init__(self) -> None:
        self.meta = type("Meta", (), {"endpoint_url": f"https://cloudformation.{REGION}.amazonaws.com"})()
        self.stack = Stack()
        self.changes: list[dict[str, Any]] = [change("Modify", "Processor", "AWS::Lambda::Function", ("Layers",))]
        self.done: list[str] = []
        #: Operation → the error that it raises instead.
        self.instead: dict[str, BaseException] = {}
        #: The status of a concurrent change; it ends after two reads.
        self.others: list[str] = []

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803 - AWS's own names, here and below
        if "describe" in self.instead:
            raise self.instead["describe"]
        status = self.others.pop(0) if self.others else self.stack.status
        if not status:
            raise refusal("ValidationError", f"Stack with id {StackName} does not exist", "DescribeStacks")
        is_deployed = self.stack.template is not None
        outputs = (
            {**_OUTPUTS, **{name: self.stack.parameters[name] for name in ("RecipeFingerprint", "Limits")}}
            if is_deployed
            else {}
        )
        described = {
            "StackName": StackName,
            "StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{StackName}/id",
            "StackStatus": status,
            "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in self.stack.parameters.items()],
            "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()],
            "Tags": [{"Key": "zenoimg:stack", "Value": StackName}],
        }
        return {"Stacks": [described]}

    def create_change_set(self, **given: Any) -> dict[str, str]:
        self._called("create")
        parameters = {item["ParameterKey"]: item["ParameterValue"] for item in given["Parameters"]}
        self.stack.waiting = {"template": given["TemplateBody"], "parameters": parameters, "role": given.get("RoleARN")}
        self.stack.status = self.stack.status or "REVIEW_IN_PROGRESS"
        return {"Id": "arn:change-set"}

    def describe_change_set(self, **_: Any) -> dict[str, Any]:
        waiting = self.stack.waiting
        assert waiting is not None
        if (waiting["template"], waiting["parameters"]) == (self.stack.template, self.stack.parameters):
            return {"Status": "FAILED", "StatusReason": "The submitted information didn't contain changes."}
        return {"Status": "CREATE_COMPLETE", "Changes": self.changes}

    def delete_change_set(self, **_: Any) -> None:
        self._called("discard")
        self.stack.waiting = None

    def delete_stack(self, **_: Any) -> None:
        self._called("delete stack")
        self.stack = Stack()

    def execute_change_set(self, **_: Any) -> None:
        waiting = self.stack.waiting
        assert waiting is not None
        self.stack.template, self.stack.parameters = waiting["template"], waiting["parameters"]
        self.stack.status = "UPDATE_COMPLETE"
        make_bucket_policies()
        protected = self.stack.parameters.get(PROTECTION) == "true"
        boto3.client("dynamodb").update_table(TableName=NAMES.table, DeletionProtectionEnabled=protected)
        self.stack.events[:0] = [self._event(kind) for kind in ("AWS::CloudFormation::Stack", "AWS::Lambda::Function")]
        self._called("execute")

    def get_template(self, **_: Any) -> dict[str, Any]:
        return {"TemplateBody": json.loads(self.stack.template)}

    def describe_stack_resources(self, **_: Any) -> None:
        raise refusal("ValidationError", "Stack for the resource does not exist", "DescribeStackResources")

    def get_paginator(self, operation: str) -> Any:
        pages: dict[str, Callable[[], dict[str, Any]]] = {
            "describe_change_set": self.describe_change_set,
            "describe_stack_events": lambda: {"StackEvents": self.stack.events},
        }
        return type("Paginator", (), {"paginate": lambda _, **__: [pages[operation]()]})()

    def _event(self, kind: str) -> dict[str, Any]:
        return {
            "EventId": str(len(self.stack.events)) + kind + str(len(self.done)),
            "Timestamp": datetime(2025, 6, 12, tzinfo=UTC),
            "LogicalResourceId": "zeno" if "Stack" in kind else "Processor",
            "ResourceType": kind,
            "ResourceStatus": "UPDATE_COMPLETE",
        }

    def _called(self, what: str) -> None:
        self.done.append(what)
        if what in self.instead:
            raise self.instead[what]


class DoubledLambda:
    """Runs the processor with the deployed recipe.

    ``broken``: fingerprint → the error of that version; ``gone``: functions that somebody deleted.
    """

    def __init__(self, cloudformation: DoubledCloudFormation) -> None:
        self.broken: dict[str, str] = {}
        self.gone: set[str] = set()
        self.interrupt: BaseException | None = None
        self._cloudformation = cloudformation

    def get_function(self, **_: Any) -> None:
        raise refusal("ResourceNotFoundException", "Function not found", "GetFunction")

    def get_function_configuration(self, FunctionName: str) -> None:  # noqa: N803 - AWS's own names
        if FunctionName in self.gone:
            raise refusal("ResourceNotFoundException", "Function not found", "GetFunctionConfiguration")

    def invoke(self, Payload: bytes, **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's own names
        if self.interrupt is not None:
            raise self.interrupt
        recipe = self.deployed()[0]
        if error := self.broken.get(recipe.fingerprint):
            body = json.dumps({"errorType": "RuntimeError", "errorMessage": error}).encode()
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(body)}
        for event in parse(json.loads(Payload)):
            self.process(event.key)
        return {"Payload": io.BytesIO(b"null")}

    def process(self, key: str) -> None:
        """Reconcile a key by the deployed recipe."""
        pipeline = of_deployment(Aws(region=REGION), Deployment(*NAMES.buckets, NAMES.table), ACCOUNT)
        reconcile(key, pipeline.tools(*self.deployed()))

    def deployed(self) -> tuple[AnyRecipe, Limits]:
        key = self._cloudformation.stack.parameters["RecipeKey"]
        body = boto3.client("s3").get_object(Bucket=ARTIFACTS, Key=key)["Body"].read()
        with zipfile.ZipFile(io.BytesIO(body)) as layer:
            return deployed_recipe.load(lambda name: layer.read(f"python/{deployed_recipe.PACKAGE}/{name}"))


class DoubledSqs:
    """Processes each message as it is sent. ``interrupt_after``: a Ctrl-C comes after so many batches."""

    def __init__(self, functions: DoubledLambda) -> None:
        self.sent: list[str] = []
        self.interrupt_after: int | None = None
        self._functions = functions
        self._lock = Lock()

    def send_message_batch(self, Entries: list[dict[str, str]], **_: Any) -> dict[str, Any]:  # noqa: N803
        # As on AWS, results are newer than the response, although here they are made before it.
        answered = format_datetime(datetime.now(UTC), usegmt=True)
        with self._lock:
            if self.interrupt_after == 0:
                raise KeyboardInterrupt
            if self.interrupt_after is not None:
                self.interrupt_after -= 1
            for entry in Entries:
                for event in parse(json.loads(entry["MessageBody"])):
                    self._functions.process(event.key)
                    self.sent.append(event.key)
        return {"Successful": Entries, "ResponseMetadata": {"HTTPHeaders": {"date": answered}}}

    def get_queue_attributes(self, **_: Any) -> dict[str, Any]:
        return {"Attributes": {"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0"}}

    def get_queue_url(self, **_: Any) -> None:
        raise refusal("AWS.SimpleQueueService.NonExistentQueue", "no such queue", "GetQueueUrl")


@dataclass(frozen=True)
class DoubledAws:
    """The doubles; everything else is moto."""

    cloudformation: DoubledCloudFormation
    functions: DoubledLambda
    sqs: DoubledSqs

    @property
    def done(self) -> list[str]:
        """Return the changes requested from CloudFormation, in order."""
        return self.cloudformation.done


def double(monkeypatch: pytest.MonkeyPatch) -> DoubledAws:
    """Replace the clients by the doubles, buckets and table included; call it within ``mock_aws``."""
    make_data()
    cloudformation = DoubledCloudFormation()
    functions_double = DoubledLambda(cloudformation)
    made = DoubledAws(cloudformation, functions_double, DoubledSqs(functions_double))
    monkeypatch.setattr(Aws, "identity", Identity(ACCOUNT, REGION, "aws"))
    monkeypatch.setattr(Aws, "cloudformation", cloudformation)
    monkeypatch.setattr(Aws, "functions", made.functions)
    monkeypatch.setattr(Aws, "sqs", made.sqs)
    monkeypatch.setattr(functions, "functions_zip", lambda: Artifact("functions", b"functions"))
    monkeypatch.setattr(packages_wheels, "packages_layer", lambda architecture, **_: Artifact("packages", b"packages"))
    # moto ignores the conditions of bucket policies, so "deny plain HTTP" would deny everything.
    monkeypatch.setattr(ArtifactStore, "_close_bucket", lambda self: None)
    # S3 sends no events here, and waiting takes no time.
    monkeypatch.setattr(smoke, "ON_AWS", smoke.Patience(event=0, calls=1, pause=0, poll=0))
    return made


def change(action: str, logical_id: str, kind: str, properties: tuple[str, ...] = (), **more: str) -> dict[str, Any]:
    """Return a resource change as described by DescribeChangeSet."""
    details = [{"Target": {"Name": name}} for name in properties]
    named = {"Action": action, "LogicalResourceId": logical_id, "ResourceType": kind, "Details": details}
    return {"ResourceChange": {**named, **more}}


def refusal(code: str, message: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


def make_data() -> None:
    """Create buckets and table left by an earlier stack, with the template's settings except the policies."""
    from tests.cli.conftest import make_resources

    make_resources(*NAMES.buckets, NAMES.table)
    s3 = boto3.client("s3")
    names = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    blocked: Any = dict.fromkeys(names, True)
    rule: Any = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
    for bucket in NAMES.buckets:
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=blocked)
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=rule)
        s3.put_bucket_ownership_controls(
            Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        )
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "zenoimg:stack", "Value": NAMES.stack}]})
        named: list[Any] = [
            {"ID": name, "Filter": {"Prefix": ""}, **rule}
            for name, rule in lifecycle_rules(bucket, Wanted(NAMES, ACCOUNT)).items()
        ]
        s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": named})
    events: list[Any] = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:LifecycleExpiration:*"]
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{NAMES.processor_function}"
    s3.put_bucket_notification_configuration(
        Bucket=NAMES.originals_bucket,
        NotificationConfiguration={"LambdaFunctionConfigurations": [{"LambdaFunctionArn": arn, "Events": events}]},
    )
    boto3.client("dynamodb").update_continuous_backups(
        TableName=NAMES.table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    table = boto3.client("dynamodb").describe_table(TableName=NAMES.table)["Table"]["TableArn"]
    boto3.client("dynamodb").tag_resource(ResourceArn=table, Tags=[{"Key": "zenoimg:stack", "Value": NAMES.stack}])


def make_bucket_policies() -> None:
    """Create the stack's bucket policies; a bucket with a policy before its first deploy is not adopted."""
    for bucket in NAMES.buckets:
        statement = {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": "arn:aws:s3:::no",
        }
        boto3.client("s3").put_bucket_policy(
            Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        )
