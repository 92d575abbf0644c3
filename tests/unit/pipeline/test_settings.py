from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zenoimg.pipeline.settings import PipelineSettings, SettingsError, copies_url, from_environment

ENVIRONMENT = {
    "ORIGINALS_BUCKET": "zeno-original-images",
    "PROCESSED_BUCKET": "zeno-processed-images",
    "TABLE_NAME": "zeno-images",
    "ACCOUNT_ID": "123456789012",
    "AWS_REGION": "eu-west-1",
}
COPIES = "https://zeno-processed-images.s3.eu-west-1.amazonaws.com"


def settings(url: str = COPIES) -> PipelineSettings:
    return PipelineSettings("zeno-original-images", "zeno-processed-images", "zeno-images", url)


def test_a_function_reads_its_settings_from_its_environment() -> None:
    assert from_environment(ENVIRONMENT) == PipelineSettings(
        originals_bucket="zeno-original-images",
        processed_bucket="zeno-processed-images",
        table="zeno-images",
        copies_url=COPIES,
        account_id="123456789012",
    )


@pytest.mark.parametrize(("variable", "storage_class"), [("", None), ("STANDARD", None), ("GLACIER_IR", "GLACIER_IR")])
def test_the_default_storage_class_is_not_requested(variable: str, storage_class: str | None) -> None:
    found = from_environment({**ENVIRONMENT, "COPIES_STORAGE_CLASS": variable})
    assert found.copies_storage_class == storage_class


@pytest.mark.parametrize("missing", ["ORIGINALS_BUCKET", "PROCESSED_BUCKET", "TABLE_NAME", "AWS_REGION"])
@pytest.mark.parametrize("empty", [True, False])
def test_a_missing_variable_is_reported_by_name(missing: str, empty: bool) -> None:
    env = {**ENVIRONMENT, missing: ""} if empty else {k: v for k, v in ENVIRONMENT.items() if k != missing}
    with pytest.raises(SettingsError, match=missing):
        from_environment(env)


@pytest.mark.parametrize("account", ["12345", "1234567890123", "12345678901a", " 23456789012"])
def test_an_invalid_account_is_rejected(account: str) -> None:
    with pytest.raises(SettingsError, match="ACCOUNT_ID"):
        from_environment({**ENVIRONMENT, "ACCOUNT_ID": account})


def test_without_an_account_the_owner_is_not_checked() -> None:
    assert from_environment({**ENVIRONMENT, "ACCOUNT_ID": ""}).account_id is None


def test_the_same_bucket_for_originals_and_copies_is_rejected() -> None:
    with pytest.raises(SettingsError, match="zeno-original-images"):
        from_environment({**ENVIRONMENT, "PROCESSED_BUCKET": "zeno-original-images"})


def test_an_endpoint_of_s3_overrides_the_general_one() -> None:
    env = {**ENVIRONMENT, "AWS_ENDPOINT_URL": "http://127.0.0.1:4747"}
    assert from_environment(env).copies_url == "http://127.0.0.1:4747/zeno-processed-images"
    env["AWS_ENDPOINT_URL_S3"] = "http://127.0.0.1:9000/"
    assert from_environment(env).copies_url == "http://127.0.0.1:9000/zeno-processed-images"


@pytest.mark.parametrize(
    ("region", "endpoint", "url"),
    [
        ("eu-west-1", None, "https://copies.s3.eu-west-1.amazonaws.com"),
        ("us-east-1", "", "https://copies.s3.us-east-1.amazonaws.com"),
        ("us-gov-west-1", None, "https://copies.s3.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", None, "https://copies.s3.cn-north-1.amazonaws.com.cn"),
        ("eu-west-1", "http://127.0.0.1:4747", "http://127.0.0.1:4747/copies"),
        ("eu-west-1", "https://s3.example/base/", "https://s3.example/base/copies"),
    ],
)
def test_urls_of_copies_are_virtual_hosted_on_aws_and_path_style_elsewhere(
    region: str, endpoint: str | None, url: str
) -> None:
    assert copies_url("copies", region, endpoint) == url


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("cat.jpg", "/processed/cat.jpg"),
        ("2025/06/cat.jpg", "/processed/2025/06/cat.jpg"),
        ("a cat.jpg", "/processed/a%20cat.jpg"),
        ("1+1.jpg", "/processed/1%2B1.jpg"),
        ("what?.jpg#top", "/processed/what%3F.jpg%23top"),
        ("100%.jpg", "/processed/100%25.jpg"),
        ("münchen.jpg", "/processed/m%C3%BCnchen.jpg"),
        ("🐈~.jpg", "/processed/%F0%9F%90%88~.jpg"),
    ],
)
def test_the_url_of_a_copy_is_percent_encoded(key: str, path: str) -> None:
    assert settings().copy_url(key) == COPIES + path


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_the_url_of_a_copy_decodes_to_its_key_whatever_the_characters(key: str) -> None:
    url = settings().copy_url(key)
    assert url.isascii()
    assert unquote(urlsplit(url).path) == "/processed/" + key
