"""Which command fixes a broken part of the pipeline, and which errors are about a part."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from zenoimg.operations.health.actions import ImageCounts, QueueStatus, Unreadable, actions_for, required_actions
from zenoimg.operations.health.parts import BrokenPart, Part, PartReader

AGAIN = "zenoimg deploy && zenoimg reprocess"


def gone(part: Part) -> BrokenPart:
    return BrokenPart(part, f"the-{part}", "does not exist")


def commands(*broken: BrokenPart, has_stack: bool = True, recreates_queues: bool = True) -> list[str]:
    actions = actions_for(broken, has_stack=has_stack, recreates_queues=recreates_queues)
    return [action.command for action in actions]


@pytest.mark.parametrize("part", ["records", "copies", "backfill", "large", "dead letters", "processor"])
def test_a_deleted_part_needs_a_new_deploy_and_a_reprocess(part: Part) -> None:
    assert commands(gone(part)) == [AGAIN]


def test_the_api_needs_no_reprocess() -> None:
    assert commands(gone("api")) == ["zenoimg deploy"]


def test_a_queue_that_an_update_does_not_recreate_needs_a_new_stack() -> None:
    assert commands(gone("backfill"), gone("records"), recreates_queues=False) == [f"zenoimg destroy && {AGAIN}", AGAIN]


def test_reprocess_is_not_suggested_while_the_originals_are_missing() -> None:
    """Reprocessing an image without an original deletes its copy and its record."""
    assert set(commands(gone("originals"), gone("records"), gone("backfill"))) == {"zenoimg deploy"}


def test_a_pipeline_without_a_stack_is_not_deployed() -> None:
    assert commands(gone("records"), gone("copies"), has_stack=False) == ["zenoimg config"] * 2


def test_a_missing_permission_leads_to_the_policy() -> None:
    denied = BrokenPart("records", "zeno-images", "access denied (Query)")
    assert commands(denied) == ["zenoimg template --policy operator"]
    assert str(denied) == "the table zeno-images: access denied (Query)"
    assert str(gone("records")) == "the table the-records does not exist"


def refusal(code: str, status: int = 400) -> ClientError:
    answer = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Query")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("ResourceNotFoundException", "does not exist"),
        ("NoSuchBucket", "does not exist"),
        ("AccessDeniedException", "access denied (Query)"),
        ("KMSDisabledException", "AWS refused Query: no (KMSDisabledException)"),
    ],
)
def test_an_error_is_attributed_to_its_part(code: str, problem: str) -> None:
    def refused() -> int:
        raise refusal(code)

    parts = PartReader()
    assert parts.read("records", "t", refused) is None
    assert parts.read("copies", "c", lambda: 1) == 1
    assert [part.problem for part in parts.broken] == [problem]


@pytest.mark.parametrize(("code", "status"), [("ExpiredToken", 400), ("Throttling", 400), ("InternalError", 500)])
def test_errors_that_are_not_about_a_part_are_raised(code: str, status: int) -> None:
    def refused() -> int:
        raise refusal(code, status)

    with pytest.raises(ClientError):
        PartReader().read("records", "t", refused)


@pytest.mark.parametrize(
    ("problems", "wanted"),
    [
        ([], ["zenoimg reprocess --failed"]),
        ([False, False], ["zenoimg reprocess --failed"]),
        ([True, False], ["zenoimg reprocess --failed", "zenoimg dead-letters list"]),
        ([True], ["zenoimg dead-letters list"]),
    ],
)
def test_for_unreadable_dead_letters_listing_them_is_suggested(problems: list[bool], wanted: list[str]) -> None:
    dead, images = QueueStatus(2, 0, None), ImageCounts(0, 0, 0)
    actions = required_actions(None, images, dead, None, None, Unreadable.of(problems))
    assert [action.command for action in actions] == wanted
