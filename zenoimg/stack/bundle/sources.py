"""Where the sources that travel to AWS lie: beside the package in a checkout, inside it in an installed wheel."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2]


def folder(name: str) -> Path:
    """The folder ``lambda_handlers`` or ``policies``. Raises ``FileNotFoundError`` for a broken installation."""
    for candidate in (PACKAGE / "_shipped" / name, PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"the folder {name} is missing from this installation of zenoimg")
