"""Imports run one way through the rooms and the rooms inside them, and no two files need each other.

All imports count, those inside functions and for the type checker alone, too. What is chosen by name while the program
runs (``import_module``: a task, a peer of the benchmark) is no import.
"""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterable, Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from throughtime.tasks import TASKS

SOURCE = Path(__file__).resolve().parents[2] / "src" / "throughtime"

GROUND = {"errors", "axes", "doors"}
NETWORK = GROUND | {"kernels", "layers", "models", "decoding"}
CRAFT = {"errors", "doors", "data", "training"}
MAY_IMPORT = {
    "errors": set[str](),
    "axes": set[str](),
    "doors": set[str](),
    "kernels": GROUND,
    "layers": GROUND | {"kernels"},
    "decoding": {"errors", "doors"},
    "models": GROUND | {"kernels", "layers", "decoding"},
    "insight": NETWORK,
    "data": {"errors", "doors"},
    "training": {"errors", "doors", "data"},
    "tasks": NETWORK | CRAFT,
    "runs": NETWORK | CRAFT | {"tasks", "insight"},
    "estimators": CRAFT | {"tasks", "runs"},
    "bench": GROUND | {"kernels", "layers"},
    "web": {"errors", "doors"},
    "lab": {"errors", "doors", "data", "layers", "tasks", "runs", "insight"},
    "cli": {"errors", "doors", "data", "training", "tasks", "runs", "bench", "insight", "web", "lab"},
    "__main__": {"cli"},
}
"""Room -> the other rooms it may import; the two wings meet only in tasks."""
PART_MAY_IMPORT = {
    ("bench", "memory"): {"models", "data", "training", "tasks", "runs"},
    ("bench", "gpu"): {"models", "training"},
    ("insight", "pictures"): {"training"},
}
"""Part of a room -> the rooms that it alone may import, beside those of its room: layers are timed without tasks, and
what is drawn of a network is drawn as a report is."""

HALL = "hall"
"""The files that stand in a room itself, beside its inner rooms."""

INSIDE: dict[str, dict[str, set[str]]] = {
    "kernels": {
        HALL: {"reference", "diagonal", "triton"},
        "reference": {"call"},  # the loop runs a call, and a call names its cell: by files that is an order
        "diagonal": {"reference", "call", "packing", "products", "derivative", "batching", "triton"},
        "triton": {"reference", "call", "checks"},
    },
    "layers": {
        HALL: {"attention", "construction", "diagonal"},
        "attention": {"rows", "stream_input", "construction"},
        "construction": set(),
        "diagonal": {"recurrent", "rows", "construction"},
        "multidimensional": {HALL, "construction"},
    },
    "models": {HALL: {"parts"}, "parts": set()},
    "training": {HALL: set(), "pages": {HALL}},
    "data": {
        HALL: set(),
        "tables": {HALL},
        "series": {HALL, "tables"},
        "media": {HALL},
        "music": {HALL},
        "in_memory": {HALL, "tables", "series"},
        "formats": {HALL, "tables", "series", "media", "in_memory"},
        "clocks": {HALL, "tables", "series"},
        "patterns": {HALL, "clocks"},
        "panel": {HALL, "tables", "series", "in_memory", "formats", "clocks", "patterns"},
        "encoding": {HALL},
        "planning": {HALL},
        "demos": {"music"},
        "memory": {"demos"},
    },
    "tasks": {
        HALL: set(),
        "rivals": {HALL},
        "supervised": {HALL, "rivals"},
        "writing": {HALL, "supervised", "rivals"},
        "forecast": {HALL, "rivals"},
        **{task: {HALL, "supervised", "rivals", "writing"} for task in TASKS},  # no task knows another
    },
    "runs": {HALL: {"explaining"}, "explaining": {"opened_run", "loading"}},
    "insight": {HALL: {"walking"}, "walking": set(), "pictures": {"results"}},
    "bench": {HALL: {"gpu"}, "peers": {HALL}, "memory": {HALL}, "gpu": {"results"}},
    "cli": {
        "display": set(),
        HALL: {"display"},
        "demos": {HALL, "display"},
        "lab": {HALL, "demos"},
        "main": {HALL, "demos", "lab"},
    },
}
"""Room -> part of it -> which other parts that one may import.

A part is an inner room, the hall, or a single file of the hall that stands above the others; what it may import can be
a single file of the hall, too.
"""

FILES = sorted(path for path in SOURCE.rglob("*.py") if path.parent != SOURCE or path.name != "__init__.py")


def module_of(path: Path) -> str:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path) for path in FILES}
FOLDERS = {module_of(path) for path in FILES if path.name == "__init__.py"}


@cache
def imported(path: Path) -> frozenset[str]:
    """The modules of ours that a file imports anywhere: in functions and for the type checker, too."""
    return frozenset(imports_in(path.read_text(encoding="utf-8"), str(path)))


def imports_in(text: str, name: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "throughtime")
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}:{node.lineno}: write the whole name, not a relative import"
            if node.module and node.module.split(".")[0] == "throughtime":
                wholes = [f"{node.module}.{alias.name}" for alias in node.names]
                yield from (whole if whole in MODULES else node.module for whole in wholes)


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def part_of(module: str) -> tuple[str, str]:
    """The part of its room to which a module belongs, and its name inside the room."""
    _, room, *inside = module.split(".")
    name = ".".join(inside)
    if name in INSIDE.get(room, ()):
        return name, name
    return inside[0] if len(inside) > 1 or (module in FOLDERS and inside) else HALL, name


def misplaced(module: str, imports: Iterable[str]) -> set[str]:
    """What a module imports from its own room against the table of that room's parts."""
    room, (part, _) = room_of(module), part_of(module)
    table = INSIDE.get(room, {HALL: set()})
    assert part in table, f"{part} is a new room in {room}: say in this file what it may import"
    allowed = table[part] | {part}
    return {other for other in imports if room_of(other) == room and not allowed & set(part_of(other))}


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_a_room_imports_only_the_rooms_below_it(path: Path) -> None:
    room = room_of(module_of(path))
    assert room in MAY_IMPORT, f"{room} is a new room: say in this file what it may import"
    part, _ = part_of(module_of(path)) if room in INSIDE else (HALL, "")
    allowed = MAY_IMPORT[room] | {room} | PART_MAY_IMPORT.get((room, part), set())
    upward = {module for module in imported(path) if room_of(module) not in allowed}
    assert not upward, f"{module_of(path)} must not import {sorted(upward)}"


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_an_inner_room_imports_only_what_its_table_says(path: Path) -> None:
    wrong = misplaced(module_of(path), imported(path))
    assert not wrong, f"{module_of(path)} must not import {sorted(wrong)}"


def test_rooms_have_an_order() -> None:
    parts = {
        room: set[str]().union(*(PART_MAY_IMPORT[key] for key in PART_MAY_IMPORT if key[0] == room))
        for room in MAY_IMPORT
    }
    order = list(TopologicalSorter({room: MAY_IMPORT[room] | parts[room] for room in MAY_IMPORT}).static_order())
    assert order.index("kernels") < order.index("layers") < order.index("runs") < order.index("cli")


@pytest.mark.parametrize("room", INSIDE)
def test_inner_rooms_have_an_order(room: str) -> None:
    assert tuple(TopologicalSorter(INSIDE[room]).static_order())


def test_no_two_files_need_each_other() -> None:
    graph = {module_of(path): imported(path) - {module_of(path)} for path in FILES}
    assert tuple(TopologicalSorter(graph).static_order())


@pytest.mark.parametrize(
    "text",
    [
        "import throughtime.data.files",
        "from throughtime.data.files import open_lines",
        "from throughtime.data import files",
        "if TYPE_CHECKING:\n    from throughtime.data.files import Lines",
        "def f():\n    from throughtime.data import files",
    ],
)
def test_every_way_to_import_is_seen(text: str) -> None:
    assert list(imports_in(text, "a file")) == ["throughtime.data.files"]


@pytest.mark.parametrize(
    ("module", "other", "allowed"),
    [
        ("data.files", "data.formats.table", False),
        ("data.formats.table", "data.files", True),
        ("data.formats.table", "data.tables.columns", True),
        ("data.series.long", "data.tables.columns", True),
        ("data.tables.columns", "data.series.long", False),
        ("data.in_memory.records", "data.formats.registry", False),
        ("data.in_memory.records", "data.series.named_steps", True),
        ("data.planning.split", "data.encoding", False),
        ("data.demos.demonstration", "data.files", False),
        ("tasks.tag.job", "tasks.registry", True),
        ("tasks.tag.job", "tasks.supervised.learner", True),
        ("tasks.tag.job", "tasks.classify.job", False),
        ("tasks.supervised.learner", "tasks.tag.job", False),
        ("cli.main", "cli.demos.command", True),
        ("cli.demos.command", "cli.main", False),
        ("kernels.reference.loop", "kernels.call", True),
        ("kernels.reference.loop", "kernels.native", False),
    ],
)
def test_the_table_of_inner_rooms_sees_what_is_against_it(module: str, other: str, allowed: bool) -> None:
    wrong = misplaced(f"throughtime.{module}", {f"throughtime.{other}", "throughtime.errors"})
    assert wrong == (set() if allowed else {f"throughtime.{other}"})


def test_no_rule_hides_a_file_of_the_package_from_git() -> None:
    root = SOURCE.parents[1]
    if not (root / ".git").exists():
        pytest.skip("this copy of the sources has no history")
    files = "\n".join(str(path) for path in FILES)
    command = ["git", "check-ignore", "--no-index", "--stdin"]
    hidden = subprocess.run(command, input=files, capture_output=True, text=True, cwd=root, check=False)
    assert hidden.stdout.split() == []
