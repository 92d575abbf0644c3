from __future__ import annotations

import re

import pytest

from zenoimg.stack.names import StackNames, is_stack_name

ACCOUNT, REGION = "123456789012", "eu-west-1"


def test_the_default_stack_has_the_documented_names() -> None:
    assert StackNames("zeno").placeholders() == {
        "Stack": "zeno",
        "OriginalsBucket": "zeno-original-images",
        "ProcessedBucket": "zeno-processed-images",
        "Table": "zeno-images",
        "ProcessorFunction": "imageProcessorLambda",
        "ProcessorLargeFunction": "imageProcessorLargeLambda",
        "GetImagesFunction": "getImagesLambda",
        "ProcessorRole": "role-image-processor",
        "GetImagesRole": "role-get-images",
        "EventsRole": "role-image-events",
        "EventsPipe": "zeno-image-events",
        "RemovalsPipe": "zeno-image-removals",
        "BackfillQueue": "zeno-backfill",
        "LargeQueue": "zeno-large",
        "DeadLetterQueue": "zeno-dead-letters",
    }


def test_all_names_of_another_stack_contain_its_name() -> None:
    assert StackNames("acme").placeholders() == {
        "Stack": "acme",
        "OriginalsBucket": "acme-original-images",
        "ProcessedBucket": "acme-processed-images",
        "Table": "acme-images",
        "ProcessorFunction": "acme-imageProcessorLambda",
        "ProcessorLargeFunction": "acme-imageProcessorLargeLambda",
        "GetImagesFunction": "acme-getImagesLambda",
        "ProcessorRole": "acme-role-image-processor",
        "GetImagesRole": "acme-role-get-images",
        "EventsRole": "acme-role-image-events",
        "EventsPipe": "acme-image-events",
        "RemovalsPipe": "acme-image-removals",
        "BackfillQueue": "acme-backfill",
        "LargeQueue": "acme-large",
        "DeadLetterQueue": "acme-dead-letters",
    }


@pytest.mark.parametrize("stack", ["zeno", "acme"])
def test_taken_names_qualify_only_the_global_and_account_wide_ones(stack: str) -> None:
    seed, names = StackNames(stack), StackNames(stack).qualified(ACCOUNT, REGION)
    assert names.buckets == tuple(f"{bucket}-{ACCOUNT}-{REGION}" for bucket in seed.buckets)
    assert names.roles == tuple(f"{role}-{REGION}" for role in seed.roles)
    for regional in ("table", "functions", "queues"):
        assert getattr(names, regional) == getattr(seed, regional)


def test_two_stacks_share_no_name() -> None:
    mine, theirs = StackNames("zeno"), StackNames("acme")
    assert not set(mine.placeholders().values()) & set(theirs.placeholders().values())


@pytest.mark.parametrize("text", ["a", "zeno", "acme-2", "a123456789012345"])
def test_a_stack_name_starts_with_a_letter_and_has_at_most_sixteen_characters(text: str) -> None:
    assert is_stack_name(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Zeno",
        "2zeno",
        "-zeno",
        "ze_no",
        "zeno.",
        "zeno ",
        "zeno\n",
        "zenö",
        "a1234567890123456",
        "../zeno",
        "ze/no",
    ],
)
def test_names_that_services_would_reject_are_not_stack_names(text: str) -> None:
    assert not is_stack_name(text)


def test_the_longest_names_still_fit_their_services() -> None:
    # ap-southeast-1 is among the longest names of regions.
    names = StackNames("a" * 16).qualified(ACCOUNT, "ap-southeast-1")
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", bucket) for bucket in names.buckets)
    assert all(len(role) <= 64 for role in names.roles)
    assert len(names.processor_large_function) <= 64
    assert len(names.get_images_function) <= 64
    assert len(names.dead_letter_queue) <= 80
