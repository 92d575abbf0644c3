"""Template parameters that depend on other settings or on where a deploy runs."""

from __future__ import annotations

import pytest

from zenoimg.aws.platform import AWS, EMBEDDED
from zenoimg.config.load import Settings
from zenoimg.errors import ConfigurationError
from zenoimg.operations.configured import validate
from zenoimg.operations.deploy.planning import parameters_of

OPEN = {"ApiAuthorization": "NONE"}


def test_an_open_api_has_low_limits_unless_configured() -> None:
    def bounds(given: dict[str, str]) -> tuple[str | None, str | None]:
        found = parameters_of(Settings(parameters=given), AWS)
        return found.get("ApiRateLimit"), found.get("ApiBurstLimit")

    assert bounds(OPEN) == ("2", "4")
    assert bounds({**OPEN, "ApiRateLimit": "50"}) == ("50", "4")
    assert bounds({"ApiAuthorization": "AWS_IAM"}) == (None, None)


def test_a_limit_of_the_live_lane_leaves_concurrency_for_the_backfill() -> None:
    def bounded(most: int) -> str | None:
        settings = Settings(parameters={"ProcessorMaxConcurrency": str(most)}, backfill_concurrency=5)
        return parameters_of(settings, AWS).get("ProcessorMaxConcurrency")

    assert (bounded(0), bounded(6)) == ("0", "6")
    with pytest.raises(ConfigurationError, match=r"max_concurrency is 5 and backfill\.concurrency 5"):
        bounded(5)


def test_no_concurrency_is_reserved_on_the_embedded_aws_where_throttled_events_are_lost() -> None:
    settings = Settings(parameters={"ProcessorMaxConcurrency": "50"})
    assert "ProcessorMaxConcurrency" not in parameters_of(settings, EMBEDDED)


def test_transitions_to_infrequent_access_earlier_than_s3_allows_are_rejected() -> None:
    def days(storage_class: str, given: str) -> str | None:
        settings = Settings(parameters={"OriginalsStorageClass": storage_class, "OriginalsTransitionDays": given})
        return parameters_of(settings, AWS).get("OriginalsTransitionDays")

    assert (days("STANDARD_IA", "0"), days("STANDARD_IA", "30"), days("GLACIER_IR", "1")) == ("0", "30", "1")
    with pytest.raises(ConfigurationError, match="transition_days is 29; S3 moves objects to STANDARD_IA after 30"):
        days("STANDARD_IA", "29")


def test_config_check_finds_settings_that_contradict_each_other() -> None:
    with pytest.raises(ConfigurationError, match="max_concurrency is 3"):
        validate(Settings(parameters={"ProcessorMaxConcurrency": "3"}))
    with pytest.raises(ConfigurationError, match="transition_days is 1"):
        validate(Settings(parameters={"OriginalsStorageClass": "STANDARD_IA", "OriginalsTransitionDays": "1"}))
