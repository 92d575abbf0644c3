"""Render ``template.yaml``: names as literals, policies inserted from ``policies/``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from zenoimg.stack.bundle import sources
from zenoimg.stack.names import StackNames

#: Maximum size in bytes of a template in the request itself; larger ones have to be in S3.
MAX_INLINE_BYTES = 51_200

#: That of libyaml, which takes a tenth of the time, where PyYAML was built with it.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


Placeholders = Mapping[str, Any]
#: Placeholder for a setting, which is a template parameter, in policies.
_PARAMETERS = {"KmsKey": {"Ref": "KmsKey"}}


def render(names: StackNames, *, backfill_concurrency: int = 5, large_concurrency: int = 5) -> dict[str, Any]:
    """Return the template of a stack.

    ``backfill_concurrency`` is the maximum number of messages processed concurrently in the backfill lane (AWS: 2 to
    1,000), ``large_concurrency`` that in the large lane.
    """
    concurrency = {"BackfillConcurrency": backfill_concurrency, "LargeConcurrency": large_concurrency}
    filled = fill(_read("template.yaml"), {**names.placeholders(), **concurrency, **_PARAMETERS})
    assert isinstance(filled, dict)
    return filled


@cache  # `fill` makes a new document of what is read
def _read(file_name: str) -> Any:
    text = Path(__file__).with_name(file_name).read_text(encoding="utf-8")
    return yaml.load(text, Loader=_LOADER)  # noqa: S506 -- both are safe loaders


def to_text(template: Mapping[str, Any]) -> str:
    """Return a document as compact JSON, identical for identical documents."""
    return json.dumps(template, separators=(",", ":"), ensure_ascii=False)


def to_yaml(template: Mapping[str, Any]) -> str:
    """Return the template as human-readable YAML: in its own order, without anchors."""
    return yaml.dump(template, Dumper=_Plain, sort_keys=False, width=120, allow_unicode=True)


class _Plain(yaml.SafeDumper):
    """Writes repeated parts in full: CloudFormation does not support aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def policy(file_name: str, placeholders: Placeholders) -> dict[str, Any]:
    """Return a file of ``policies/`` with our names filled in, and pseudo parameters (``${AWS::…}``) as ``Fn::Sub``."""
    document = json.loads((sources.directory("policies") / file_name).read_text(encoding="utf-8"))
    filled = _substitute_pseudo_parameters(fill(document, placeholders))
    assert isinstance(filled, dict)
    return filled


@cache
def _granted_by(file_name: str) -> frozenset[str]:
    statements = policy(file_name, {})["Statement"]
    listed = (statement["Action"] for statement in statements if statement["Effect"] == "Allow")
    return frozenset(action for found in listed for action in ([found] if isinstance(found, str) else found))


def grants(file_name: str, action: str) -> bool:
    """Return whether a file of ``policies/`` allows an action (``s3:GetObject``) on any resource."""
    return action in _granted_by(file_name)


def fill(value: Any, placeholders: Placeholders) -> Any:
    """Replace ``${Name}`` if the name is ours; leave CloudFormation's own placeholders.

    A string that consists only of a placeholder becomes its value, of whatever type.
    """
    if isinstance(value, str):
        whole = _PLACEHOLDER.fullmatch(value)
        if whole and whole[1] in placeholders:
            return placeholders[whole[1]]  # a number stays a number
        return _PLACEHOLDER.sub(lambda found: str(placeholders.get(found[1], found[0])), value)
    if isinstance(value, list):
        return [fill(item, placeholders) for item in value]
    if isinstance(value, dict):
        if set(value) == {"policy"}:
            return policy(value["policy"], placeholders)
        if set(value) == {"dashboard", "variables"}:
            body = to_text(fill(_read(value["dashboard"]), placeholders))
            return {"Fn::Sub": [body, fill(value["variables"], placeholders)]}
        return {key: fill(item, placeholders) for key, item in value.items()}
    return value


def _substitute_pseudo_parameters(value: Any) -> Any:
    if isinstance(value, str):
        return {"Fn::Sub": value} if "${AWS::" in value else value
    if isinstance(value, list):
        return [_substitute_pseudo_parameters(item) for item in value]
    if isinstance(value, dict):
        return {key: _substitute_pseudo_parameters(item) for key, item in value.items()}
    return value
