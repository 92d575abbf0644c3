"""Imports point one way, and ``--help`` loads nothing heavy."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

#: Code that runs in separate processes, started without site-packages and the surrounding packages.
IN_HELPERS = (
    "zenoimg.imaging.processes.serving",
    "zenoimg.imaging.formats.jpeg.coefficients.worker",
    "zenoimg.imaging.formats.heif.worker",
)

#: What a package's modules may import beyond the standard library: layers of ours, packages of others.
LAYERS: dict[str, tuple[set[str], set[str]]] = {
    "zenoimg.imaging": (set(), {"PIL"}),
    **{package: (set(), set()) for package in IN_HELPERS},
    "zenoimg.pipeline": ({"zenoimg", "zenoimg.imaging"}, {"boto3", "botocore", "urllib3"}),
    "lambda_handlers": ({"zenoimg.pipeline"}, {"boto3", "botocore", "aws_lambda_powertools"}),
    "zenoimg.errors": (set(), set()),
    "zenoimg.suggest": (set(), set()),
    "zenoimg.aws": (
        {
            "zenoimg",
            "zenoimg.errors",
            "zenoimg.pipeline.calls.retries",
            "zenoimg.pipeline.calls.service",
            "zenoimg.suggest",
        },
        {"boto3", "botocore", "urllib3"},
    ),
    "zenoimg.config": (
        {
            "zenoimg.config.checks",
            "zenoimg.config.file",
            "zenoimg.config.keys",
            "zenoimg.errors",
            "zenoimg.stack.names",
            "zenoimg.suggest",
        },
        set(),
    ),
    "zenoimg.config.checks": (set(), set()),
    "zenoimg.config.file": (
        {"zenoimg.config.checks", "zenoimg.config.keys", "zenoimg.errors", "zenoimg.suggest"},
        set(),
    ),
    "zenoimg.config.keys": ({"zenoimg.config.checks"}, set()),
    "zenoimg.stack": (
        {"zenoimg.errors", "zenoimg.imaging", "zenoimg.pipeline", "zenoimg.suggest"},
        {"botocore", "platformdirs", "yaml"},
    ),
    "zenoimg.local": ({"zenoimg.errors", "zenoimg.suggest"}, {"platformdirs"}),
    # The one operation that watches folders.
    "zenoimg.operations.upload.watcher": ({"zenoimg.errors", "zenoimg.suggest"}, {"watchfiles"}),
    # The one operation that draws pictures itself.
    "zenoimg.operations.gallery.pictures": ({"zenoimg.imaging"}, {"PIL"}),
    "zenoimg.cli.app": ({"zenoimg", "zenoimg.cli.framework"}, {"typer"}),
    "zenoimg.cli": (set(), set()),
    "zenoimg.__main__": ({"zenoimg.cli"}, set()),
    "zenoimg": (set(), set()),
}

#: What every operation may import in addition to the rooms below.
_OPERATIONS = {
    "zenoimg.aws",
    "zenoimg.config",
    "zenoimg.config.file",
    "zenoimg.config.keys",
    "zenoimg.errors",
    "zenoimg.imaging",
    "zenoimg.local",
    "zenoimg.pipeline",
    "zenoimg.stack",
    "zenoimg.suggest",
}
#: A room of the operations: the other rooms that it may import.
ROOMS: dict[str, set[str]] = {
    "arrivals": {"pipeline", "queues"},
    "completion": {"output"},
    "concurrency": set(),
    "configured": set(),
    "content": set(),
    "dead_letters": {"concurrency", "pipeline", "queues"},
    "deploy": {"concurrency", "configured", "output", "pipeline", "records", "selectors"},
    "effective_recipe": {"configured", "inventory", "pipeline", "records"},
    "doctor": {"configured", "deploy", "effective_recipe", "health", "pipeline"},
    "download": {"concurrency", "content", "inventory", "output", "pipeline", "records"},
    "gallery": {"concurrency", "inventory", "output", "pipeline", "records", "selectors"},
    "health": {"dead_letters", "effective_recipe", "inventory", "logs", "pipeline", "records", "reprocess", "queues"},
    "inventory": {"concurrency", "pipeline", "records", "selectors"},
    "logs": {"pipeline"},
    "output": set(),
    "pipeline": set(),
    "preview": {"output"},
    "queues": {"pipeline"},
    "records": {"pipeline", "selectors"},
    "removal": {"concurrency", "dead_letters", "deploy", "pipeline", "queues", "records", "versions"},
    "reprocess": {"concurrency", "dead_letters", "effective_recipe", "inventory", "pipeline", "queues", "selectors"},
    "rollout": {"concurrency", "deploy", "inventory", "pipeline"},
    "selectors": set(),
    "upload": {"arrivals", "concurrency", "content", "output", "pipeline"},
    "versions": {"arrivals", "pipeline", "records"},
}
LAYERS |= {
    f"zenoimg.operations.{room}": (
        _OPERATIONS | {f"zenoimg.operations.{other}" for other in others},
        {"boto3", "botocore", "s3transfer"},
    )
    for room, others in ROOMS.items()
}
LAYERS["zenoimg.operations"] = (set(), set())

_CLI = _OPERATIONS | {"zenoimg", "zenoimg.operations"}
#: A room of the command line: the other rooms that it may import, and packages.
CLI_ROOMS: dict[str, tuple[set[str], set[str]]] = {
    "terminal": (set(), {"rich", "textual_image"}),
    "framework": ({"terminal"}, {"botocore", "typer"}),
    "commands": ({"framework", "terminal"}, {"botocore", "rich", "typer"}),
}
LAYERS |= {
    f"zenoimg.cli.{room}": (_CLI | {f"zenoimg.cli.{other}" for other in others}, packages)
    for room, (others, packages) in CLI_ROOMS.items()
}


def modules() -> Iterator[tuple[str, Path]]:
    for top in ("zenoimg", "lambda_handlers"):
        for path in sorted((ROOT / top).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imported(path: Path) -> set[str]:
    """Return the modules that a file imports anywhere, in functions and for type checking as well."""
    return _imports(ast.walk(ast.parse(path.read_text(encoding="utf-8"))), path)


def _executed_imports(path: Path) -> set[str]:
    """Return the modules that a file imports when it runs, in functions as well."""
    return _imports(_executed(ast.parse(path.read_text(encoding="utf-8"))), path)


def _executed(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return
    for inner in ast.iter_child_nodes(node):
        yield from _executed(inner)


def _imports(nodes: Iterable[ast.AST], path: Path) -> set[str]:
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = ".".join(path.relative_to(ROOT).parts[: -node.level]) if node.level else ""
            module = ".".join(part for part in (package, node.module) if part)
            # `from zenoimg.operations import deploy` names a module; `from zenoimg import __version__` does not.
            found |= {_submodule(module, alias.name) for alias in node.names}
    return found


def _submodule(package: str, name: str) -> str:
    base = ROOT.joinpath(*package.split("."), name)
    return f"{package}.{name}" if base.is_dir() or base.with_suffix(".py").is_file() else package


def layer_of(module: str) -> str:
    return max((name for name in LAYERS if _is_in(module, name)), key=len)


def _is_in(module: str, package: str) -> bool:
    # The package `zenoimg` means only its __init__, since everything is below it.
    return module == package or (package != "zenoimg" and module.startswith(package + "."))


def test_every_room_is_listed() -> None:
    for package, rooms in (("operations", ROOMS.keys()), ("cli", {*CLI_ROOMS, "app"})):
        inside = (ROOT / "zenoimg" / package).iterdir()
        assert {path.stem for path in inside if path.suffix == ".py" or path.is_dir()} - {
            "__init__",
            "__pycache__",
        } == {*rooms}, package


@pytest.mark.parametrize(("module", "path"), [pytest.param(*found, id=found[0]) for found in modules()])
def test_imports_point_one_way(module: str, path: Path) -> None:
    own = layer_of(module)
    layers, packages = LAYERS[own]
    for name in imported(path):
        top = name.partition(".")[0]
        if top in ("zenoimg", "lambda_handlers"):
            assert any(_is_in(name, layer) for layer in {own, *layers}), f"{module} must not import {name}"
        elif top not in sys.stdlib_module_names and not top.startswith("mypy_boto3_"):
            assert top in packages, f"{module} must not import {name}"


def test_only_what_runs_in_helpers_imports_relatively() -> None:
    """They are imported under different names in their own process; everywhere else, names are absolute."""
    for module, path in modules():
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        own = next((package for package in IN_HELPERS if _is_in(module, package)), None)
        if own:
            assert all(_is_in(name, own) for name in imported(path) if name.startswith("zenoimg")), module
        else:
            assert not any(node.level for node in nodes if isinstance(node, ast.ImportFrom)), module


def test_no_module_imports_itself_through_others() -> None:
    """Imports in functions count as well: they only hide a cycle until the function is called.

    Imports for type checkers alone do not: they never run, and a function may name the type of its caller's data.
    """
    paths = dict(modules())
    graph = {module: _executed_imports(path) & paths.keys() - {module} for module, path in paths.items()}
    assert not _cycle(graph), " → ".join(_cycle(graph))


def test_a_cycle_is_found() -> None:
    assert _cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert _cycle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def _cycle(graph: Mapping[str, Iterable[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found[::-1]
    return []


def test_stubs_of_boto3_are_imported_by_type_checkers_only() -> None:
    for module, path in modules():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        unguarded = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
        assert not [node for node in unguarded if (node.module or "").startswith("mypy_boto3_")], module


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["upload", "--help"], ["deploy", "--help"]])
def test_help_loads_neither_boto3_nor_pillow(arguments: list[str]) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "zenoimg", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "typer" in loaded, "otherwise this test checks nothing"
    assert not loaded & {"boto3", "botocore", "PIL", "yaml"}
