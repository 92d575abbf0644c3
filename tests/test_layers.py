"""Imports point one way, and asking for help loads nothing heavy."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

#: What a package's modules may import beyond the standard library: layers of ours, packages of others.
LAYERS: dict[str, tuple[set[str], set[str]]] = {
    "zenoimg.imaging": (set(), {"PIL"}),
    "zenoimg.pipeline": ({"zenoimg.imaging"}, {"boto3", "botocore"}),
    "lambda_handlers": ({"zenoimg.pipeline"}, {"boto3", "botocore", "aws_lambda_powertools"}),
    "zenoimg.errors": (set(), set()),
    "zenoimg.aws": ({"zenoimg", "zenoimg.errors"}, {"boto3", "botocore"}),
    "zenoimg.config": (
        {"zenoimg.config.file", "zenoimg.config.keys", "zenoimg.errors", "zenoimg.stack.names"},
        set(),
    ),
    "zenoimg.config.file": ({"zenoimg.config.keys", "zenoimg.errors"}, set()),
    "zenoimg.config.keys": (set(), set()),
    "zenoimg.stack": (
        {"zenoimg.errors", "zenoimg.imaging", "zenoimg.pipeline"},
        {"botocore", "platformdirs", "yaml"},
    ),
    "zenoimg.local": ({"zenoimg.errors"}, {"platformdirs"}),
    "zenoimg.operations": (
        {
            "zenoimg.aws",
            "zenoimg.config",
            "zenoimg.config.file",
            "zenoimg.config.keys",
            "zenoimg.errors",
            "zenoimg.imaging",
            "zenoimg.local",
            "zenoimg.pipeline",
            "zenoimg.stack",
        },
        {"boto3", "botocore", "s3transfer"},
    ),
    # The one operation that draws pictures itself.
    "zenoimg.operations.gallery.pictures": ({"zenoimg.imaging"}, {"PIL"}),
    "zenoimg.cli": (
        {
            "zenoimg",
            "zenoimg.aws",
            "zenoimg.config",
            "zenoimg.config.file",
            "zenoimg.config.keys",
            "zenoimg.errors",
            "zenoimg.imaging",
            "zenoimg.local",
            "zenoimg.operations",
            "zenoimg.pipeline",
            "zenoimg.stack",
        },
        {"botocore", "rich", "textual_image", "typer"},
    ),
    "zenoimg.__main__": ({"zenoimg.cli"}, set()),
    "zenoimg": (set(), set()),
}


def modules() -> Iterator[tuple[str, Path]]:
    for top in ("zenoimg", "lambda_handlers"):
        for path in sorted((ROOT / top).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imported(path: Path) -> set[str]:
    """The modules that a file imports anywhere in it, functions and type checking included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import, which this test does not follow"
            assert node.module is not None
            # `from zenoimg.operations import deploy` names a module; `from zenoimg import __version__` does not.
            found |= {_submodule(node.module, alias.name) for alias in node.names}
    return found


def _submodule(package: str, name: str) -> str:
    base = ROOT.joinpath(*package.split("."), name)
    return f"{package}.{name}" if base.is_dir() or base.with_suffix(".py").is_file() else package


def layer_of(module: str) -> str:
    return max((name for name in LAYERS if _is_in(module, name)), key=len)


def _is_in(module: str, package: str) -> bool:
    # The package `zenoimg` stands for its __init__ alone: everything lies below it.
    return module == package or (package != "zenoimg" and module.startswith(package + "."))


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
    assert "typer" in loaded, "else this test looks at nothing"
    assert not loaded & {"boto3", "botocore", "PIL", "yaml"}
