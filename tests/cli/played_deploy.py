"""A deploy whose course a test sets, in the place of the real one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from zenoimg.aws.session import Aws, Identity
from zenoimg.imaging import Limits, Recipe
from zenoimg.operations.deploy import run as operation
from zenoimg.operations.deploy.plan import Plan
from zenoimg.operations.deploy.rollback import Standing
from zenoimg.operations.deploy.smoke import Verdict
from zenoimg.stack.bundle.artifact import Artifact
from zenoimg.stack.change_set.change import Change, ChangeSet
from zenoimg.stack.change_set.history import StackEvent
from zenoimg.stack.names import StackNames
from zenoimg.stack.outputs import Deployment, StackState

CHANGES = (
    Change("Modify", "Processor", "imageProcessorLambda", "AWS::Lambda::Function", "False", ("Layers",)),
    Change("Modify", "RecipeLayer", "zeno-recipe:1", "AWS::Lambda::LayerVersion", "True", ("Content",)),
    Change("Modify", "ApiRoute", "r", "AWS::ApiGatewayV2::Route", "Conditional", ("Target",)),
    Change("Remove", "Backfill", "https://sqs/zeno-backfill", "AWS::SQS::Queue", "False", (), "Delete"),
)
STANDING = Standing("{}", {"RecipeFingerprint": "before", "ApiAuthorization": "AWS_IAM"}, {})


class Played:
    """A deploy whose course a test sets."""

    def __init__(self) -> None:
        self.plan = Plan(
            names=StackNames("zeno"),
            change_set=ChangeSet("zeno", "arn", "UPDATE", CHANGES),
            artifacts=(Artifact("functions", b"zip"),),
            recipe=Recipe(),
            limits=Limits(),
            parameters={"ApiAuthorization": "AWS_IAM"},
            standing=STANDING,
        )
        self.verdicts = [Verdict(True, seconds=1.2)]
        self.errors: dict[str, BaseException] = {}
        self.state: StackState | None = None
        self.done: list[str] = []

    def __call__(self, aws: Any, settings: Any, *, role_arn: str = "") -> Played:
        if role_arn:
            self.done.append(f"as {role_arn}")
        return self

    def busy(self) -> StackState | None:
        return self.state

    def settle(self, state: StackState) -> Iterator[StackEvent]:
        yield event("Api", "UPDATE_COMPLETE")

    def prepare(self) -> Plan:
        self._play("prepare")
        return self.plan

    def discard(self, plan: Plan) -> None:
        self._play("discard")

    def execute(self, plan: Plan) -> Iterator[StackEvent]:
        yield event("Processor", "UPDATE_COMPLETE")
        self._play("execute")

    def sweep(self) -> int:
        return 0

    def test(self, plan: Plan) -> Verdict:
        self._play("test")
        return self.verdicts.pop(0)

    def test_previous(self, standing: Standing) -> Verdict:
        assert standing is STANDING
        return self.verdicts.pop(0)

    def roll_back(self, standing: Standing) -> Iterator[StackEvent]:
        assert standing is STANDING
        yield event("Processor", "UPDATE_COMPLETE")
        self._play("roll back")

    def deployment(self) -> Deployment:
        return Deployment(
            "originals", "copies", "table", recipe_fingerprint="f", api_id="a", api_url="https://a/images"
        )

    def _play(self, what: str) -> None:
        self.done.append(what)
        if what in self.errors:
            raise self.errors[what]


def event(logical_id: str, status: str) -> StackEvent:
    return StackEvent(datetime(2025, 6, 12, tzinfo=UTC), logical_id, "AWS::Lambda::Function", status, "", False)


def play(monkeypatch: pytest.MonkeyPatch) -> Played:
    """Put a played deploy in the place of the real one, in an account that nobody has to be asked for."""
    made = Played()
    monkeypatch.setattr(operation, "Deploy", made)
    monkeypatch.setattr(Aws, "identity", Identity("123456789012", "eu-west-1", "aws"))
    return made
