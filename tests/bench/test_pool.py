"""The processes: they answer, they stand still between turns, and one that dies is an answer too."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from pathlib import Path

import pytest
from tiny_rows import TINY

from throughtime.bench import pool as pools
from throughtime.bench.pool import Pool
from throughtime.bench.worker import Desk, answer, serve


def prepare(key: str = "a", form: str = "torch_layers.layer") -> dict[str, object]:
    return {"do": "prepare", "key": key, "form": form, "workload": asdict(TINY)}


def state_of(process: int) -> str:
    """The letter that the system gives a process: T when it is stopped."""
    return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]


def test_requests_and_answers_are_lines_of_json() -> None:
    lines = [prepare(), {"do": "time", "key": "a", "calls": 2}, {"do": "pauses", "key": "a", "calls": 3, "pause": 0.0}]
    answers = io.StringIO()
    serve([json.dumps(line) for line in [*lines, {"do": "clear"}, lines[1]]], answers)
    prepared, timed, paused, cleared, forgotten = (json.loads(line) for line in answers.getvalue().splitlines())
    assert prepared["seconds"] > 0 and timed["seconds"] > 0
    assert len(paused["seconds"]) == 3
    assert cleared == {}
    assert forgotten == {"error": "KeyError: 'a'"}


def test_a_library_that_is_not_there() -> None:
    told = answer(Desk(), prepare(form="nowhere.layer"))
    assert told == {"error": "not installed: throughtime.bench.peers.nowhere"}


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="this system has no /proc")
def test_a_worker_stands_still_between_its_turns(pool: Pool) -> None:
    assert "seconds" in pool.ask("torch", 1, **prepare())
    worker = pool._workers["torch", 1]
    assert state_of(worker._process.pid) == "T"
    assert "seconds" in pool.ask("torch", 1, do="time", key="a", calls=1)


def test_a_worker_that_died_is_an_answer_and_the_next_request_starts_another() -> None:
    with Pool() as pool:
        pool.ask("torch", 1, do="clear")
        pool._workers["torch", 1]._process.kill()
        assert pool.ask("torch", 1, do="clear")["error"].startswith("the process ended")
        assert pool.ask("torch", 1, do="clear") == {}


def test_no_worker_is_left_behind() -> None:
    with Pool() as pool:
        pool.ask("torch", 1, do="clear")
        process = pool._workers["torch", 1]._process
    assert process.poll() == 0


def test_the_threads_that_were_asked_for(pool: Pool) -> None:
    assert pools.cores() >= 1
    assert set(pool.ask("throughtime", 1, do="machine")) == {"target", "peak"}
