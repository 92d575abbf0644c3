"""The policies for operators and deployers, filled in for one stack and its settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zenoimg.stack.bundle import sources
from zenoimg.stack.names import StackNames
from zenoimg.stack.template import fill

#: Actions that grant permissions to a role; IAM supports the boundary condition for each of them
#: (https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html).
_BOUNDED = ("iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy")
_KEY_POLICY = "lambda-kms-policy.json"
OPERATOR, FUNCTIONS_DEPLOYER = "operator-policy.json", "deployer-functions-policy.json"


@dataclass(frozen=True)
class Security:
    """Settings that change the policies: the roles' permissions boundary and the KMS key of the buckets, as ARNs."""

    permissions_boundary: str = ""
    kms_key: str = ""

    @classmethod
    def of_parameters(cls, parameters: Mapping[str, str]) -> Security:
        """Return the security settings in the template's parameters."""
        return cls(parameters.get("PermissionsBoundary", ""), parameters.get("KmsKey", ""))


def policy_for(
    file_name: str,
    names: StackNames,
    partition: str,
    region: str,
    account: str,
    security: Security = Security(),
) -> dict[str, Any]:
    """Return a file of ``policies/`` with names, account and region filled in, ready for IAM.

    With a permissions boundary, deployers can create roles and grant them permissions only under that boundary. With a
    KMS key, operators may use it as the processor does: reading or writing an object requires its key.
    """
    pseudo = {"AWS::Partition": partition, "AWS::Region": region, "AWS::AccountId": account}
    values = {**names.placeholders(), "KmsKey": security.kms_key}
    found = _filled(file_name, values, pseudo)
    if file_name == OPERATOR and security.kms_key:
        found["Statement"] += _filled(_KEY_POLICY, values, pseudo)["Statement"]
    if file_name == FUNCTIONS_DEPLOYER and security.permissions_boundary:
        found["Statement"] = [*map(_without_bounded, found["Statement"]), _bounded(found, security)]
    return found


def _filled(file_name: str, values: Mapping[str, str], pseudo: Mapping[str, str]) -> dict[str, Any]:
    document = json.loads((sources.directory("policies") / file_name).read_text(encoding="utf-8"))
    filled = _with_pseudo_parameters(fill(document, values), pseudo)
    assert isinstance(filled, dict)
    return filled


def _bounded(document: Mapping[str, Any], security: Security) -> dict[str, Any]:
    (roles,) = (statement for statement in document["Statement"] if statement["Sid"] == "Roles")
    return {
        "Sid": "RolesWithinTheBoundary",
        "Effect": "Allow",
        "Action": list(_BOUNDED),
        "Resource": roles["Resource"],
        "Condition": {"StringEquals": {"iam:PermissionsBoundary": security.permissions_boundary}},
    }


def _without_bounded(statement: dict[str, Any]) -> dict[str, Any]:
    if statement["Sid"] != "Roles":
        return statement
    return {**statement, "Action": [action for action in statement["Action"] if action not in _BOUNDED]}


def _with_pseudo_parameters(value: Any, pseudo: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for name, text in pseudo.items():
            value = value.replace(f"${{{name}}}", text)
        return value
    if isinstance(value, list):
        return [_with_pseudo_parameters(item, pseudo) for item in value]
    if isinstance(value, dict):
        return {key: _with_pseudo_parameters(item, pseudo) for key, item in value.items()}
    return value
