"""Python source without what a machine does not read, line for line: smaller zips, and tracebacks that still fit.

The functions run what the repository holds; comments, docstrings, annotations and needless blanks stay at home. It
works on the text and not on a tree printed anew, so that every version of Python makes the same bytes of it.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from typing import NamedTuple

_FUTURE = "from __future__ import annotations"


class _Cut(NamedTuple):
    """Bytes ``start`` to ``end`` of a source give way to ``instead`` and to their own line ends."""

    start: int
    end: int
    instead: bytes = b""


class _Token(NamedTuple):
    kind: int
    text: str
    row: int


def lean(source: bytes) -> bytes:
    """The source without its docstrings, comments, annotations and needless blanks.

    Every statement stays on its line. Annotations of a class's own fields stay: dataclasses read them. Raises
    ``SyntaxError`` for a source that is not Python.
    """
    for cut in sorted(_cuts(source), reverse=True):
        lines = source.count(b"\n", cut.start, cut.end)
        source = source[: cut.start] + cut.instead + b"\n" * lines + source[cut.end :]
    return _squeezed(source.decode("utf-8")).encode()


def _cuts(source: bytes) -> Iterator[_Cut]:
    tree = ast.parse(source)
    starts = [0]  # of each line; columns of the tree count bytes
    for line in source.split(b"\n"):
        starts.append(starts[-1] + len(line) + 1)

    def begin(node: ast.expr | ast.stmt | ast.arg) -> int:
        return starts[node.lineno - 1] + node.col_offset

    def end(node: ast.expr | ast.stmt) -> int:
        assert node.end_lineno is not None, "the parser gives every node its end"
        assert node.end_col_offset is not None
        return starts[node.end_lineno - 1] + node.end_col_offset

    fields = {id(field) for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for field in node.body}
    kept = False
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = _docstring(node)
            if docstring:
                alone = len(node.body) > 1 and node.body[1].lineno > (docstring.end_lineno or 0)
                yield _Cut(begin(docstring), end(docstring), b"" if alone else b'""')
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns:
            yield _Cut(source.rindex(b"->", 0, begin(node.returns)), end(node.returns))
        elif isinstance(node, ast.arg) and node.annotation:
            yield _Cut(begin(node) + len(node.arg.encode()), end(node.annotation))
        elif isinstance(node, ast.AnnAssign):
            if node.value and id(node) not in fields:
                yield _Cut(end(node.target), end(node.annotation))
            else:
                kept = True
    future = source.find(_FUTURE.encode())
    if future >= 0 and not kept:
        yield _Cut(future, future + len(_FUTURE))


def _docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> ast.Constant | None:
    first = node.body[0] if node.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return first.value
    return None


def _squeezed(text: str) -> str:
    """The text with one blank for each level of indentation, and between tokens only where they need it."""
    written: list[str] = []
    row, level, depth = 1, 0, 0
    before: _Token | None = None  # on the same logical line
    for token in _tokens(text):
        if token.kind in (tokenize.INDENT, tokenize.DEDENT):
            level += 1 if token.kind == tokenize.INDENT else -1
        if token.kind == tokenize.NEWLINE:
            before = None
        if token.kind in (tokenize.INDENT, tokenize.DEDENT, tokenize.NEWLINE, tokenize.NL, tokenize.COMMENT):
            continue
        line_end = "\n" if depth or before is None else "\\\n"
        written.append(line_end * (token.row - row))
        if before is None:
            written.append(" " * level)
        elif token.row == row and _needs_blank(before, token):
            written.append(" ")
        written.append(token.text)
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(token.text, 0)
        row, before = token.row + token.text.count("\n"), token
    return "".join(written)


def _needs_blank(before: _Token, token: _Token) -> bool:
    last, first = before.text[-1:], token.text[:1]
    number = before.kind == tokenize.NUMBER
    return (_is_of_a_name(last) and _is_of_a_name(first)) or (number and first == ".")


def _is_of_a_name(character: str) -> bool:
    return character.isalnum() or character == "_"


def _tokens(text: str) -> Iterator[_Token]:
    """The tokens, each f-string as one: since Python 3.12 the tokenizer takes them apart."""
    lines = text.split("\n")  # Python's own line ends; splitlines() knows more of them
    opened = getattr(tokenize, "FSTRING_START", None)
    closed = getattr(tokenize, "FSTRING_END", None)
    inside: list[tuple[int, int]] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == opened:
            inside.append(token.start)
        if not inside:
            yield _Token(token.type, token.string, token.start[0])
        if token.type == closed:
            (first, column), (last, stop) = inside.pop(), token.end
            if not inside:
                rows = lines[first - 1 : last]
                rows[-1] = rows[-1][:stop]
                yield _Token(tokenize.STRING, "\n".join([rows[0][column:], *rows[1:]]), first)
