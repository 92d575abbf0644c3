"""``python -m zenoimg.imaging IN OUT``: watermark one file."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from zenoimg.imaging import Recipe, RecipeError, Refused, WatermarkSpec, watermark_file


def main(arguments: list[str] | None = None) -> int:
    """Watermark the file named by the arguments; return 0 if the copy was written, otherwise 1."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        recipe = Recipe(_mark(given))
    except RecipeError as error:
        parser.error(f"argument --{error.field}: {error.message}")
    except OSError as error:
        parser.error(f"argument --logo: {error}")
    try:
        done = watermark_file(given.source, given.target, recipe, replace=given.force)
    except Refused as refused:
        return _failed(f"{given.source}: {refused.code}: {refused.message}")
    except FileExistsError:
        return _failed(f"{given.target} already exists; replace it with --force")
    except (OSError, ValueError, MemoryError) as error:
        return _failed(str(error) or type(error).__name__)
    for warning in done.warnings:
        sys.stderr.write(f"{given.target}: {warning}\n")
    return 0


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="python -m zenoimg.imaging",
        description="Write a watermarked copy of an image file. What the copy could not keep is printed to stderr.",
    )
    parser.add_argument("source", metavar="IN", type=Path, help="image file")
    parser.add_argument("target", metavar="OUT", type=Path, help="file for the copy")
    mark = parser.add_mutually_exclusive_group()
    mark.add_argument("--text", help="text of the mark (default: © zeno)")
    mark.add_argument("--logo", metavar="PNG", type=Path, help="PNG file to draw instead of a text")
    parser.add_argument("--position", metavar="WHERE", default=WatermarkSpec.position, help="nine anchors, or tile")
    parser.add_argument("--force", action="store_true", help="replace OUT if it exists")
    return parser


def _mark(given: Namespace) -> WatermarkSpec:
    logo = given.logo.read_bytes() if given.logo else None
    return WatermarkSpec(given.text, logo, position=given.position)


def _failed(message: str) -> int:
    sys.stderr.write(f"{message}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
