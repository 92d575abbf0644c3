"""The zip of the functions' code."""

from __future__ import annotations

from pathlib import Path

from zenoimg.stack.bundle import sources
from zenoimg.stack.bundle.artifact import Artifact, make_zip

_SHIPPED_PACKAGES = ("imaging", "pipeline")


def functions_zip() -> Artifact:
    """Return the zip of the functions' code: handlers, imaging and pipeline, without the CLI and the stack."""
    content = {"zenoimg/__init__.py": (sources.PACKAGE / "__init__.py").read_bytes()}
    for package in _SHIPPED_PACKAGES:
        content |= _python_files(sources.PACKAGE / package, f"zenoimg/{package}")
    content |= _python_files(sources.directory("lambda_handlers"), "lambda_handlers")
    return Artifact("functions", make_zip(content))


def _python_files(directory: Path, prefix: str) -> dict[str, bytes]:
    paths = (path for path in directory.rglob("*.py") if "__pycache__" not in path.parts)
    return {f"{prefix}/{path.relative_to(directory).as_posix()}": path.read_bytes() for path in paths}
