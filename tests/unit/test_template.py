from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from zenoimg.pipeline import settings as pipeline_settings
from zenoimg.pipeline.catalog import ATTENTION_INDEX, BY_DAY_INDEX
from zenoimg.stack import outputs
from zenoimg.stack.names import StackNames
from zenoimg.stack.template import MAX_INLINE_BYTES, render, to_text

ZENO = StackNames("zeno")
ACME = StackNames("acme")
QUALIFIED = ZENO.qualified("123456789012", "eu-west-1")
ALL_NAMES = pytest.mark.parametrize("names", [ZENO, ACME, QUALIFIED], ids=["seed", "prefixed", "qualified"])

TEMPLATE = render(ZENO)
BUCKETS = ("OriginalsBucket", "ProcessedBucket")
FUNCTIONS = ("Processor", "GetImages")


def resource(logical_id: str, template: dict[str, Any] = TEMPLATE) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"][logical_id]
    return found


def properties(logical_id: str, template: dict[str, Any] = TEMPLATE) -> dict[str, Any]:
    found: dict[str, Any] = resource(logical_id, template)["Properties"]
    return found


def of_type(resource_type: str, template: dict[str, Any] = TEMPLATE) -> dict[str, dict[str, Any]]:
    return {
        logical_id: found["Properties"]
        for logical_id, found in template["Resources"].items()
        if found["Type"] == resource_type
    }


def default(parameter: str) -> Any:
    return TEMPLATE["Parameters"][parameter]["Default"]


def texts(value: Any, *, inside_sub: bool = False) -> Iterator[tuple[str, bool]]:
    """Every text of a document, and whether CloudFormation substitutes in it."""
    if isinstance(value, str):
        yield value, inside_sub
    elif isinstance(value, list):
        for item in value:
            yield from texts(item, inside_sub=inside_sub)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from texts(item, inside_sub=key == "Fn::Sub")


def statements(document: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document["Statement"]
    return found


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def resolved(arn: Any) -> str:
    """An ARN of a policy in one account and region."""
    text: str = arn["Fn::Sub"] if isinstance(arn, dict) else arn
    pseudo = {"Partition": "aws", "Region": "eu-west-1", "AccountId": "123456789012"}
    return re.sub(r"\$\{AWS::(\w+)\}", lambda found: pseudo[found[1]], text)


def granted(role: str) -> dict[str, set[str]]:
    """Action → the resources that a role may do it on."""
    found: dict[str, set[str]] = {}
    for policy in properties(role)["Policies"]:
        for statement in statements(policy["PolicyDocument"]):
            assert statement["Effect"] == "Allow"
            for action in as_list(statement["Action"]):
                found.setdefault(action, set()).update(resolved(arn) for arn in as_list(statement["Resource"]))
    return found


# Names


@ALL_NAMES
def test_no_placeholder_of_ours_is_left_and_every_other_is_substituted_by_cloudformation(names: StackNames) -> None:
    template = render(names)
    known = {*template["Resources"], *template["Parameters"]}
    for text, inside_sub in texts(template):
        for name in re.findall(r"\$\{([^}]*)\}", text):
            assert inside_sub, f"{text!r} would reach AWS with its placeholder"
            assert name.startswith("AWS::") or name.partition(".")[0] in known, text


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param(
            ZENO,
            {
                "OriginalsBucket.BucketName": "zeno-original-images",
                "ProcessedBucket.BucketName": "zeno-processed-images",
                "Images.TableName": "zeno-images",
                "Processor.FunctionName": "imageProcessorLambda",
                "GetImages.FunctionName": "getImagesLambda",
                "ProcessorRole.RoleName": "role-image-processor",
                "GetImagesRole.RoleName": "role-get-images",
            },
            id="seed",
        ),
        pytest.param(
            ACME,
            {
                "OriginalsBucket.BucketName": "acme-original-images",
                "ProcessedBucket.BucketName": "acme-processed-images",
                "Images.TableName": "acme-images",
                "Processor.FunctionName": "acme-imageProcessorLambda",
                "GetImages.FunctionName": "acme-getImagesLambda",
                "ProcessorRole.RoleName": "acme-role-image-processor",
                "GetImagesRole.RoleName": "acme-role-get-images",
            },
            id="prefixed",
        ),
        pytest.param(
            QUALIFIED,
            {
                "OriginalsBucket.BucketName": "zeno-original-images-123456789012-eu-west-1",
                "ProcessedBucket.BucketName": "zeno-processed-images-123456789012-eu-west-1",
                "Images.TableName": "zeno-images",
                "Processor.FunctionName": "imageProcessorLambda",
                "GetImages.FunctionName": "getImagesLambda",
                "ProcessorRole.RoleName": "role-image-processor-eu-west-1",
                "GetImagesRole.RoleName": "role-get-images-eu-west-1",
            },
            id="qualified",
        ),
    ],
)
def test_everything_is_called_as_promised_by_literals(names: StackNames, expected: dict[str, str]) -> None:
    template = render(names)
    for place, name in expected.items():
        logical_id, _, key = place.partition(".")
        assert properties(logical_id, template)[key] == name


def test_the_roles_hold_the_two_policies_by_their_names_and_nothing_else() -> None:
    for role, policy in (
        ("ProcessorRole", "lambda-s3-dynamodb-policy"),
        ("GetImagesRole", "lambda-dynamodb-read-policy"),
    ):
        assert [found["PolicyName"] for found in properties(role)["Policies"]] == [policy]
        assert "ManagedPolicyArns" not in properties(role)
    assert set(of_type("AWS::IAM::Role")) == {"ProcessorRole", "GetImagesRole"}


@ALL_NAMES
def test_the_functions_are_told_the_names_of_their_own_stack(names: StackNames) -> None:
    template = render(names)
    given = properties("Processor", template)["Environment"]["Variables"]
    found = pipeline_settings.from_environment({**given, "ACCOUNT_ID": "123456789012", "AWS_REGION": "eu-west-1"})
    assert (found.originals_bucket, found.processed_bucket) == names.buckets
    assert found.table == names.table
    assert properties("GetImages", template)["Environment"]["Variables"]["TABLE_NAME"] == names.table
    assert given["ACCOUNT_ID"] == {"Ref": "AWS::AccountId"}


@ALL_NAMES
def test_no_name_of_the_default_stack_is_left_in_another(names: StackNames) -> None:
    foreign = {"zeno-original-images", "zeno-processed-images", "zeno-images", "zeno-backfill"}
    whole = {text for text, _ in texts(render(names))}
    assert not whole & (foreign - set(names.placeholders().values()))


@ALL_NAMES
def test_the_template_fits_into_the_request_as_it_is_sent(names: StackNames) -> None:
    text = to_text(render(names, backfill_concurrency=1000))
    assert len(text.encode()) <= MAX_INLINE_BYTES == 51_200
    assert json.loads(text) == render(names, backfill_concurrency=1000)


def test_the_same_names_give_the_same_text() -> None:
    assert to_text(render(ZENO)) == to_text(render(StackNames("zeno")))


# Buckets and table


@pytest.mark.parametrize("bucket", BUCKETS)
def test_all_public_access_to_a_bucket_is_blocked(bucket: str) -> None:
    blocked = properties(bucket)["PublicAccessBlockConfiguration"]
    assert blocked == dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
    )
    assert properties(bucket)["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


@pytest.mark.parametrize("bucket", BUCKETS)
def test_plain_http_to_a_bucket_is_denied_to_everybody_for_everything(bucket: str) -> None:
    (policy_id,) = (
        name for name, found in of_type("AWS::S3::BucketPolicy").items() if found["Bucket"] == {"Ref": bucket}
    )
    (statement,) = statements(properties(policy_id)["PolicyDocument"])
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    arn = {"Fn::GetAtt": [bucket, "Arn"]}
    assert statement["Resource"] == [arn, {"Fn::Sub": f"${{{bucket}.Arn}}/*"}]
    condition = TEMPLATE["Conditions"][resource(policy_id)["Condition"]]
    assert condition == {"Fn::Equals": [{"Ref": "TlsOnly"}, "true"]}


def test_plain_http_is_denied_unless_a_deploy_says_otherwise() -> None:
    assert default("TlsOnly") == "true"


@pytest.mark.parametrize("bucket", BUCKETS)
def test_objects_are_encrypted_at_rest(bucket: str) -> None:
    (rule,) = properties(bucket)["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"


def test_originals_are_versioned_and_old_versions_end_after_thirty_days() -> None:
    originals = properties("OriginalsBucket")
    assert originals["VersioningConfiguration"] == {"Status": "Enabled"}
    rules = originals["LifecycleConfiguration"]["Rules"]
    (expiry,) = (rule for rule in rules if "NoncurrentVersionExpiration" in rule)
    assert expiry["Status"] == "Enabled"
    assert expiry["NoncurrentVersionExpiration"] == {"NoncurrentDays": {"Ref": "NoncurrentVersionDays"}}
    assert default("NoncurrentVersionDays") == 30
    # No rule ends a current version: originals stay until someone deletes them.
    assert not [rule for rule in rules if "ExpirationInDays" in rule or "ExpirationDate" in rule]


@pytest.mark.parametrize("bucket", BUCKETS)
def test_unfinished_uploads_end_after_a_week(bucket: str) -> None:
    rules = properties(bucket)["LifecycleConfiguration"]["Rules"]
    ending = [rule for rule in rules if "AbortIncompleteMultipartUpload" in rule]
    assert [rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] for rule in ending] == [7]
    assert ending[0]["Status"] == "Enabled"


def test_created_removed_and_expired_originals_call_the_processor() -> None:
    configured = properties("OriginalsBucket")["NotificationConfiguration"]["LambdaConfigurations"]
    assert {found["Event"] for found in configured} == {
        "s3:ObjectCreated:*",
        "s3:ObjectRemoved:*",
        "s3:LifecycleExpiration:*",
    }
    assert all(found["Function"] == {"Fn::GetAtt": ["Processor", "Arn"]} for found in configured)


def test_copies_call_nothing() -> None:
    assert "NotificationConfiguration" not in properties("ProcessedBucket")


@ALL_NAMES
def test_only_the_originals_of_this_account_may_call_the_processor(names: StackNames) -> None:
    permission = properties("OriginalsMayCallProcessor", render(names))
    assert permission["Principal"] == "s3.amazonaws.com"
    assert permission["SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert permission["SourceArn"] == {"Fn::Sub": "arn:${AWS::Partition}:s3:::" + names.originals_bucket}
    assert permission["FunctionName"] == {"Fn::GetAtt": ["Processor", "Arn"]}


def test_the_permission_is_there_before_the_bucket_that_needs_it_and_does_not_wait_for_it() -> None:
    assert "OriginalsMayCallProcessor" in as_list(resource("OriginalsBucket")["DependsOn"])
    assert "OriginalsBucket" not in references("OriginalsMayCallProcessor")
    assert "OriginalsBucket" not in references("Processor") | references("ProcessorRole")


def references(logical_id: str) -> set[str]:
    """The resources that one refers to directly, in whatever form."""
    text = json.dumps(resource(logical_id))
    return {name for name in TEMPLATE["Resources"] if re.search(rf'"{name}"|\$\{{{name}[.}}]', text)} - {logical_id}


@pytest.mark.parametrize("logical_id", [*BUCKETS, "Images"])
def test_data_survives_a_removal_of_the_stack_but_not_a_deploy_that_failed(logical_id: str) -> None:
    assert resource(logical_id)["DeletionPolicy"] == "RetainExceptOnCreate"
    assert resource(logical_id)["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize("logical_id", [*BUCKETS, "Images"])
def test_data_bears_a_tag_whose_change_makes_the_settings_apply(logical_id: str) -> None:
    tags = {tag["Key"]: tag["Value"] for tag in properties(logical_id)["Tags"]}
    assert tags == {"zenoimg:stack": "zeno", "zenoimg:settings": {"Ref": "SettingsGeneration"}}


def test_the_table_is_keyed_by_image_and_can_be_restored() -> None:
    table = properties("Images")
    assert table["KeySchema"] == [{"AttributeName": "ImageId", "KeyType": "HASH"}]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_the_indexes_are_those_that_the_catalog_asks_for_and_hold_whole_records() -> None:
    indexes = {found["IndexName"]: found for found in properties("Images")["GlobalSecondaryIndexes"]}
    keys = {
        name: [(key["AttributeName"], key["KeyType"]) for key in found["KeySchema"]] for name, found in indexes.items()
    }
    assert keys == {
        BY_DAY_INDEX: [("DayShard", "HASH"), ("CreatedAt", "RANGE")],
        ATTENTION_INDEX: [("Attention", "HASH"), ("UpdatedAt", "RANGE")],
    }
    assert all(found["Projection"] == {"ProjectionType": "ALL"} for found in indexes.values())


# Functions, roles, logs


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_logs_into_a_group_that_the_stack_owns_with_a_retention(function: str) -> None:
    # By a reference, so that the group is there before the function and its first invocation.
    log = properties(function)["LoggingConfig"]["LogGroup"]["Ref"]
    assert resource(log)["Type"] == "AWS::Logs::LogGroup"
    assert properties(log)["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert properties(log)["LogGroupName"] == "/aws/lambda/" + properties(function)["FunctionName"]
    assert default("LogRetentionDays") == 30


def test_the_processor_may_do_what_it_does_on_what_it_does_it_on() -> None:
    table = "arn:aws:dynamodb:eu-west-1:123456789012:table/zeno-images"
    backfill = "arn:aws:sqs:eu-west-1:123456789012:zeno-backfill"
    copies = "arn:aws:s3:::zeno-processed-images/processed/*"
    log = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/imageProcessorLambda:*"
    assert granted("ProcessorRole") == {
        "s3:GetObject": {"arn:aws:s3:::zeno-original-images/*", copies},
        "s3:PutObject": {copies},
        "s3:DeleteObject": {copies},
        "s3:ListBucket": {"arn:aws:s3:::zeno-original-images", "arn:aws:s3:::zeno-processed-images"},
        "dynamodb:GetItem": {table},
        "dynamodb:PutItem": {table},
        "dynamodb:DeleteItem": {table},
        "sqs:ReceiveMessage": {backfill},
        "sqs:DeleteMessage": {backfill},
        "sqs:GetQueueAttributes": {backfill},
        "sqs:ChangeMessageVisibility": {backfill},
        "sqs:SendMessage": {"arn:aws:sqs:eu-west-1:123456789012:zeno-dead-letters"},
        "logs:CreateLogStream": {log},
        "logs:PutLogEvents": {log},
    }


def test_the_reader_may_read_the_table_and_write_its_log() -> None:
    log = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/getImagesLambda:*"
    assert granted("GetImagesRole") == {
        "dynamodb:Scan": {"arn:aws:dynamodb:eu-west-1:123456789012:table/zeno-images"},
        "logs:CreateLogStream": {log},
        "logs:PutLogEvents": {log},
    }


@ALL_NAMES
def test_no_role_may_create_log_groups_or_act_on_what_is_not_its_stacks(names: StackNames) -> None:
    for role in of_type("AWS::IAM::Role", render(names)).values():
        for policy in role["Policies"]:
            for statement in statements(policy["PolicyDocument"]):
                assert "NotAction" not in statement
                assert "NotResource" not in statement
                assert all(":" in action and "*" not in action for action in as_list(statement["Action"]))
                assert "logs:CreateLogGroup" not in as_list(statement["Action"])
                for arn in map(resolved, as_list(statement["Resource"])):
                    assert any(name in re.split(r"[:/]", arn) for name in names.placeholders().values()), arn


@pytest.mark.parametrize("role", ["ProcessorRole", "GetImagesRole"])
def test_only_lambda_acting_for_this_account_may_take_a_role(role: str) -> None:
    (statement,) = statements(properties(role)["AssumeRolePolicyDocument"])
    assert statement["Effect"] == "Allow"
    assert statement["Action"] == "sts:AssumeRole"
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Fn::Sub": "${AWS::AccountId}"}}}


@pytest.mark.parametrize(("function", "role"), [("Processor", "ProcessorRole"), ("GetImages", "GetImagesRole")])
def test_each_function_has_a_role_of_its_own(function: str, role: str) -> None:
    assert properties(function)["Role"] == {"Fn::GetAtt": [role, "Arn"]}


def test_the_processor_has_the_memory_time_and_machine_that_it_was_measured_with() -> None:
    processor = properties("Processor")
    assert processor["MemorySize"] == {"Ref": "ProcessorMemory"}
    assert processor["Timeout"] == {"Ref": "ProcessorTimeout"}
    assert processor["Architectures"] == [{"Ref": "Architecture"}]
    assert [default(name) for name in ("ProcessorMemory", "ProcessorTimeout", "Architecture", "Runtime")] == [
        3008,
        300,
        "arm64",
        "python3.13",
    ]


# The two lanes


def test_a_live_event_that_fails_for_good_lies_among_the_dead_letters() -> None:
    config = properties("ProcessorAsync")
    assert config["FunctionName"] == {"Ref": "Processor"}
    assert config["Qualifier"] == "$LATEST"
    assert config["DestinationConfig"]["OnFailure"]["Destination"] == {"Fn::GetAtt": ["DeadLetters", "Arn"]}
    assert config["MaximumRetryAttempts"] == {"Ref": "LiveRetries"}
    assert default("LiveRetries") == 2


def test_the_backfill_lane_takes_one_message_at_a_time_and_reports_each_failure() -> None:
    mapping = properties("BackfillMapping")
    assert mapping["EventSourceArn"] == {"Fn::GetAtt": ["Backfill", "Arn"]}
    assert mapping["FunctionName"] == {"Ref": "Processor"}
    assert mapping["BatchSize"] == 1
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_the_backfill_lane_is_narrow_by_a_whole_number() -> None:
    assert properties("BackfillMapping")["ScalingConfig"] == {"MaximumConcurrency": 5}
    wide = render(ZENO, backfill_concurrency=20)
    concurrency = properties("BackfillMapping", wide)["ScalingConfig"]["MaximumConcurrency"]
    assert concurrency == 20
    assert type(concurrency) is int


def test_a_message_is_hidden_for_six_timeouts_and_tried_five_times() -> None:
    backfill = properties("Backfill")
    assert backfill["VisibilityTimeout"] == {"Ref": "BackfillVisibility"}
    assert default("BackfillVisibility") == 6 * default("ProcessorTimeout")
    assert backfill["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["DeadLetters", "Arn"]}
    assert backfill["RedrivePolicy"]["maxReceiveCount"] == {"Ref": "BackfillTries"}
    assert default("BackfillTries") == 5


@pytest.mark.parametrize("queue", ["Backfill", "DeadLetters"])
def test_queues_keep_messages_for_fourteen_days_encrypted(queue: str) -> None:
    assert properties(queue)["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert properties(queue)["SqsManagedSseEnabled"] is True


# The API


def test_get_images_is_the_only_route_and_signed_by_default() -> None:
    (route,) = of_type("AWS::ApiGatewayV2::Route").values()
    assert route["RouteKey"] == "GET /images"
    assert route["AuthorizationType"] == {"Ref": "ApiAuthorization"}
    assert default("ApiAuthorization") == "AWS_IAM"


def test_the_api_is_throttled_and_may_call_its_function_for_its_route_alone() -> None:
    stage = properties("ApiStage")["DefaultRouteSettings"]
    assert stage["ThrottlingRateLimit"] == {"Ref": "ApiRateLimit"}
    assert stage["ThrottlingBurstLimit"] == {"Ref": "ApiBurstLimit"}
    permission = properties("ApiMayCallGetImages")
    assert permission["FunctionName"] == {"Fn::GetAtt": ["GetImages", "Arn"]}
    assert permission["SourceArn"]["Fn::Sub"].endswith(":${AWS::AccountId}:${Api}/*/GET/images")


def test_no_function_may_be_called_by_anybody_else() -> None:
    assert set(of_type("AWS::Lambda::Permission")) == {"OriginalsMayCallProcessor", "ApiMayCallGetImages"}
    assert not of_type("AWS::Lambda::Url")


def test_the_outputs_name_everything_that_later_commands_need() -> None:
    state = outputs.StackState(
        "zeno", "CREATE_COMPLETE", "", {}, {key: f"value of {key}" for key in TEMPLATE["Outputs"]}
    )
    found = outputs.deployment_of(state)
    assert all(vars(found).values()), "an empty field has no output"
