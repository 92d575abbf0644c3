"""What travels to the functions is what the repository holds, without what a machine does not read."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import TypeVar

import pytest

from zenoimg.stack.bundle import shipped
from zenoimg.stack.bundle.lean_source import lean

SOURCES = sorted(
    path for folder in ("imaging", "pipeline") for path in (shipped.PACKAGE / folder).rglob("*.py")
) + sorted(shipped.folder("lambda_handlers").glob("*.py"))


Node = TypeVar("Node", ast.Module, ast.ClassDef, ast.FunctionDef)


class _WithoutWhatNoMachineReads(ast.NodeTransformer):
    """Drops docstrings, annotations but those of a class's fields, and imports, which have a test of their own."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        self.generic_visit(node)
        return ast.Assign([node.target], node.value, lineno=node.lineno, col_offset=0) if node.value else node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        node.body = [field if isinstance(field, ast.AnnAssign) else self.visit(field) for field in node.body]
        return self.without_docstring(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        node.returns = None
        return self.without_docstring(node)

    def visit_Module(self, node: ast.Module) -> ast.Module:
        self.generic_visit(node)
        node.body = [each for each in node.body if not isinstance(each, ast.ImportFrom | ast.If)]
        return self.without_docstring(node)

    def without_docstring(self, node: Node) -> Node:
        idle = [
            each
            for each in node.body
            if isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant) and isinstance(each.value.value, str)
        ]
        node.body = [each for each in node.body if each not in idle] or [
            ast.Expr(ast.Constant(""), lineno=node.body[0].lineno)
        ]
        return node


def told(source: bytes) -> str:
    """The program with the line of every statement; in which column it stands does not matter to a traceback."""
    tree = _WithoutWhatNoMachineReads().visit(ast.parse(source))
    for node in ast.walk(tree):
        for name in ("end_lineno", "end_col_offset", "col_offset"):
            setattr(node, name, 0)
        if isinstance(node, ast.Constant):  # where in its statement it stands
            node.lineno = 0
    return ast.dump(tree, include_attributes=True)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_every_statement_stays_what_it_is_and_on_its_line(path: Path) -> None:
    source = path.read_bytes()
    assert told(lean(source)) == told(source)


def test_no_name_is_missed(tmp_path: Path) -> None:
    for path in SOURCES:
        (tmp_path / "_".join(path.parts[-3:])).write_bytes(lean(path.read_bytes()))
    # Undefined names; IO stands in the texts that ``cast`` takes, which nothing evaluates.
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F821", "--config", 'builtins=["IO"]']
    done = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_functions_source_shrinks() -> None:
    before, after = (sum(len(change(path.read_bytes())) for path in SOURCES) for change in (bytes, lean))
    assert after < 0.75 * before


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('"""Module."""\nx = 1  # why\n', "\nx=1\n"),
        ('def f():\n    """One\n    two.\n    """\n    return 1\n', "def f():\n\n\n\n return 1\n"),
        ('class E(Exception):\n    """Only this."""\n', 'class E(Exception):\n ""\n'),
        ('x = "a\u2028# b\x0c"\n', 'x="a\u2028# b\x0c"\n'),
        ('x = "# no comment"  # one\n', 'x="# no comment"\n'),
        ('x = """a\n# text   \n"""\n', 'x="""a\n# text   \n"""\n'),
        ('X = 1\n"""What it is."""\ny = 2\n', "X=1\n\ny=2\n"),
        ('def f(): "ü"; return 1  # é\n', 'def f():"";return 1\n'),
        ("def f(a: int = 1, *b: 'str', c: dict[str, int]) -> None: pass\n", "def f(a=1,*b,c):pass\n"),
        (
            "def f(\n    a: dict[\n        str, int\n    ],\n) -> int:\n    return a\n",
            "def f(\na\n\n,\n):\n return a\n",
        ),
        ("from __future__ import annotations\nx: int = 1\n", "\nx=1\n"),
        (
            "from __future__ import annotations\nclass A:\n    x: int = 1\n    y: T\n",
            "from __future__ import annotations\nclass A:\n x:int=1\n y:T\n",
        ),
        (
            "from a import (\n    B,\n    c,  # why\n)\ndef f(b: B) -> None:\n    c()\n",
            "from a import c\n\n\n\ndef f(b):\n c()\n",
        ),
        ("from a import B\n__all__ = ['B']\n", "from a import B\n__all__=['B']\n"),
        ("if TYPE_CHECKING:\n    from a import B\nx = 1\n", "\n\nx=1\n"),
        ("x = a if b else not c\ny = 1 .real\n", "x=a if b else not c\ny=1 .real\n"),
        ('x = f"{a  +  1 :>{b  }}  # c" + rb"\\n"\n', 'x=f"{a  +  1 :>{b  }}  # c"+rb"\\n"\n'),
        ('x = f"""{a}\n  {b}  \n"""  # c\ny = 1\n', 'x=f"""{a}\n  {b}  \n"""\ny=1\n'),
        ("x = 1 + \\\n    2\ny = 1\n", "x=1+\\\n2\ny=1\n"),
        ("if a:\n    if b:\n        c = [\n            1,\n        ]\nd = 1\n", "if a:\n if b:\n  c=[\n1,\n]\nd=1\n"),
    ],
)
def test_what_a_machine_does_not_read_goes_and_the_rest_stays_on_its_line(source: str, expected: str) -> None:
    assert lean(source.encode()).decode() == expected


def test_what_is_no_python_is_not_shipped() -> None:
    with pytest.raises(SyntaxError):
        lean(b"def f(:\n")
