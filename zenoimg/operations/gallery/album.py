"""A static web page of images before and after.

files of each image (see ``files``) ──► data in the page ──► index.html, written last

The page is one HTML file that contains its style, script and data, with a content security policy that allows it to
load nothing but the pictures next to it. Ids are untrusted: they are in the page as JSON that cannot close its
element, and the script shows them as text.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zenoimg.errors import UsageError
from zenoimg.imaging.result import is_too_small
from zenoimg.operations.gallery.files import FOLDER, Pictures, is_ours, stems_of
from zenoimg.operations.output.directory import OutputDirectory
from zenoimg.operations.output.targets import Target
from zenoimg.operations.selectors import Selectors
from zenoimg.pipeline.recipes import fingerprint_for
from zenoimg.pipeline.records import ImageRecord
from zenoimg.suggest import suggest

PAGE = "index.html"
_ASSETS = Path(__file__).with_name("page")
_SCRIPTS = ("text.js", "filters.js", "grid.js", "viewer.js", "page.js")
_MADE_BY = '<meta name="generator" content="zenoimg gallery">'
_PLACE = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True)
class Album:
    """The content of one page. ``total`` is the number of all images, ``None`` if it is unknown.

    ``made_at`` is a UTC timestamp in the format of records; ``recipe`` the fingerprint of the deployed recipe, empty if
    unknown, and ``rules`` the fingerprints of its rules by prefix.
    """

    stack: str
    where: str
    made_at: str
    pictures: Sequence[Pictures]
    originals: bool = True
    recipe: str = ""
    rules: Mapping[str, str] = field(default_factory=dict)
    selectors: Selectors = field(default_factory=Selectors)
    total: int | None = None


def check_folder(out: Path) -> None:
    """Raise ``UsageError`` if writing would overwrite a page that is not a gallery."""
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out} is not a directory")
    page = out / PAGE
    if page.is_symlink() or page.exists():
        try:
            ours = not page.is_symlink() and _MADE_BY in page.read_text(encoding="utf-8", errors="replace")[:2000]
        except OSError as error:
            raise UsageError(f"{page} cannot be read: {error.strerror or error}") from error
        if not ours:
            raise UsageError(
                f"{page} exists and is not a gallery",
                next_step="Choose another folder with --out.",
            )


def write(directory: OutputDirectory, out: Path, album: Album) -> Path:
    """Write the page, then remove pictures of earlier runs that it no longer uses; return its path.

    Raises ``OSError``.
    """
    with directory.writing(Target(PAGE, (), PAGE), replace=True) as file:
        file.write(page(album).encode())
    wanted = {stem for each in album.pictures for stem in stems_of(each.record, originals=album.originals)}
    for name in directory.entries((FOLDER,)):
        if is_ours(name) and name.partition(".")[0] not in wanted:
            (out / FOLDER / name).unlink(missing_ok=True)
    return out / PAGE


def page(album: Album) -> str:
    """Return the page as HTML."""
    style = _asset("page.css")
    script = "'use strict';\n(() => {\n" + "\n".join(_asset(name) for name in _SCRIPTS) + "\n})();\n"
    policy = (
        "default-src 'none'; img-src 'self' file: data:; "
        f"style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    )
    places = {
        "policy": html.escape(policy, quote=True),
        "made_by": _MADE_BY,
        "title": html.escape(f"{album.stack} – gallery"),
        "style": style,
        "data": _json_in_html(data(album)),
        "script": script,
    }
    # In one pass, so that inserted text is not itself searched.
    return _PLACE.sub(lambda found: places[found[1]], _asset("page.html"))


def data(album: Album) -> dict[str, Any]:
    """Return the data for the page's script."""
    return {
        "stack": album.stack,
        "where": album.where,
        "madeAt": album.made_at,
        "originals": album.originals,
        "recipe": album.recipe,
        "prefix": album.selectors.prefix,
        "since": album.selectors.since,
        "until": album.selectors.until,
        "status": album.selectors.status or "",
        "format": album.selectors.format,
        "selects": album.selectors.is_filtered,
        "total": album.total,
        "images": [_image(pictures, album) for pictures in album.pictures],
    }


def _image(pictures: Pictures, album: Album) -> Mapping[str, Any]:
    """Return the data of one image, without fields that do not apply."""
    record = pictures.record
    values = {
        "id": record.image_id,
        "status": record.status,
        "created": record.created_at or None,
        "updated": record.updated_at or None,
        "originalSize": record.original_size,
        "copySize": record.processed_size,
        "format": record.format,
        "width": record.width,
        "height": record.height,
        "frames": record.frames,
        "unmarked": True if record.encoding == "copied" else None,
        "tooSmall": True if record.encoding == "copied" and is_too_small(record.warnings) else None,
        "recipe": record.recipe,
        "older": True if _is_older(record, album) else None,
        "version": record.version_id,
        "durationMs": record.duration_ms,
        "warnings": list(record.warnings) or None,
        "error": record.error,
        "before": pictures.before,
        "after": pictures.after,
        "small": pictures.small,
        "problem": pictures.problem or None,
        "again": suggest("reprocess", ids=[record.image_id]) if pictures.reprocess_helps else None,
    }
    return {name: value for name, value in values.items() if value is not None}


def _is_older(record: ImageRecord, album: Album) -> bool:
    current = fingerprint_for(album.recipe, album.rules, record.image_id)
    return bool(current and record.recipe) and record.recipe != current


def _json_in_html(value: Any) -> str:
    """Return JSON without ``<``, which could close its script element or open a comment in it."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")
