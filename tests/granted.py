"""Check that the policies for people grant the permissions that a command needed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from tests.api_calls import Right
from zenoimg.cli.app import COMMANDS
from zenoimg.stack.names import StackNames
from zenoimg.stack.template import policy

OPERATOR = "operator-policy.json"
DEPLOYER = ("deployer-policy.json", "deployer-functions-policy.json")

#: Commands that change the stack need all policies. All others are everyday commands.
#: ``doctor`` reads what a deploy reads, and skips what it may not.
DEPLOYERS_COMMANDS = frozenset({"deploy", "destroy", "doctor", "rollout", "template"})


@dataclass(frozen=True)
class Grant:
    """One action on one resource that a statement allows."""

    sid: str
    action: str
    resource: str

    def covers(self, right: Right) -> bool:
        """Return whether a permission is granted, regardless of partition, region and account in ARNs."""
        if self.action != right.action:
            return False
        return self.resource == "*" or fnmatchcase(right.resource, self.resource.split(":", 5)[5])


@dataclass(frozen=True)
class Place:
    """An account, a region, and the names of a stack's resources there."""

    account: str
    region: str
    names: Mapping[str, str]

    def filled_in(self, text: str) -> str:
        pseudo = {"Partition": "aws", "Region": self.region, "AccountId": self.account}
        return re.sub(r"\$\{AWS::(\w+)\}", lambda found: pseudo[found[1]], text)


def grants(file_name: str, place: Place) -> list[Grant]:
    """Return everything that a policy of ``policies/`` allows there."""
    found = []
    for statement in policy(file_name, place.names)["Statement"]:
        for action in _listed(statement["Action"]):
            for resource in _listed(statement["Resource"]):
                text = resource["Fn::Sub"] if isinstance(resource, dict) else resource
                found.append(Grant(statement["Sid"], action, place.filled_in(text)))
    return found


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def command_of(arguments: Sequence[str]) -> str | None:
    """Return the command in a command line; ``None`` if it runs none (``--help``)."""
    return next((word for word in arguments if word in COMMANDS), None)


def policies_of(command: str) -> tuple[str, ...]:
    """Return the policies of those who run this command."""
    return (OPERATOR, *DEPLOYER) if command in DEPLOYERS_COMMANDS else (OPERATOR,)


def not_granted(command: str, rights: Iterable[Right], places: Sequence[Place]) -> list[Right]:
    """Return the permissions that a command needed and its policies grant in none of these places."""
    held = [grant for place in places for file_name in policies_of(command) for grant in grants(file_name, place)]
    wanting = [right for right in rights if not any(grant.covers(right) for grant in held)]
    return sorted(wanting, key=lambda right: (right.action, right.name))


def check(arguments: Sequence[str], rights: Iterable[Right], places: Sequence[Place]) -> None:
    """Fail if a command made calls to AWS that its policies do not grant."""
    command = command_of(arguments)
    if command is None:
        return
    wanting = not_granted(command, rights, places)
    assert not wanting, f"`zenoimg {command}` needs what {' and '.join(policies_of(command))} do not grant: {wanting}"


def possible_places(arguments: Sequence[str], folder: Path, account: str, region: str) -> list[Place]:
    """Return where a command line may act: on the default names, or on the qualified ones if a name is taken."""
    names = StackNames(_stack_of(arguments, folder))
    qualified = (names.qualified(account, region, table=table) for table in (False, True))
    return [Place(account, region, each.placeholders()) for each in (names, *qualified)]


def _stack_of(arguments: Sequence[str], folder: Path) -> str:
    given = [arguments[at + 1] for at, word in enumerate(arguments) if word == "--stack"]
    if given:
        return given[-1]
    configuration = folder / "zenoimg.toml"
    text = configuration.read_text() if configuration.is_file() else ""
    found: str = tomllib.loads(text).get("stack", "zeno")
    return found
