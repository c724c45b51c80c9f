"""Imports run one way through the rooms, and no two files import each other."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "throughtime"

GROUND = {"errors", "axes"}
NETWORK = GROUND | {"kernels", "layers", "models"}
CRAFT = {"errors", "data", "training"}
MAY_IMPORT = {
    "errors": set[str](),
    "axes": set[str](),
    "kernels": GROUND,
    "layers": GROUND | {"kernels"},
    "models": GROUND | {"kernels", "layers"},
    "data": {"errors"},
    "training": {"errors", "data"},
    "tasks": NETWORK | CRAFT,
    "runs": NETWORK | CRAFT | {"tasks"},
    "bench": GROUND | {"kernels", "layers"},
    "cli": {"errors", "data", "training", "tasks", "runs", "bench"},
    "__main__": {"cli"},
}
"""Room -> the other rooms it may import; the two wings meet only in tasks."""

FILES = sorted(path for path in SOURCE.rglob("*.py") if path.parent != SOURCE or path.name != "__init__.py")


def module_of(path: Path) -> str:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path) for path in FILES}


def statements(path: Path) -> Iterator[ast.stmt]:
    """The statements that run when a file is imported; not those for the type checker alone."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            yield node


def imported(path: Path) -> Iterator[str]:
    """The modules of ours that a file imports anywhere, inside functions too."""
    yield from imports_among(ast.walk(ast.parse(path.read_text(encoding="utf-8"))), path)


def imports_among(nodes: Iterable[ast.AST], path: Path) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "throughtime")
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: write the whole name, not a relative import"
            if node.module and node.module.split(".")[0] == "throughtime":
                inner = {f"{node.module}.{alias.name}" for alias in node.names}
                yield from inner & MODULES or {node.module}


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_a_room_imports_only_the_rooms_below_it(path: Path) -> None:
    room = room_of(module_of(path))
    assert room in MAY_IMPORT, f"{room} is a new room: say in this file what it may import"
    allowed = MAY_IMPORT[room] | {room}
    upward = {module for module in imported(path) if room_of(module) not in allowed}
    assert not upward, f"{module_of(path)} must not import {sorted(upward)}"


def test_rooms_have_an_order() -> None:
    order = list(TopologicalSorter(MAY_IMPORT).static_order())
    assert order.index("kernels") < order.index("layers") < order.index("runs") < order.index("cli")


def test_no_two_files_need_each_other() -> None:
    graph = {module_of(path): set(imports_among(statements(path), path)) - {module_of(path)} for path in FILES}
    assert tuple(TopologicalSorter(graph).static_order())


def test_no_rule_hides_a_file_of_the_package_from_git() -> None:
    root = SOURCE.parents[1]
    if not (root / ".git").exists():
        pytest.skip("this copy of the sources has no history")
    files = "\n".join(str(path) for path in FILES)
    command = ["git", "check-ignore", "--no-index", "--stdin"]
    hidden = subprocess.run(command, input=files, capture_output=True, text=True, cwd=root, check=False)
    assert hidden.stdout.split() == []
