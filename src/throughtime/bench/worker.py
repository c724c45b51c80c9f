"""One library in a process of its own: ``python -m throughtime.bench.worker LIBRARY THREADS``.

It answers requests, one JSON object a line, on standard input and output; :mod:`throughtime.bench.pool` asks them.
Forms of work are named like "torch_layers.packed": a module of :mod:`throughtime.bench.peers` and a function in it.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any, TextIO

from throughtime.bench.workload import Work, Workload

__all__ = ["Desk", "answer", "serve"]

PILOT_CALLS = 3


class Desk:
    """The works of one process, by the keys that the other end gave them."""

    def __init__(self) -> None:
        self._works: dict[str, Work] = {}

    def prepare(self, key: str, form: str, workload: dict[str, Any]) -> dict[str, Any]:
        """Build a work, run it once, and say how long a call takes, in seconds.

        Args:
            key: its name from now on.
            form: how it is done, such as "torch_layers.packed".
            workload: the fields of a :class:`~throughtime.bench.workload.Workload`.
        """
        module, function = form.split(".")
        work = getattr(import_module(f"throughtime.bench.peers.{module}"), function)(Workload(**workload))
        work()
        gc.collect()
        self._works[key] = work
        return {"seconds": statistics.median(_seconds(work, 1) for _ in range(PILOT_CALLS))}

    def time(self, key: str, calls: int) -> dict[str, Any]:
        """Time some calls; the mean, in seconds. A call that is not timed first brings its data back into the caches.

        Args:
            key: the work.
            calls: how many.
        """
        work = self._works[key]
        work()
        return {"seconds": _seconds(work, calls)}

    def pauses(self, key: str, calls: int, pause: float) -> dict[str, Any]:
        """Time single calls with a pause before each; each one's seconds.

        Args:
            key: the work.
            calls: how many.
            pause: seconds.
        """
        return {"seconds": [_after(pause, self._works[key]) for _ in range(calls)]}

    def result(self, key: str) -> dict[str, Any]:
        """What a work computes, as nested lists: by this the libraries are compared with each other.

        Args:
            key: the work.
        """
        told = self._works[key]()
        return {"result": (told.detach().float().numpy() if hasattr(told, "detach") else told).tolist()}

    def clear(self) -> dict[str, Any]:
        """Forget all works."""
        self._works.clear()
        gc.collect()
        return {}

    def machine(self) -> dict[str, Any]:
        """The CPU target and its measured peak."""
        return dict(import_module("throughtime.bench.peers.ours").machine())


def _seconds(work: Work, calls: int) -> float:
    """Mean seconds of a call."""
    start = time.perf_counter()
    for _ in range(calls):
        work()
    return (time.perf_counter() - start) / calls


def _after(pause: float, work: Work) -> float:
    time.sleep(pause)
    return _seconds(work, 1)


def answer(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Do what a request asks for; a failure is an answer too.

    Args:
        desk: the works.
        request: ``do``, the name of a method of the desk, and its arguments.

    Returns:
        What the method gave, or ``error``: one line.
    """
    wanted = dict(request)
    method: Callable[..., dict[str, Any]] = getattr(desk, wanted.pop("do"))
    try:
        return method(**wanted)
    except ModuleNotFoundError as error:
        return {"error": f"not installed: {error.name}"}
    except Exception as error:  # a library may fail in any way; that is what the row then says
        return {"error": " ".join(f"{type(error).__name__}: {error}".split())[:200]}


def serve(requests: Iterable[str], answers: TextIO) -> None:
    """Answer every line until there are no more.

    Args:
        requests: JSON objects, one a line.
        answers: where the answers go, one a line.
    """
    desk = Desk()
    for line in requests:
        print(json.dumps(answer(desk, json.loads(line))), file=answers, flush=True)


def main() -> None:
    """Serve the process that started this one."""
    library, threads = sys.argv[1], int(sys.argv[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to both ends; the other one ends this one
    if library == "jax" and threads == 1 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # its pool is as large as the cores that it sees
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    gc.disable()  # no collection inside a timed call
    serve(sys.stdin, answers)


if __name__ == "__main__":
    main()
