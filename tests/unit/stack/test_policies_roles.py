"""Each right of the two roles has its reason; what the embedded AWS cannot prove, the template shows the need of."""

from __future__ import annotations

import inspect

import pytest

from lambda_handlers import processor
from tests.local.role_needs import ENFORCED, HELD_BY_TEMPLATE, SPARE, rights
from tests.unit.stack.policy_files import ROLES
from tests.unit.stack.rendered import ACME, granted, properties
from zenoimg.stack.template import render

TEMPLATE = render(ACME)


def test_every_right_is_proved_or_held_by_the_template_or_listed_as_spare() -> None:
    granted_rights = [right for file_name in ROLES for right in rights(file_name)]
    explained = {*(right for _, right in ENFORCED), *HELD_BY_TEMPLATE, *SPARE}
    assert set(granted_rights) == explained, "a reason for a right that is not there any more"
    assert not set(HELD_BY_TEMPLATE) & set(SPARE)


def test_rights_on_objects_and_records_are_proved_and_not_only_told() -> None:
    told = [right for right in HELD_BY_TEMPLATE if "/s3:" in right or "/dynamodb:" in right]
    assert told == []
    assert list(SPARE) == ["MissingKeysAnswer404Not403/s3:ListBucket"], "each further one needs its source"


def queue_of(logical_id: str) -> str:
    return f"arn:aws:sqs:eu-west-1:123456789012:{properties(logical_id, TEMPLATE)['QueueName']}"


@pytest.mark.parametrize("action", ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"])
def test_lambda_polls_the_backfill_queue_with_the_processors_role(action: str) -> None:
    mapping = properties("BackfillMapping", TEMPLATE)
    assert mapping["EventSourceArn"] == {"Fn::GetAtt": ["Backfill", "Arn"]}
    assert granted("ProcessorRole", TEMPLATE)[action] == {queue_of("Backfill")}


def test_the_processor_shortens_the_wait_of_messages_of_the_queue_that_it_is_told() -> None:
    assert properties("Processor", TEMPLATE)["Environment"]["Variables"]["BACKFILL_QUEUE_URL"] == {"Ref": "Backfill"}
    assert granted("ProcessorRole", TEMPLATE)["sqs:ChangeMessageVisibility"] == {queue_of("Backfill")}
    assert "change_message_visibility(" in inspect.getsource(processor)


def test_lambda_writes_to_the_dead_letters_with_the_processors_role() -> None:
    destination = properties("ProcessorAsync", TEMPLATE)["DestinationConfig"]["OnFailure"]["Destination"]
    assert destination == {"Fn::GetAtt": ["DeadLetters", "Arn"]}
    assert granted("ProcessorRole", TEMPLATE)["sqs:SendMessage"] == {queue_of("DeadLetters")}


@pytest.mark.parametrize("function", ["Processor", "GetImages"])
@pytest.mark.parametrize("action", ["logs:CreateLogStream", "logs:PutLogEvents"])
def test_lambda_writes_a_functions_log_with_its_role(function: str, action: str) -> None:
    group = properties(f"{function}Log", TEMPLATE)["LogGroupName"]
    assert properties(function, TEMPLATE)["LoggingConfig"] == {"LogGroup": {"Ref": f"{function}Log"}}
    log = f"arn:aws:logs:eu-west-1:123456789012:log-group:{group}:*"
    assert granted(f"{function}Role", TEMPLATE)[action] == {log}
