"""Find the directories that a deploy packs: next to the package in a checkout, inside it in an installed wheel."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2]


def directory(name: str) -> Path:
    """Return the directory ``lambda_handlers`` or ``policies``.

    Raises ``FileNotFoundError`` when the installation is incomplete.
    """
    for candidate in (PACKAGE / "_shipped" / name, PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"the directory {name} is missing from this installation of zenoimg")


def layer_files() -> dict[str, bytes]:
    """Return our own files in the packages layer, by their path in the zip."""
    slim = PACKAGE / "stack" / "bundle" / "slim_typing_extensions.py"
    return {"python/typing_extensions.py": slim.read_bytes()}
