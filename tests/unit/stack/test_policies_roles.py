"""Each permission of the two roles has a reason; where the embedded AWS cannot prove it, the template does."""

from __future__ import annotations

import inspect

import pytest

from lambda_handlers import processor
from tests.api_calls import rights_of
from tests.local.role_needs import ENFORCED, HELD_BY_TEMPLATE, SPARE, rights
from tests.unit.stack.policy_files import OPTIONAL, ROLES
from tests.unit.stack.rendered import ACME, granted, properties
from zenoimg.stack.template import render

TEMPLATE = render(ACME)


def test_every_permission_is_proved_or_follows_from_the_template_or_is_listed_as_spare() -> None:
    granted_rights = [right for file_name in (*ROLES, *OPTIONAL) for right in rights(file_name)]
    explained = {*(right for _, right in ENFORCED), *HELD_BY_TEMPLATE, *SPARE}
    assert set(granted_rights) == explained, "a reason for a permission that no longer exists"
    assert not set(HELD_BY_TEMPLATE) & set(SPARE)


def test_permissions_on_objects_and_records_are_proved_by_tests() -> None:
    told = [right for right in HELD_BY_TEMPLATE if "/s3:" in right or "/dynamodb:" in right]
    assert told == ["TagCopies/s3:PutObjectTagging"]
    tagged = rights_of("s3", "PutObject", {"Bucket": "copies", "Key": "processed/a.jpg", "Tagging": "client=acme"})
    assert {right.action for right in tagged} == {"s3:PutObject", "s3:PutObjectTagging"}
    assert list(SPARE) == ["ReportMissingKeysAs404/s3:ListBucket"], "each additional one needs a source"


def queue_of(logical_id: str) -> str:
    return f"arn:aws:sqs:eu-west-1:123456789012:{properties(logical_id, TEMPLATE)['QueueName']}"


@pytest.mark.parametrize("action", ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"])
def test_lambda_polls_the_queues_with_the_processors_role(action: str) -> None:
    for queue in ("Backfill", "Large"):
        assert properties(f"{queue}Mapping", TEMPLATE)["EventSourceArn"] == {"Fn::GetAtt": [queue, "Arn"]}
    assert granted("ProcessorRole", TEMPLATE)[action] == {queue_of("Backfill"), queue_of("Large")}


def test_the_processor_changes_the_visibility_timeout_in_its_configured_queue() -> None:
    for function, queue in (("Processor", "Backfill"), ("ProcessorLarge", "Large")):
        variables = properties(function, TEMPLATE)["Environment"]["Variables"]
        assert variables["BACKFILL_QUEUE_URL"] == {"Ref": queue}
    allowed = granted("ProcessorRole", TEMPLATE)["sqs:ChangeMessageVisibility"]
    assert allowed == {queue_of("Backfill"), queue_of("Large")}
    assert "change_message_visibility(" in inspect.getsource(processor)


def test_lambda_writes_to_the_dead_letters_with_the_processors_role() -> None:
    destination = properties("ProcessorAsync", TEMPLATE)["DestinationConfig"]["OnFailure"]["Destination"]
    assert destination == {"Fn::GetAtt": ["DeadLetters", "Arn"]}
    assert queue_of("DeadLetters") in granted("ProcessorRole", TEMPLATE)["sqs:SendMessage"]


def test_only_the_processor_hands_over_to_the_queue_of_the_large_function() -> None:
    variables = properties("Processor", TEMPLATE)["Environment"]["Variables"]
    assert variables["LARGE_QUEUE_URL"] == {"Fn::If": ["HasLarge", {"Ref": "Large"}, ""]}
    assert properties("ProcessorLarge", TEMPLATE)["Environment"]["Variables"]["LARGE_QUEUE_URL"] == ""
    sends_to = {queue_of("DeadLetters"), queue_of("Large")}
    assert granted("ProcessorRole", TEMPLATE)["sqs:SendMessage"] == sends_to
    assert "send_message(" in inspect.getsource(processor)


@pytest.mark.parametrize("function", ["Processor", "ProcessorLarge", "GetImages"])
@pytest.mark.parametrize("action", ["logs:CreateLogStream", "logs:PutLogEvents"])
def test_lambda_writes_a_functions_log_with_its_role(function: str, action: str) -> None:
    group = properties(f"{function}Log", TEMPLATE)["LogGroupName"]
    assert properties(function, TEMPLATE)["LoggingConfig"] == {"LogGroup": {"Ref": f"{function}Log"}}
    log = f"arn:aws:logs:eu-west-1:123456789012:log-group:{group}:*"
    role = properties(function, TEMPLATE)["Role"]["Fn::GetAtt"][0]
    assert log in granted(role, TEMPLATE)[action]
