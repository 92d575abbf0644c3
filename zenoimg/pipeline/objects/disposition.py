"""Content-Disposition of copies whose format differs from their original's (RFC 6266). Pure functions."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from zenoimg.imaging.formats import FORMATS, file_name

_EXTENDED = re.compile(r";\s*filename\*\s*=\s*([\w-]*)'[^']*'([^;\s]+)", re.IGNORECASE)
_QUOTED = re.compile(r';\s*filename\s*=\s*"((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_TOKEN = re.compile(r";\s*filename\s*=\s*([^\s;\"]+)", re.IGNORECASE)
_PLAIN = re.compile(r"[A-Za-z0-9 !#$&+.^_`|~@(),=\[\]{}-]+")


def file_name_of(key: str, copy_format: str | None, source_format: str | None = None) -> str:
    """Return the file name that a copy should have; empty if that is the name of its original.

    If a record does not contain the original's format, the extension of the key determines it.
    """
    name = key.rpartition("/")[2]
    if not copy_format or copy_format not in FORMATS:
        return ""
    extension = name.rpartition(".")[2].lower()
    source = source_format or next((known.name for known in FORMATS.values() if extension in known.extensions), "")
    is_converted = source == "HEIF" and copy_format != source
    return file_name(name, copy_format) if is_converted else ""


def disposition(original: str, name: str) -> str:
    """Return a Content-Disposition that suggests a name, based on that of the original, which may be empty.

    The type and any file name of the original's are kept; that file name gets the extension of ``name``.
    """
    kind = original.partition(";")[0].strip() or "inline"
    own = _name_in(original)
    if own:
        stem, _, extension = own.rpartition(".")
        known = any(extension.lower() in format_.extensions for format_ in FORMATS.values())
        name = f"{stem if stem and known else own}.{name.rpartition('.')[2]}"
    if _PLAIN.fullmatch(name):
        return f'{kind}; filename="{name}"'
    plain = "".join(character if _PLAIN.fullmatch(character) else "_" for character in name)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _name_in(header: str) -> str:
    if extended := _EXTENDED.search(header):
        encoding = extended[1] if extended[1].lower() in ("utf-8", "iso-8859-1") else "utf-8"
        return unquote(extended[2], encoding=encoding)
    if quoted := _QUOTED.search(header):
        return re.sub(r"\\(.)", r"\1", quoted[1])
    token = _TOKEN.search(header)
    return token[1] if token else ""
