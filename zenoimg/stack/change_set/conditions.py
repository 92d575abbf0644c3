"""Evaluate a template's conditions. CloudFormation does so itself; the embedded AWS lists all resources in a plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def excluded_resources(template: Mapping[str, Any], parameters: Mapping[str, str]) -> frozenset[str]:
    """Return the logical ids of the resources that a stack with these parameters does not have."""
    defaults = {name: definition.get("Default", "") for name, definition in template.get("Parameters", {}).items()}
    given = {**defaults, **parameters}
    conditions = template.get("Conditions", {})

    def value(operand: Any) -> str:
        return str(given[operand["Ref"]] if isinstance(operand, dict) else operand)

    def holds(condition: Mapping[str, Any]) -> bool:
        ((kind, operands),) = condition.items()
        match kind:
            case "Condition":
                return holds(conditions[operands])
            case "Fn::Equals":
                return value(operands[0]) == value(operands[1])
            case "Fn::Not":
                return not holds(operands[0])
            case "Fn::And":
                return all(map(holds, operands))
            case _:  # Fn::Or, the only one left
                return any(map(holds, operands))

    return frozenset(
        logical_id
        for logical_id, resource in template.get("Resources", {}).items()
        if "Condition" in resource and not holds(conditions[resource["Condition"]])
    )
