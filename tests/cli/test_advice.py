"""Every message names options of the command at hand, and doing as it says leads on."""

from __future__ import annotations

import ast
import inspect
import io
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import advice_for_answer
import advice_for_fit
import advice_for_forecast
import advice_for_lab
import advice_for_music
import advice_for_runs
import pytest
import typer
from advice_case import FIT, TEXTS, Case, written
from advice_for_fit import VALUES
from untrained import Doors, without_training

import throughtime
from throughtime import doors as wording
from throughtime.cli.main import app, status_of

FITTING = {
    **advice_for_fit.FITTING,
    **advice_for_answer.FITTING,
    **advice_for_forecast.FITTING,
    **advice_for_music.FITTING,
}
USING = {
    **advice_for_runs.USING,
    **advice_for_answer.USING,
    **advice_for_forecast.USING,
    **advice_for_lab.USING,
    **advice_for_music.USING,
}
NAMING = ("option", "named")
OPTION = re.compile(r"(?<![\w-])(fit )?(--[a-z][a-z-]*[a-z])(?![\w-])")
SOURCE = Path(throughtime.__file__).parent


@cache
def whole_command() -> Any:
    """The command line, all of it put together once: that takes longer than most of these commands."""
    return put_together(typer.main.get_command(app))


def put_together(command: Any) -> Any:
    whole = command.whole() if hasattr(command, "whole") else command
    for name, each in getattr(whole, "commands", {}).items():
        whole.commands[name] = put_together(each)
    return whole


class Typed:
    """Standard input that is the same for each command."""

    @property
    def buffer(self) -> io.BytesIO:
        return io.BytesIO(advice_for_forecast.TYPED.encode())


@pytest.fixture(autouse=True)
def doors(monkeypatch: pytest.MonkeyPatch) -> Doors:
    monkeypatch.setattr("throughtime.cli.main.app", whole_command())
    monkeypatch.setattr("sys.stdin", Typed())
    return without_training(monkeypatch)


@cache
def options_of_command(*words: str) -> frozenset[str]:
    """The flags of a command, such as ``fit tag``."""
    command = whole_command()
    for word in words:
        command = command.commands[word]
    return frozenset(flag for each in command.params for flag in (*each.opts, *each.secondary_opts))


def name_of_command(arguments: list[str]) -> tuple[str, ...]:
    return tuple(arguments[:2]) if arguments[0] == "fit" else (arguments[0],)


def said_by(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """The status, and what is said: of a refusal the one line on standard error."""
    capsys.readouterr()
    status = status_of(arguments)
    captured = capsys.readouterr()
    assert status == 0 or captured.err.count("\n") == 1, captured.err
    return status, captured.err if status else captured.err + captured.out


def check_options(arguments: list[str], said: str, task: str) -> set[str]:
    """See that all options that are named are there; give those of the command itself."""
    own = set[str]()
    for other, flag in OPTION.findall(said):
        command = ("fit", task) if other else name_of_command(arguments)
        assert flag in options_of_command(*command), f"{' '.join(command)} has no {flag}: {said}"
        own |= set() if other else {flag}
    return own


def follow(case: Case, before: str | None, doors: Doors, capsys: pytest.CaptureFixture[str]) -> None:
    written(case.files)
    if before is not None:
        status, said = said_by(shlex.split(before), capsys)
        assert status == 0, said
    arguments = shlex.split(case.command)
    task = (before or case.command).split()[1]
    status, said = said_by(arguments, capsys)
    assert (status == 0) is case.told, said
    assert case.says in said
    named = check_options(arguments, said, task)
    if case.told:
        assert doors.count == case.reads
        return
    if case.then is None and case.without is None:
        return  # the data is to be mended, or another run to be made
    typed = shlex.split(case.then or "")
    assert {word for word in typed if word.startswith("--")} <= named, "what is typed then was named"
    if case.without is not None:
        assert f" {case.without}" in case.command
        arguments = shlex.split(case.command.replace(f" {case.without}", "", 1))
    status, said = said_by([*arguments, *typed], capsys)
    if isinstance(case.reads, str):
        assert status == 2 and case.reads in said, said
        check_options(arguments, said, task)
    else:
        assert status == 0, said
        assert doors.count == case.reads


@pytest.mark.parametrize("name", FITTING)
def test_fit(name: str, doors: Doors, capsys: pytest.CaptureFixture[str]) -> None:
    follow(FITTING[name], FITTING[name].before, doors, capsys)


@pytest.mark.parametrize("name", USING)
def test_evaluate_predict_and_generate(name: str, doors: Doors, capsys: pytest.CaptureFixture[str]) -> None:
    follow(USING[name], USING[name].before or FIT, doors, capsys)


@pytest.mark.parametrize("given, says, then", VALUES)
def test_values(given: str, says: str, then: str | None, doors: Doors, capsys: pytest.CaptureFixture[str]) -> None:
    case = Case({"a.csv": TEXTS}, f"{FIT} {given}", says, then, 24)
    follow(case, None, doors, capsys)


def all_flags() -> frozenset[str]:
    """The flags of all commands."""
    found = set[str]()
    waiting = [whole_command()]
    for command in waiting:
        waiting += getattr(command, "commands", {}).values()
        found |= {flag for each in command.params for flag in (*each.opts, *each.secondary_opts)}
    return frozenset(found)


def test_flags_in_texts_are_flags() -> None:
    """What looks like a flag in any text of the package is one; what the door of Python says too has none."""
    known = {*all_flags(), "--help"}
    for path in SOURCE.rglob("*.py"):
        name = str(path.relative_to(SOURCE))
        if name in (
            "training/pages/report.py",
            "training/pages/page.py",
            "training/pages/drawing.py",
        ):  # variables of CSS
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert {flag for _, flag in OPTION.findall(node.value)} <= known, f"{name}:{node.lineno}"


UNPROVOKED = {
    "data/in_memory/rows.py:_check_shape": "arrays in memory",
    "data/planning/split.py:held_out_from": "a single step has a single label, which is refused before",
    "data/panel/memory.py:_of_arrays": "arrays in memory: tests/data/panel/test_memory.py",
    "data/formats/table.py:read_table": "what a caller in Python did wrong",
    "tasks/generate/text/reader.py:encode": "a text most of which is unknown: tests/tasks/supervised/test_remarks.py",
    "tasks/generate/text/reader.py:_given": "text in memory",
    "cli/generate.py:_write_tune": "a terminal: tests/cli/test_generate.py",
    "runs/generating_run.py:generate": "the door of Python: tests/tasks/generate/test_music.py",
    "tasks/generate/music/pieces.py:_listed": "a table in memory: tests/tasks/generate/test_music.py",
    "tasks/supervised/reader.py:new_inputs": "a task of several inputs",
    "tasks/supervised/remarks.py:_what_to_try": "told of what trains: tests/tasks/supervised/test_remarks.py",
    "tasks/supervised/unused_options.py:_check_memory": "data in memory: tests/tasks/supervised/test_unused_options.py",
    "tasks/supervised/unused_options.py:check_columns": "its note is of data in memory",
    "training/checkpoint.py:restore": "needs a GPU",
    "training/options.py:_check_kind": "a list in Python: tests/tasks/translate/test_options.py",
    "training/files.py:writing": "a full disk",
    "training/metrics.py:_writing": "a full disk",
    "training/loop.py:resume": "needs a trained run: tests/training/test_loop.py",
    "training/loop.py:_require_finite": "a loss that is not finite: tests/training/test_loop.py",
}
"""Functions that name options where no command does so here -> why."""


def named_in_source() -> Iterator[tuple[str, str, range]]:
    """File, function and lines of each call that names an option."""
    for path in SOURCE.rglob("*.py"):
        name = str(path.relative_to(SOURCE))
        if name == "doors.py" or name.startswith("bench/"):
            continue
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMING:
                        yield name, function.name, range(node.lineno, (node.end_lineno or node.lineno) + 1)


def test_all_of_them_are_provoked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    met = set[tuple[str, int]]()
    spell = wording.spelled

    def spelled(name: str, value: Any = None) -> str:
        frame = inspect.currentframe()
        while frame is not None and frame.f_code.co_filename in (__file__, wording.__file__):
            frame = frame.f_back
        assert frame is not None
        met.add((frame.f_code.co_filename.removeprefix(f"{SOURCE}/"), frame.f_lineno))
        return spell(name, value)

    monkeypatch.setattr(wording, "spelled", spelled)
    values = [Case({"a.csv": TEXTS}, f"{FIT} {given}", says) for given, says, _ in VALUES]
    for number, case in enumerate([*FITTING.values(), *USING.values(), *values]):
        (tmp_path / str(number)).mkdir()
        monkeypatch.chdir(tmp_path / str(number))
        written(case.files)
        before = case.before or (FIT if case in USING.values() else None)
        for command in filter(None, (before, case.command)):
            status_of(shlex.split(command))
    sites = list(named_in_source())
    missed = {f"{name}:{function}" for name, function, lines in sites if not any((name, line) in met for line in lines)}
    assert len(sites) > 100
    assert not (missed - UNPROVOKED.keys()), "\n".join(sorted(missed - UNPROVOKED.keys()))
    assert not (UNPROVOKED.keys() - missed), "\n".join(sorted(UNPROVOKED.keys() - missed))
