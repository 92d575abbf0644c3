"""Least privilege, proved: without each single permission of its role, a function fails and names it.

The functions are invoked directly and their bucket notifies nobody, so that no retry of an earlier test interferes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.drawn.pictures import jpeg, photo
from tests.local.bench import Bench
from tests.local.role_needs import ENFORCED, SPARE
from tests.unit.stack.policy_files import OPTIONAL, ROLES, document
from zenoimg.local import ACCOUNT, REGION, EmbeddedAws
from zenoimg.stack.names import StackNames

pytestmark = [pytest.mark.local, pytest.mark.thorough]

NAMES = StackNames("priv")
ROLE_OF = {**dict(zip(ROLES, NAMES.roles[: len(ROLES)], strict=True)), **dict.fromkeys(OPTIONAL, NAMES.roles[0])}
KEY = "photo.jpg"


@dataclass(frozen=True)
class Functions:
    """The two functions of a separate stack, invoked one at a time."""

    bench: Bench

    def call(self, function: str, event: dict[str, Any]) -> str:
        """Return the function's error; empty if it succeeded."""
        answer = self.bench.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
        payload = json.loads(answer["Payload"].read())
        return f"{payload['errorType']}: {payload['errorMessage']}" if "FunctionError" in answer else ""

    def look_at(self, event_name: str) -> str:
        s3 = {"bucket": {"name": NAMES.originals_bucket}, "object": {"key": KEY}}
        record = {"eventSource": "aws:s3", "eventName": event_name, "s3": s3}
        return self.call(NAMES.processor_function, {"Records": [record]})

    def api(self, query: str) -> str:
        return self.call(NAMES.get_images_function, {"rawQueryString": query})

    def journey(self) -> list[str]:
        """Upload, list and delete a photo; return the functions' errors, in order."""
        s3 = self.bench.client("s3")
        s3.put_object(Bucket=NAMES.originals_bucket, Key=KEY, Body=jpeg(photo((64, 48))), Tagging="client=acme")
        complaints = [self.look_at("ObjectCreated:Put"), *map(self.api, ("", f"id={KEY}"))]
        if not any(complaints):
            copy = {"Bucket": NAMES.processed_bucket, "Key": f"processed/{KEY}"}
            assert s3.get_object_tagging(**copy)["TagSet"] == [{"Key": "client", "Value": "acme"}]
        s3.delete_object(Bucket=NAMES.originals_bucket, Key=KEY)
        return [text for text in [*complaints, self.look_at("ObjectRemoved:DeleteMarkerCreated")] if text]

    def give(self, file_name: str, document: dict[str, Any]) -> None:
        """Replace the policy that the template gave to the role."""
        self.bench.client("iam").put_role_policy(
            RoleName=ROLE_OF[file_name],
            PolicyName=file_name.removesuffix(".json"),
            PolicyDocument=json.dumps(document),
        )


def whole(file_name: str) -> dict[str, Any]:
    """Return the policy of the stack on the embedded AWS."""
    text = document(file_name, NAMES).replace("123456789012", ACCOUNT).replace("eu-west-1", REGION)
    found: dict[str, Any] = json.loads(text)
    return found


def without(file_name: str, right: str) -> dict[str, Any]:
    """Return the policy without one action of one statement."""
    sid, _, action = right.partition("/")
    policy = whole(file_name)
    (statement,) = [found for found in policy["Statement"] if found["Sid"] == sid]
    named = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
    statement["Action"] = [name for name in named if name != action]
    assert len(statement["Action"]) == len(named) - 1
    if not statement["Action"]:
        policy["Statement"].remove(statement)
    return policy


@pytest.fixture(scope="module")
def functions(embedded: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> Functions:
    bench = Bench(embedded, tmp_path_factory.mktemp("privilege"))
    (bench.folder / "zenoimg.toml").write_text("[copies]\ntags = true\n")
    bench.zenoimg("--stack", NAMES.stack, "deploy")
    bench.client("s3").put_bucket_notification_configuration(
        Bucket=NAMES.originals_bucket, NotificationConfiguration={}
    )
    return Functions(bench)


@pytest.fixture
def _restored(functions: Functions) -> Iterator[None]:
    yield
    for file_name in ROLE_OF:
        functions.give(file_name, whole(file_name))


def test_with_their_policies_the_functions_do_all_their_work(functions: Functions) -> None:
    for file_name in ROLE_OF:
        functions.give(file_name, whole(file_name))
    assert functions.journey() == []


@pytest.mark.usefixtures("_restored")
@pytest.mark.parametrize(("file_name", "right"), ENFORCED, ids=[right for _, right in ENFORCED])
def test_without_one_permission_the_pipeline_breaks(functions: Functions, file_name: str, right: str) -> None:
    functions.give(file_name, without(file_name, right))
    complaints = functions.journey()
    assert complaints, f"{right} is spare"
    denied = any(word in complaints[0] for word in ("AccessDenied", "Forbidden", "403"))
    assert denied, complaints


@pytest.mark.usefixtures("_restored")
@pytest.mark.parametrize("right", SPARE)
def test_a_permission_listed_as_spare_here_is_spare_here(functions: Functions, right: str) -> None:
    functions.give(ROLES[0], without(ROLES[0], right))
    assert functions.journey() == []
