"""Python source without what a machine does not read, line for line: smaller zips, and tracebacks that still fit.

The functions run what the repository holds; comments, docstrings, annotations and needless blanks stay at home. This
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
    """The source without its docstrings, comments, annotations, the imports for them, and needless blanks.

    Every statement stays on its line. Annotations of a class's own fields stay: dataclasses read them. Raises
    ``SyntaxError`` for a source that is not Python.
    """
    for cuts in (_unread, _unused_imports):
        for cut in sorted(cuts(_Text(source)), reverse=True):
            lines = source.count(b"\n", cut.start, cut.end)
            source = source[: cut.start] + cut.instead + b"\n" * lines + source[cut.end :]
    return _squeezed(source.decode("utf-8")).encode()


class _Text:
    """A source and its tree, whose lines and columns become offsets: columns of a tree count bytes."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.tree = ast.parse(source)
        self._lines = [0]
        for line in source.split(b"\n"):
            self._lines.append(self._lines[-1] + len(line) + 1)

    def begin(self, node: ast.expr | ast.stmt | ast.arg) -> int:
        """Where a node begins."""
        return self._lines[node.lineno - 1] + node.col_offset

    def end(self, node: ast.expr | ast.stmt) -> int:
        """Where a node ends."""
        assert node.end_lineno is not None, "the parser gives every node its end"
        assert node.end_col_offset is not None
        return self._lines[node.end_lineno - 1] + node.end_col_offset


def _unread(text: _Text) -> Iterator[_Cut]:
    """Docstrings and annotations, and what only a checker of types reads."""
    nodes = list(ast.walk(text.tree))
    fields = {id(field) for node in nodes if isinstance(node, ast.ClassDef) for field in node.body}
    kept = False
    for node in nodes:
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _idle_texts(text, node.body)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns:
            yield _Cut(text.source.rindex(b"->", 0, text.begin(node.returns)), text.end(node.returns))
        elif isinstance(node, ast.arg) and node.annotation:
            yield _Cut(text.begin(node) + len(node.arg.encode()), text.end(node.annotation))
        elif isinstance(node, ast.AnnAssign):
            if node.value and id(node) not in fields:
                yield _Cut(text.end(node.target), text.end(node.annotation))
            else:
                kept = True
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING" and not node.orelse:
            yield _Cut(text.begin(node), text.end(node))
    future = text.source.find(_FUTURE.encode())
    if future >= 0 and not kept:
        yield _Cut(future, future + len(_FUTURE))


def _unused_imports(text: _Text) -> Iterator[_Cut]:
    """Imports of names that annotations alone used; what a text names (``__all__``) may be meant for others."""
    nodes = list(ast.walk(text.tree))
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    used |= {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    for node in text.tree.body:
        if isinstance(node, ast.ImportFrom) and node.module != "__future__":
            names = [alias for alias in node.names if (alias.asname or alias.name) in used]
            if len(names) < len(node.names):
                listed = ", ".join(ast.unparse(alias) for alias in names)
                instead = f"from {node.module} import {listed}" if names else ""
                yield _Cut(text.begin(node), text.end(node), instead.encode())


def _idle_texts(text: _Text, body: list[ast.stmt]) -> Iterator[_Cut]:
    """Docstrings, and texts below a constant that say what it is. One that is alone in a body or on a line stays."""
    for number, node in enumerate(body):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            behind = body[number + 1 : number + 2]
            alone = len(body) > 1 and not (behind and behind[0].lineno == node.end_lineno)
            yield _Cut(text.begin(node), text.end(node), b"" if alone else b'""')


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
