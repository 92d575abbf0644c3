"""The files of ``policies/``, rendered for one stack, account and region."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import cfnlint  # type: ignore[import-untyped]

from tests.unit.stack.rendered import as_list, resolved
from zenoimg.stack.bundle import sources
from zenoimg.stack.names import StackNames
from zenoimg.stack.template import policy

FILES = sorted(path.name for path in sources.directory("policies").glob("*.json"))
ROLES = ("lambda-s3-dynamodb-policy.json", "lambda-dynamodb-read-policy.json")
#: What the processor's role has in addition if a setting needs it.
OPTIONAL = ("lambda-object-tags-policy.json",)
#: The policy of the pipes' role, if events are sent.
EVENTS = "pipes-events-policy.json"
OPERATOR = "operator-policy.json"
TRUSTS = ("lambda-trust-policy.json", "pipes-trust-policy.json")
#: Those who deploy have both.
DEPLOYER = ("deployer-policy.json", "deployer-functions-policy.json")
IDENTITY_POLICIES = (*ROLES, *OPTIONAL, EVENTS, OPERATOR, *DEPLOYER)

ACME = StackNames("acme")


def statements(file_name: str, names: StackNames = ACME) -> list[dict[str, Any]]:
    """Return the statements as in the template."""
    found: list[dict[str, Any]] = policy(file_name, names.placeholders())["Statement"]
    return found


def all_statements(file_names: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the statements of several policies."""
    return [statement for file_name in file_names for statement in statements(file_name)]


def grants(*file_names: str) -> set[str]:
    """Return every action that policies name."""
    return {action for statement in all_statements(file_names) for action in as_list(statement["Action"])}


def document(file_name: str, names: StackNames = ACME) -> str:
    """Return the policy document as sent to IAM, for one account and region."""
    return json.dumps(_resolved({"Version": "2012-10-17", "Statement": statements(file_name, names)}))


def _resolved(value: Any) -> Any:
    if isinstance(value, dict):
        return resolved(value) if set(value) == {"Fn::Sub"} else {key: _resolved(item) for key, item in value.items()}
    return [_resolved(item) for item in value] if isinstance(value, list) else value


@cache
def handler_permissions(resource_type: str) -> dict[str, frozenset[str]]:
    """Return the actions that CloudFormation takes for each handler (create, read, update, delete, list).

    From the resource type's own schema, which cfn-lint brings along (``handlers`` in
    https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html).
    """
    schemas = Path(cfnlint.__file__).parent / "data" / "schemas"
    of_region = json.loads((schemas / "providers" / "eu-west-1.json").read_text())
    schema = json.loads((schemas / "resources" / f"{of_region[resource_type]}.json").read_text())
    return {name: frozenset(handler["permissions"]) for name, handler in schema["handlers"].items()}


def is_action_name(text: str) -> bool:
    """Return whether a text has the form of an action. Some schemas name others (``s3:REST.PUT.OBJECT``)."""
    return re.fullmatch(r"[a-z0-9-]+:[A-Z][A-Za-z0-9]+", text) is not None
