"""The page of the HTTP API, rendered from its OpenAPI description."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml


def api_page(description: Path) -> str:
    """Return the page as Markdown."""
    api = yaml.safe_load(description.read_text(encoding="utf-8"))
    info = api["info"]
    lines = ["# HTTP API", "", info["description"], "", f"Described in OpenAPI {api['openapi']}: "]
    lines[-1] += f"[{description.name}]({description.name})."
    lines += ["", "Server: " + ", ".join(f"`{server['url']}`" for server in api["servers"]), ""]
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            lines += _operation(f"{method.upper()} {path}", operation)
    lines += ["## Objects", ""]
    for name, schema in api["components"]["schemas"].items():
        lines += _object(name, schema)
    return "\n".join(lines)


def _operation(title: str, operation: dict[str, Any]) -> list[str]:
    lines = [f"## {title}", "", f"{operation['summary']}.", "", operation["description"], ""]
    lines += ["| Parameter | In | Type | Meaning |", "|---|---|---|---|"]
    for parameter in operation.get("parameters", ()):
        required = " (required)" if parameter.get("required") else ""
        lines.append(
            f"| `{parameter['name']}`{required} | {parameter['in']} | {_type(parameter['schema'])} "
            f"| {_cell(parameter['description'])} |"
        )
    lines += ["", "| Status | Meaning | Body |", "|---|---|---|"]
    for status, response in operation["responses"].items():
        bodies = response.get("content", {}).items()
        body = ", ".join(f"`{media}`: {_type(content['schema'])}" for media, content in bodies) or "–"
        lines.append(f"| {status} | {_cell(response['description'])} | {body} |")
    headers = [(name, header) for response in operation["responses"].values() for name, header in _headers(response)]
    if headers:
        lines += ["", "| Response header | Meaning |", "|---|---|"]
        lines += [f"| `{name}` | {_cell(header['description'])} |" for name, header in headers]
    return [*lines, ""]


def _headers(response: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return list(response.get("headers", {}).items())


def _object(name: str, schema: dict[str, Any]) -> list[str]:
    lines = [f"### {name}", ""]
    if "description" in schema:
        lines += [schema["description"], ""]
    lines += ["| Key | Type | Meaning |", "|---|---|---|"]
    for key, value in schema["properties"].items():
        lines.append(f"| `{key}` | {_type(value)} | {_cell(value.get('description', ''))} |")
    return [*lines, ""]


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if kinds == ["array"]:
        return f"array of {_type(schema['items'])}"
    named = [str(each) for each in kinds]
    if "enum" in schema:
        named = [f"`{value}`" for value in schema["enum"] if value is not None]
        named += ["null"] if None in schema["enum"] else []
    text = " or ".join(named)
    if "format" in schema:
        text += f" ({schema['format']})"
    if "minimum" in schema or "maximum" in schema:
        bounds = (("from", schema.get("minimum")), ("to", schema.get("maximum")))
        text += "".join(f" {word} {value:,}" for word, value in bounds if value is not None)
    return text


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
