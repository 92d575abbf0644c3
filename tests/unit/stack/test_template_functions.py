from __future__ import annotations

import re

import pytest

from tests.unit.stack.rendered import (
    ALL_NAMES,
    FUNCTIONS,
    TEMPLATE,
    ZENO,
    as_list,
    default,
    granted,
    of_type,
    properties,
    resolved,
    resource,
    statements,
)
from zenoimg.stack import outputs
from zenoimg.stack.names import StackNames
from zenoimg.stack.template import render


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_logs_into_a_group_that_the_stack_owns_with_a_retention(function: str) -> None:
    # By a reference, so that the group exists before the function and its first invocation.
    log = properties(function)["LoggingConfig"]["LogGroup"]["Ref"]
    assert resource(log)["Type"] == "AWS::Logs::LogGroup"
    assert properties(log)["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert properties(log)["LogGroupName"] == "/aws/lambda/" + properties(function)["FunctionName"]
    assert default("LogRetentionDays") == 30


def test_the_processor_has_exactly_its_actions_on_its_resources() -> None:
    table = "arn:aws:dynamodb:eu-west-1:123456789012:table/zeno-images"
    queues = {f"arn:aws:sqs:eu-west-1:123456789012:zeno-{queue}" for queue in ("backfill", "large")}
    copies = "arn:aws:s3:::zeno-processed-images/processed/*"
    prefix = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/"
    logs = {f"{prefix}imageProcessorLambda:*", f"{prefix}imageProcessorLargeLambda:*"}
    assert granted("ProcessorRole") == {
        "s3:GetObject": {"arn:aws:s3:::zeno-original-images/*", copies},
        "s3:PutObject": {copies},
        "s3:DeleteObject": {copies},
        "s3:ListBucket": {"arn:aws:s3:::zeno-original-images", "arn:aws:s3:::zeno-processed-images"},
        "dynamodb:GetItem": {table},
        "dynamodb:PutItem": {table},
        "dynamodb:DeleteItem": {table},
        "sqs:ReceiveMessage": queues,
        "sqs:DeleteMessage": queues,
        "sqs:GetQueueAttributes": queues,
        "sqs:ChangeMessageVisibility": queues,
        "sqs:SendMessage": {
            "arn:aws:sqs:eu-west-1:123456789012:zeno-dead-letters",
            "arn:aws:sqs:eu-west-1:123456789012:zeno-large",
        },
        "logs:CreateLogStream": logs,
        "logs:PutLogEvents": logs,
    }


def test_the_reader_may_only_read_the_table_and_write_its_log() -> None:
    log = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/getImagesLambda:*"
    assert granted("GetImagesRole") == {
        "dynamodb:BatchGetItem": {"arn:aws:dynamodb:eu-west-1:123456789012:table/zeno-images"},
        "dynamodb:Scan": {"arn:aws:dynamodb:eu-west-1:123456789012:table/zeno-images"},
        "logs:CreateLogStream": {log},
        "logs:PutLogEvents": {log},
    }


#: The configured event bus, to which the pipes send.
OPERATORS_BUS = {"Fn::Sub": "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/${EventsBus}"}


@ALL_NAMES
def test_no_role_may_create_log_groups_or_act_outside_its_stack(names: StackNames) -> None:
    for role in of_type("AWS::IAM::Role", render(names)).values():
        for given in role["Policies"]:
            policy = given["Fn::If"][1] if "Fn::If" in given else given
            for statement in statements(policy["PolicyDocument"]):
                assert "NotAction" not in statement
                assert "NotResource" not in statement
                assert all(":" in action and "*" not in action for action in as_list(statement["Action"]))
                assert "logs:CreateLogGroup" not in as_list(statement["Action"])
                listed = as_list(statement["Resource"])
                named = [each for each in listed if each not in ({"Ref": "KmsKey"}, OPERATORS_BUS)]
                for arn in map(resolved, named):
                    assert any(name in re.split(r"[:/]", arn) for name in names.placeholders().values()), arn


@pytest.mark.parametrize("role", ["ProcessorRole", "GetImagesRole"])
def test_only_lambda_acting_for_this_account_may_assume_a_role(role: str) -> None:
    (statement,) = statements(properties(role)["AssumeRolePolicyDocument"])
    assert statement["Effect"] == "Allow"
    assert statement["Action"] == "sts:AssumeRole"
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Fn::Sub": "${AWS::AccountId}"}}}


@pytest.mark.parametrize(
    ("function", "role"),
    [("Processor", "ProcessorRole"), ("ProcessorLarge", "ProcessorRole"), ("GetImages", "GetImagesRole")],
)
def test_each_function_has_the_role_of_its_code(function: str, role: str) -> None:
    assert properties(function)["Role"] == {"Fn::GetAtt": [role, "Arn"]}


def test_the_processor_has_the_measured_memory_timeout_and_architecture() -> None:
    processor = properties("Processor")
    assert processor["MemorySize"] == {"Ref": "ProcessorMemory"}
    assert processor["Timeout"] == {"Ref": "ProcessorTimeout"}
    assert processor["Architectures"] == [{"Ref": "Architecture"}]
    assert [default(name) for name in ("ProcessorMemory", "ProcessorTimeout", "Architecture", "Runtime")] == [
        1769,
        300,
        "arm64",
        "python3.13",
    ]


def test_the_large_function_is_the_processor_with_more_memory_and_another_queue() -> None:
    one, large = properties("Processor"), properties("ProcessorLarge")
    other = {
        "FunctionName",
        "Description",
        "MemorySize",
        "LoggingConfig",
        "Environment",
        "ReservedConcurrentExecutions",
    }
    assert {name for name in one if one[name] != large[name]} == other
    assert large["MemorySize"] == {"Ref": "ProcessorLargeMemory"}
    assert default("ProcessorLargeMemory") == 3008
    ours, its = (each["Environment"]["Variables"] for each in (one, large))
    assert {name for name in ours if ours[name] != its[name]} == {"BACKFILL_QUEUE_URL", "LARGE_QUEUE_URL"}
    assert properties("Large") == {**properties("Backfill"), "QueueName": "zeno-large"}


def test_the_live_lane_is_limited_only_on_request() -> None:
    nothing = {"Ref": "AWS::NoValue"}
    bounded = {"Fn::If": ["IsBounded", {"Ref": "ProcessorMaxConcurrency"}, nothing]}
    assert properties("Processor")["ReservedConcurrentExecutions"] == bounded
    assert TEMPLATE["Conditions"]["IsBounded"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "ProcessorMaxConcurrency"}, 0]}]}
    assert default("ProcessorMaxConcurrency") == 0
    assert properties("ProcessorLarge")["ReservedConcurrentExecutions"] == nothing


def test_the_reader_function_knows_whether_the_api_is_open() -> None:
    assert properties("GetImages")["Environment"]["Variables"]["API_AUTHORIZATION"] == {"Ref": "ApiAuthorization"}


def test_there_is_no_large_function_without_memory_for_it() -> None:
    assert TEMPLATE["Conditions"]["HasLarge"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "ProcessorLargeMemory"}, 0]}]}
    conditional = {name for name, found in TEMPLATE["Resources"].items() if found.get("Condition") == "HasLarge"}
    assert conditional == {"Large", "ProcessorLargeLog", "ProcessorLarge", "LargeMapping"}
    outputs_of_it = {name for name, found in TEMPLATE["Outputs"].items() if found.get("Condition") == "HasLarge"}
    assert outputs_of_it == {"LargeQueueUrl", "ProcessorLargeFunction"}


def test_a_small_machine_marks_one_large_photo_at_a_time() -> None:
    assert properties("LargeMapping")["ScalingConfig"] == {"MaximumConcurrency": 5}
    local = render(ZENO, large_concurrency=1)
    assert properties("LargeMapping", local)["ScalingConfig"] == {"MaximumConcurrency": 1}


def test_a_live_event_that_fails_permanently_goes_to_the_dead_letter_queue() -> None:
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


def test_the_concurrency_limit_of_the_backfill_lane_is_an_integer() -> None:
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


@pytest.mark.parametrize("queue", ["Backfill", "Large", "DeadLetters"])
def test_queues_keep_messages_for_fourteen_days_encrypted(queue: str) -> None:
    assert properties(queue)["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert properties(queue)["SqsManagedSseEnabled"] is True


def test_get_images_is_the_only_route_and_requires_signatures_by_default() -> None:
    (route,) = of_type("AWS::ApiGatewayV2::Route").values()
    assert route["RouteKey"] == "GET /images"
    assert route["AuthorizationType"] == {"Ref": "ApiAuthorization"}
    assert default("ApiAuthorization") == "AWS_IAM"


def test_the_api_is_throttled_and_may_invoke_its_function_only_for_its_route() -> None:
    stage = properties("ApiStage")["DefaultRouteSettings"]
    assert stage["ThrottlingRateLimit"] == {"Ref": "ApiRateLimit"}
    assert stage["ThrottlingBurstLimit"] == {"Ref": "ApiBurstLimit"}
    permission = properties("ApiMayCallGetImages")
    assert permission["FunctionName"] == {"Fn::GetAtt": ["GetImages", "Arn"]}
    assert permission["SourceArn"]["Fn::Sub"].endswith(":${AWS::AccountId}:${Api}/*/GET/images")


def test_no_function_may_be_invoked_by_anyone_else() -> None:
    assert set(of_type("AWS::Lambda::Permission")) == {"OriginalsMayCallProcessor", "ApiMayCallGetImages"}
    assert not of_type("AWS::Lambda::Url")


def test_the_outputs_contain_everything_that_later_commands_need() -> None:
    state = outputs.StackState(
        "zeno",
        "CREATE_COMPLETE",
        "",
        {
            "CopiesCacheControl": "no-cache",
            "CopiesStorageClass": "STANDARD_IA",
            "CopiesTags": "true",
            "OriginalsStorageClass": "GLACIER_IR",
            "OriginalsTransitionDays": "0",
        },
        {key: f"value of {key}" for key in TEMPLATE["Outputs"]}
        | {"Limits": '{"max_bytes": 1}', "RecipeRules": '{"press/": "0123456789abcdef"}'},
    )
    found = outputs.deployment_of(state)
    assert all(vars(found).values()), "an empty value has no output"


def test_the_first_retry_of_the_backfill_lane_is_a_parameter_with_default_30_seconds() -> None:
    variables = properties("Processor")["Environment"]["Variables"]
    assert variables["BACKFILL_FIRST_RETRY"] == {"Ref": "BackfillFirstRetry"}
    assert default("BackfillFirstRetry") == 30
