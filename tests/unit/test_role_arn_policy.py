"""The policy in ``docs/security.md`` for deploying with ``--role-arn``."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.unit.stack.policy_files import DEPLOYER, statements
from tests.unit.stack.rendered import as_list
from zenoimg.stack.names import StackNames

_PAGE = Path(__file__).resolve().parents[2] / "docs" / "security.md"


def test_it_passes_one_role_only_to_cloudformation_and_grants_less_than_the_policy_it_replaces() -> None:
    blocks = re.findall(r"```json\n(.*?)```", _PAGE.read_text(encoding="utf-8"), re.DOTALL)
    found: dict[str, Any] = json.loads(blocks[0])
    passing, looking = found["Statement"]
    assert passing["Action"] == "iam:PassRole"
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}
    replaced = {action for item in statements(DEPLOYER[1]) for action in as_list(item["Action"])}
    assert set(looking["Action"]) < replaced
    names = StackNames("zeno")
    assert {arn.rpartition(":")[2].rpartition("/")[2] for arn in looking["Resource"]} == {
        *names.roles,
        *names.functions,
    }
