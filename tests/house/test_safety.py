"""Nothing in the library runs code that it read from a file, and no text speaks of one person's machine."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
UNSAFE_MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
UNSAFE_CALLS = {"eval", "exec", "torch.load", "numpy.load", "np.load", "os.system"}


def unsafe(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names if alias.name.split(".")[0] in UNSAFE_MODULES)
            case ast.ImportFrom(module=str(module)) if module.split(".")[0] in UNSAFE_MODULES:
                yield module
            case ast.Call(func=ast.Name() | ast.Attribute() as called) if ast.unparse(called) in UNSAFE_CALLS:
                yield ast.unparse(called)
            case ast.keyword(arg="allow_pickle" | "shell"):
                yield str(node.arg)
            case _:
                pass


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_can_run_code(path: Path) -> None:
    assert list(unsafe(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "line", ["import pickle", "from torch import load; import dill.x", "eval('1')", "torch.load(f)", "f(shell=True)"]
)
def test_the_rule_sees_what_is_unsafe(line: str) -> None:
    assert list(unsafe(ast.parse(line)))


def test_methods_called_eval_are_allowed() -> None:
    assert list(unsafe(ast.parse("model.eval()"))) == []
