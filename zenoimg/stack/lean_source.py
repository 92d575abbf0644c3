"""Python source without comments and docstrings, line for line: smaller zips, and tracebacks that still fit.

The functions run what the repository holds; only what a machine does not read stays at home.
"""

from __future__ import annotations

import ast
import io
import tokenize


def lean(source: bytes) -> bytes:
    """The source with each comment cut and each docstring emptied; every statement stays on its line.

    Raises ``SyntaxError`` for a source that is not Python.
    """
    lines = source.decode("utf-8").split("\n")  # Python's own line ends; splitlines() knows more of them
    for node in reversed(_docstrings(ast.parse(source))):
        assert node.end_lineno is not None, "the parser gives every node its end"
        assert node.end_col_offset is not None
        # Columns of the tree count bytes; a docstring that is not the last thing on its line keeps the rest.
        first = lines[node.lineno - 1].encode()[: node.col_offset].decode()
        rest = lines[node.end_lineno - 1].encode()[node.end_col_offset :].decode()
        lines[node.lineno - 1 : node.end_lineno] = [f'{first}""{rest}', *[""] * (node.end_lineno - node.lineno)]
    text = "\n".join(lines)
    lines = text.split("\n")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column].rstrip()
    return "\n".join(lines).encode()


def _docstrings(tree: ast.Module) -> list[ast.Constant]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                found.append(first.value)
    return sorted(found, key=lambda constant: constant.lineno)
