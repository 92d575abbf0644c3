"""After an import, a drift-aware change set corrects settings (stubbed, since the embedded AWS has none).Each request
is checked against botocore's model.
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.session import get_session
from botocore.validate import ParamValidator

from tests.unit.stack.test_change_set import FakeCloudFormation, sets

SHAPE: Any = get_session().get_service_model("cloudformation").operation_model("CreateChangeSet").input_shape


def create(fake: FakeCloudFormation) -> list[dict[str, Any]]:
    sets(fake).create("zeno", {"TemplateBody": "{}"}, {"A": "1"}, {"T": "2"}, reverts_drift=True)
    return fake.called("create_change_set")


def check(request: dict[str, Any]) -> None:
    report = ParamValidator().validate(request, SHAPE)
    assert not report.has_errors(), report.generate_report()


def test_a_change_set_that_reverts_drift_imports_nothing() -> None:
    (asked,) = create(FakeCloudFormation(["CREATE_COMPLETE"]))
    check(asked)
    assert asked["DeploymentMode"] in SHAPE.members["DeploymentMode"].enum
    assert asked["DeploymentMode"] == "REVERT_DRIFT"
    assert "ImportExistingResources" not in asked


def test_where_cloudformation_does_not_support_the_mode_the_generation_tag_is_used() -> None:
    """As an older endpoint might answer; its exact wording is unknown, but it must name the parameter."""

    class Older(FakeCloudFormation):
        def create_change_set(self, **asked: Any) -> dict[str, str]:
            self.calls.append(("create_change_set", asked))
            if "DeploymentMode" in asked:
                raise ClientError(
                    {"Error": {"Code": "ValidationError", "Message": "Unknown parameter: DeploymentMode"}},
                    "CreateChangeSet",
                )
            return {"Id": "arn:change-set"}

    first, second = create(Older(["CREATE_COMPLETE"]))
    check(second)
    assert first["ClientToken"] == second["ClientToken"], "the first created nothing"
    assert "DeploymentMode" not in second
    assert second["ImportExistingResources"] is True


def test_other_validation_errors_are_not_mistaken_for_an_unsupported_mode() -> None:
    class Refusing(FakeCloudFormation):
        def create_change_set(self, **asked: Any) -> dict[str, str]:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "CreateChangeSet")

    with pytest.raises(ClientError, match="no"):
        create(Refusing(["CREATE_COMPLETE"]))
