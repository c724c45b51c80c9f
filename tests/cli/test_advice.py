"""Every message names options of the command at hand, and doing as it says leads on."""

from __future__ import annotations

import re
import shlex
from functools import cache
from pathlib import Path

import pytest
import typer
from advice_case import FIT, TEXTS, Case, written
from advice_for_fit import FITTING, VALUES
from advice_for_runs import USING
from untrained import Doors, without_training

import throughtime
from throughtime.cli.main import app, status_of

OPTION = re.compile(r"(?<![\w-])(fit )?(--[a-z][a-z-]*)")
SOURCE = Path(throughtime.__file__).parent


@pytest.fixture
def doors(monkeypatch: pytest.MonkeyPatch) -> Doors:
    return without_training(monkeypatch)


@cache
def options_of_command(*words: str) -> frozenset[str]:
    """The flags of a command, such as ``fit tag``."""
    command = typer.main.get_command(app)
    for word in words:
        command = command.commands[word]  # type: ignore[attr-defined]
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
        assert len(doors.records) == case.reads
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
        assert (len(doors.records) or doors.characters) == case.reads


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
