"""What travels to the functions is what the repository holds, without what a machine does not read."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from zenoimg.stack import shipped
from zenoimg.stack.lean_source import lean

SOURCES = sorted(
    path for folder in ("imaging", "pipeline") for path in (shipped.PACKAGE / folder).rglob("*.py")
) + sorted(shipped.folder("lambda_handlers").glob("*.py"))


class _WithoutDocstrings(ast.NodeTransformer):
    def visit(self, node: ast.AST) -> ast.AST:
        self.generic_visit(node)
        if (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and ast.get_docstring(node, clean=False) is not None
        ):
            first = node.body[0]
            assert isinstance(first, ast.Expr)
            assert isinstance(first.value, ast.Constant)
            first.value.value = ""
            first.end_lineno = first.value.end_lineno = first.lineno
            first.end_col_offset = first.value.end_col_offset = first.col_offset
        return node


def told(source: bytes) -> str:
    """The program with the line of every statement; where a node ends does not matter to a traceback."""
    tree = _WithoutDocstrings().visit(ast.parse(source))
    for node in ast.walk(tree):
        for name in ("end_lineno", "end_col_offset"):
            if hasattr(node, name):
                setattr(node, name, 0)
    return ast.dump(tree, include_attributes=True)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_every_statement_stays_what_it_is_and_on_its_line(path: Path) -> None:
    source = path.read_bytes()
    assert told(lean(source)) == told(source)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('"""Module."""\nx = 1  # why\n', '""\nx = 1\n'),
        ('def f():\n    """One\n    two.\n    """\n    return 1\n', 'def f():\n    ""\n\n\n    return 1\n'),
        ('class E(Exception):\n    """Only this."""\n', 'class E(Exception):\n    ""\n'),
        ('x = "a\u2028# b\x0c"\n', 'x = "a\u2028# b\x0c"\n'),
        ('x = "# no comment"  # one\n', 'x = "# no comment"\n'),
        ('x = """a\n# text   \n"""\n', 'x = """a\n# text   \n"""\n'),
        ('def f(): "ü"; return 1  # é\n', 'def f(): ""; return 1\n'),
    ],
)
def test_comments_and_docstrings_alone_go(source: str, expected: str) -> None:
    assert lean(source.encode()).decode() == expected


def test_what_is_no_python_is_not_shipped() -> None:
    with pytest.raises(SyntaxError):
        lean(b"def f(:\n")
