"""What the responses of AWS services mean."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import botocore.exceptions as boto
import pytest
from botocore.loaders import create_loader

from zenoimg.pipeline.calls import service


def answered(code: str, status: int = 400, message: str = "") -> boto.ClientError:
    answer: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return boto.ClientError(answer, "AnyOperation")


@pytest.mark.parametrize(
    "code",
    [
        "404",
        "NoSuchKey",
        "NoSuchVersion",
        "ResourceNotFoundException",
        "NoSuchEntity",
        "QueueDoesNotExist",
        "AWS.SimpleQueueService.NonExistentQueue",
    ],
)
def test_not_found_errors_of_every_service_are_missing(code: str) -> None:
    assert service.is_missing(answered(code, 404))


@pytest.mark.parametrize("code", ["403", "AccessDenied", "AccessDeniedException", "UnauthorizedOperation"])
def test_a_missing_permission_is_denied_and_never_missing(code: str) -> None:
    error = answered(code, 403)
    assert service.is_denied(error)
    assert not service.is_missing(error)
    assert not service.is_transient(error)


def test_a_missing_bucket_is_not_mistaken_for_a_deleted_key() -> None:
    assert not service.is_missing(answered("NoSuchBucket", 404))
    assert service.is_missing_bucket(answered("NoSuchBucket", 404))
    assert service.is_missing_bucket(answered("404", 404)), "HEAD has no body with details"


def test_a_missing_stack_is_distinguished_from_other_validation_errors() -> None:
    assert service.is_missing_stack(answered("ValidationError", message="Stack with id zeno does not exist"))
    assert not service.is_missing_stack(answered("ValidationError", message="No updates are to be performed."))


@pytest.mark.parametrize(
    "code",
    [
        "SlowDown",
        "ThrottlingException",
        "ProvisionedThroughputExceededException",
        "KmsThrottled",
        "KMS.ThrottlingException",
    ],
)
def test_throttling_is_temporary(code: str) -> None:
    assert service.is_throttled(answered(code))
    assert service.is_transient(answered(code))
    assert service.is_transient_code(code)


@pytest.mark.parametrize(
    "error",
    [
        answered("InternalError", 500),
        answered("ServiceUnavailable", 503),
        boto.EndpointConnectionError(endpoint_url="http://127.0.0.1"),
        boto.ReadTimeoutError(endpoint_url="http://127.0.0.1"),
    ],
)
def test_service_and_network_failures_are_temporary(error: Exception) -> None:
    assert service.is_transient(error)


@pytest.mark.parametrize("error", [answered("InvalidRequest"), boto.NoCredentialsError(), ValueError("no")])
def test_everything_else_is_permanent(error: Exception) -> None:
    assert not service.is_transient(error)


def test_every_partition_of_botocore_is_aws() -> None:
    partitions = create_loader().load_data("partitions")["partitions"]
    suffixes = {p["outputs"][name] for p in partitions for name in ("dnsSuffix", "dualStackDnsSuffix")}
    assert suffixes == set(service.AWS_DOMAINS)
    for suffix in suffixes:
        assert service.is_aws(f"https://s3.some-region-1.{suffix}")


def test_every_region_of_botocore_has_the_domain_of_its_partition() -> None:
    for partition in create_loader().load_data("partitions")["partitions"]:
        regions = [name for name in partition["regions"] if not name.endswith("-global")]
        assert regions
        assert {service.aws_domain(region) for region in regions} == {partition["outputs"]["dnsSuffix"]}


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:4747", "https://s3.example.com", "https://amazonaws.com.example", "https://notapi.aws"]
)
def test_a_server_that_resembles_aws_is_not_aws(url: str) -> None:
    assert not service.is_aws(url)


def test_the_owner_is_passed_if_there_is_one() -> None:
    assert service.expected_owner("123456789012") == {"ExpectedBucketOwner": "123456789012"}
    assert service.expected_owner(None) == {}


def test_the_servers_clock_is_read_from_its_answer() -> None:
    answer = {"ResponseMetadata": {"HTTPHeaders": {"date": "Thu, 12 Jun 2025 15:25:14 GMT"}}}
    assert service.server_time(answer) == datetime(2025, 6, 12, 15, 25, 14, tzinfo=UTC)
    assert service.server_time({}) is None
    assert service.server_time({"ResponseMetadata": {"HTTPHeaders": {"date": "soon"}}}) is None
