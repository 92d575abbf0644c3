from __future__ import annotations

import json
import re

import pytest

from tests.unit.stack.rendered import ACME, ALL_NAMES, QUALIFIED, ZENO, of_type, properties, texts
from zenoimg.pipeline import settings as pipeline_settings
from zenoimg.stack.names import StackNames
from zenoimg.stack.template import MAX_INLINE_BYTES, render, to_text


@ALL_NAMES
def test_none_of_our_placeholders_is_left_and_cloudformation_substitutes_all_others(names: StackNames) -> None:
    template = render(names)
    _, own_variables = template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    known = {*template["Resources"], *template["Parameters"], *own_variables}
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
def test_all_names_are_literals_as_documented(names: StackNames, expected: dict[str, str]) -> None:
    template = render(names)
    for place, name in expected.items():
        logical_id, _, key = place.partition(".")
        assert properties(logical_id, template)[key] == name


def test_the_roles_have_only_their_named_policies() -> None:
    for role, policy in (
        ("ProcessorRole", "lambda-s3-dynamodb-policy"),
        ("GetImagesRole", "lambda-dynamodb-read-policy"),
    ):
        certain = [found for found in properties(role)["Policies"] if "Fn::If" not in found]
        assert [found["PolicyName"] for found in certain] == [policy]
        by_setting = [found["Fn::If"][1]["PolicyName"] for found in properties(role)["Policies"] if "Fn::If" in found]
        assert by_setting == (["lambda-kms-policy", "lambda-object-tags-policy"] if role == "ProcessorRole" else [])
        assert "ManagedPolicyArns" not in properties(role)
    assert set(of_type("AWS::IAM::Role")) == {"ProcessorRole", "GetImagesRole", "EventsRole"}


@ALL_NAMES
def test_the_functions_get_the_names_of_their_own_stack(names: StackNames) -> None:
    template = render(names)
    given = properties("Processor", template)["Environment"]["Variables"]
    found = pipeline_settings.from_environment({**given, "ACCOUNT_ID": "123456789012", "AWS_REGION": "eu-west-1"})
    assert (found.originals_bucket, found.processed_bucket) == names.buckets
    assert found.table == names.table
    assert properties("GetImages", template)["Environment"]["Variables"]["TABLE_NAME"] == names.table
    assert given["ACCOUNT_ID"] == {"Ref": "AWS::AccountId"}


@ALL_NAMES
def test_no_name_of_the_default_stack_appears_in_another(names: StackNames) -> None:
    foreign = {"zeno-original-images", "zeno-processed-images", "zeno-images", "zeno-backfill"}
    whole = {text for text, _ in texts(render(names))}
    assert not whole & (foreign - set(names.placeholders().values()))


@ALL_NAMES
def test_the_template_fits_into_a_request(names: StackNames) -> None:
    text = to_text(render(names, backfill_concurrency=1000))
    assert len(text.encode()) <= MAX_INLINE_BYTES == 51_200
    assert json.loads(text) == render(names, backfill_concurrency=1000)


def test_the_same_names_render_the_same_text() -> None:
    assert to_text(render(ZENO)) == to_text(render(StackNames("zeno")))
