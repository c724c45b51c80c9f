"""What the docstrings and the README show is what happens."""

from __future__ import annotations

import doctest
import pkgutil
import re
from importlib import import_module
from pathlib import Path

import pytest

import throughtime
from throughtime.cli.main import status_of

MODULES = ["throughtime"] + [
    found.name
    for found in pkgutil.walk_packages(throughtime.__path__, "throughtime.")
    if not found.name.endswith("__main__")
]
TEXT = "It was the best of times, it was the worst of times.\n" * 300
SMALL = {
    "generate": {"steps": 4, "hidden": 16, "embedding": 8, "lanes": 4, "tbptt": 16},
    "classify": {"steps": 4, "hidden": 16, "embedding": 8},
}


@pytest.fixture
def in_a_folder_with_a_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with ``input.txt`` in it, and a ``fit`` that takes a moment."""
    (tmp_path / "input.txt").write_text(TEXT, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    whole = throughtime.fit

    def small(task: str, *given: object, **options: object) -> object:
        return whole(task, *given, **{**options, **SMALL[task]})

    monkeypatch.setattr(throughtime, "fit", small)
    return tmp_path


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name: str, in_a_folder_with_a_text: Path) -> None:
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    result = doctest.testmod(import_module(name), optionflags=flags)
    assert result.failed == 0


def blocks(root: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (root / "README.md").read_text(encoding="utf-8"), re.DOTALL)


def test_the_readme_has_something_to_run(root: Path) -> None:
    assert len(blocks(root, "python")) >= 2
    assert len(blocks(root, "console")) >= 2


def test_readme_python(root: Path, in_a_folder_with_a_text: Path) -> None:
    namespace: dict[str, object] = {}
    for block in blocks(root, "python"):
        exec(compile(block, "README.md", "exec"), namespace)


def commands(root: Path) -> list[str]:
    """The ``throughtime`` commands that the README shows, continued lines joined."""
    text = "\n".join(blocks(root, "console")).replace("\\\n", " ")
    return re.findall(r"^throughtime .*$", text, re.MULTILINE)


def test_readme_commands_have_these_options(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")
    assert commands(root)
    for command in commands(root):
        words = command.split("#")[0].split()[1:]
        path = words[:2] if words[0] == "fit" else words[:1]
        assert status_of([*path, "--help"]) == 0
        shown = capsys.readouterr().out
        for flag in (word for word in words if word.startswith("--")):
            assert re.search(rf"{flag}\b", shown), f"{command}: no option {flag}"
