"""Lambda's own runtime client runs the functions' deployed zips: what fails, and how that is reported and logged."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.bench import ORIGINALS
from tests.local.runtime.conftest import GET_IMAGES, PROCESSOR
from tests.local.runtime.environments import Deployed
from tests.local.runtime.test_events import api_event, s3_event

pytestmark = [pytest.mark.local, pytest.mark.thorough]

NOWHERE = "http://127.0.0.1:9"  # the discard port: nothing listens


@pytest.mark.parametrize("function", [PROCESSOR, GET_IMAGES])
def test_initialization_needs_neither_the_endpoint_nor_settings(deployed: Deployed, function: str) -> None:
    variables = deployed.configuration(function)["Environment"]["Variables"]
    changes: dict[str, Any] = dict.fromkeys(variables) | {"AWS_ENDPOINT_URL": NOWHERE, "STACK": "zeno"}
    with deployed.environment(function, changes=changes) as environment:
        environment.api.wait_for_poll()
        assert environment.process.poll() is None
        assert environment.log_lines() == []


def test_code_that_cannot_be_imported_is_an_initialization_error(deployed: Deployed) -> None:
    with deployed.environment(PROCESSOR, handler="lambda_handlers.gone.handler") as environment:
        error = environment.api.answer()
        assert (error.kind, error.body["errorType"]) == ("init-error", "Runtime.ImportModuleError")
        assert environment.process.wait(30) == 1
    advice, failure = environment.log_lines()
    assert (advice.level, advice.message) == ("WARNING", "Unhandled exception.")
    assert (failure.level, failure.message.partition(":")[0]) == ("ERROR", "Runtime.ImportModuleError")


def test_the_code_of_the_zip_is_run(deployed: Deployed) -> None:
    with deployed.environment(PROCESSOR, handler="zenoimg.cli.app.main") as environment:
        assert "No module named 'zenoimg.cli'" in environment.api.answer().body["errorMessage"]


def test_without_its_layers_the_initialization_error_names_the_missing_module(deployed: Deployed) -> None:
    with deployed.environment(PROCESSOR, layers=False, changes={"PYTHONNOUSERSITE": "1"}) as environment:
        error = environment.error(s3_event("a.jpg"))
        assert error == "ModuleNotFoundError: No module named 'zenoimg_recipe'"


@pytest.mark.parametrize(
    ("function", "variable", "event", "error"),
    [
        (PROCESSOR, "TABLE_NAME", s3_event("a.jpg"), "SettingsError: the environment variable TABLE_NAME is not set"),
        (PROCESSOR, "ORIGINALS_BUCKET", s3_event("a.jpg"), "SettingsError: the environment variable ORIGINALS_BUCKET"),
        (GET_IMAGES, "TABLE_NAME", api_event(), "KeyError: 'TABLE_NAME'"),
    ],
)
def test_a_missing_setting_fails_each_invocation_and_is_reported(
    deployed: Deployed, function: str, variable: str, event: Any, error: str
) -> None:
    with deployed.environment(function, changes={variable: None}) as environment:
        for _ in range(2):
            assert environment.error(event).startswith(error)
        assert environment.process.poll() is None
    assert error.partition(":")[0] in {line.message.partition(":")[0] for line in environment.log_lines()}


@pytest.mark.parametrize(("function", "event"), [(PROCESSOR, s3_event("a.jpg")), (GET_IMAGES, api_event())])
def test_an_unreachable_endpoint_is_an_error_before_the_timeout(deployed: Deployed, function: str, event: Any) -> None:
    with deployed.environment(function, changes={"AWS_ENDPOINT_URL": NOWHERE}) as environment:
        assert environment.error(event, seconds=7).startswith("EndpointConnectionError: ")
        assert environment.process.poll() is None
    (failure,) = (line for line in environment.log_lines() if line.kind == "text" and line.level == "ERROR")
    assert "EndpointConnectionError" in failure.message
    assert "get_object" in failure.traceback or "scan" in failure.traceback


def test_a_missing_table_is_an_error_only_of_the_invocation(deployed: Deployed) -> None:
    deployed.bench.client("s3").put_object(Bucket=ORIGINALS, Key="a.jpg", Body=b"no picture")
    with deployed.environment(PROCESSOR, changes={"TABLE_NAME": "gone"}) as environment:
        assert environment.error(s3_event("a.jpg")).startswith("ResourceNotFoundException: ")
        assert environment.response({"Event": "s3:TestEvent"}) is None
