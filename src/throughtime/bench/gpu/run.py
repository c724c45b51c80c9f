"""The whole run: parity, then times, within the time there is; each row told as it ends, and kept at once."""

from __future__ import annotations

import multiprocessing
import os
import platform
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from throughtime.bench.gpu.parity import anywhere, check
from throughtime.bench.gpu.rows import Place, Row, rows
from throughtime.bench.gpu.timing import Clock
from throughtime.bench.gpu.variants import TINY, Variant, variants
from throughtime.bench.gpu.workloads import ours
from throughtime.bench.results import write

__all__ = ["LATE", "RIGHT", "WRONG", "Asked", "run", "status_of"]

RIGHT, WRONG, LATE = 0, 1, 3
"""Exit statuses: all was right and all was measured; something was wrong; something was not done in time."""

FOR_PARITY = 0.6
"""Share of the time after which no more variants are waited for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run is to do."""

    device: torch.device
    """The GPU; the CPU in a dry run."""
    minutes: float
    """Time for all of it."""
    processes: int
    """Processes that compile and check side by side; 0: this one alone."""
    text: Path | None
    """A text for the rows that read one."""
    json: Path | None
    """Where what is found is kept; None: nowhere."""
    quick: bool
    """Tiny sizes: all is gone through, and no figure means anything."""
    some: int | None = None
    """Variants and rows, at most; None: all."""
    command: str = ""
    """The command that asked for it, for the record."""
    tell: Callable[[str], None] = field(default=print)
    """Called with each line that is told."""


def run(asked: Asked) -> dict[str, Any]:
    """Check, time and keep.

    Args:
        asked: what is to be done.

    Returns:
        ``conditions``, ``parity`` and ``rows``, as the JSON file holds them.
    """
    results: dict[str, Any] = {"conditions": _conditions(asked), "parity": [], "rows": []}
    deadline = time.monotonic() + 60 * asked.minutes
    guard = _Guard(asked, deadline)
    try:
        _check_all(asked, results, deadline - (1 - FOR_PARITY) * 60 * asked.minutes)
        _time_all(asked, results, deadline)
    finally:
        guard.cancel()
    return results


class _Guard(threading.Timer):
    """Ends the process where something hangs: a kernel that waits for ever cannot be interrupted."""

    def __init__(self, asked: Asked, deadline: float) -> None:
        super().__init__(deadline - time.monotonic() + 20, self._end)
        self.daemon = True
        self._tell = asked.tell
        self.start()

    def _end(self) -> None:
        self._tell(f"something hangs: the run ends with status {LATE}, and what was measured is kept")
        os._exit(LATE)


def _conditions(asked: Asked) -> dict[str, Any]:
    on_gpu = asked.device.type == "cuda"
    try:
        import triton

        known = str(triton.__version__)
    except ModuleNotFoundError:
        known = "not installed"
    return {
        "card": torch.cuda.get_device_name(asked.device) if on_gpu else f"none ({platform.machine()})",
        "when": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "cudnn": str(torch.backends.cudnn.version()) if on_gpu else "none",
            "triton": known,
        },
        "command": asked.command,
        "quick": asked.quick,
    }


def _keep(asked: Asked, results: dict[str, Any]) -> None:
    if asked.json is not None:
        write(asked.json, results)


# -- parity ----------------------------------------------------------------------------------------------------------


def _check_all(asked: Asked, results: dict[str, Any], until: float) -> None:
    """All variants, and beside them what is timed later, so that it is compiled by then."""
    wanted = variants()[: asked.some]
    if asked.quick:
        wanted = [replace(variant, size=TINY) for variant in wanted]
    for number, found in enumerate(_checked(asked, wanted, until), 1):
        results["parity"].append(found)
        asked.tell(f"{number:3} of {len(wanted)}  {_said(found)}")
        _keep(asked, results)


def _checked(asked: Asked, wanted: Sequence[Variant], until: float) -> Iterator[dict[str, Any]]:
    """The outcomes as they come; what is not done by then is late."""
    if not asked.processes:
        for variant in wanted:
            yield _check_there(variant, asked.device, asked.quick) if time.monotonic() < until else _late(variant)
        return
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(asked.processes, spawn, initializer=torch.set_num_threads, initargs=(1,))
    running = {pool.submit(_check_there, variant, asked.device, asked.quick): variant for variant in wanted}
    for row in rows()[: asked.some]:
        if row.warm is not None and not asked.quick:
            pool.submit(_warm, row, asked.device)
    try:
        for done in as_completed(list(running), timeout=max(1.0, until - time.monotonic())):
            variant = running.pop(done)
            raised = done.exception()
            yield done.result() if raised is None else _late(variant) | {"failed": f"its process ended: {raised}"}
    except TimeoutError:
        yield from map(_late, running.values())
    finally:
        _leave(pool, until)


def _check_there(variant: Variant, device: torch.device, quick: bool) -> dict[str, Any]:
    """Check a variant; on the CPU the programs for GPUs are interpreted, where triton is installed."""
    with anywhere() if quick and find_spec("triton") else nullcontext():
        return check(variant, device)


def _leave(pool: ProcessPoolExecutor, until: float) -> None:
    """Let what is under way end while there is time, then end the processes: they would disturb what is timed."""
    workers = list((pool._processes or {}).values())  # pyright: ignore[reportPrivateUsage]
    pool.shutdown(wait=False, cancel_futures=time.monotonic() >= until)
    for worker in workers:
        worker.join(max(0.0, until - time.monotonic()))
        if worker.is_alive():
            worker.kill()


def _warm(row: Row, device: torch.device) -> None:
    """Compile what a row runs."""
    assert row.warm is not None
    ours(row.warm, device)[0]()
    torch.cuda.synchronize(device)


def _late(variant: Variant) -> dict[str, Any]:
    return {**{name: getattr(variant, name) for name in variant.__slots__}, "right": False, "late": True}


def _said(found: dict[str, Any]) -> str:
    what = ", ".join(str(found[name]) for name in Variant.__slots__)
    if "failed" in found:
        return f"WRONG  {what}: {found['failed']}"
    if "late" in found:
        return f"late   {what}"
    beside = "" if found["beside"] is None else f", torch.nn {found['beside']:.1e}"
    mark = "right" if found["right"] else "WRONG"
    warned = f", warned: {found['warned'][0].partition('. ')[0]}" if found["warned"] else ""
    return f"{mark}  {what}: {found['kernel']}, error {found['error']:.1e} ({found['of']}){beside}{warned}"


# -- times -----------------------------------------------------------------------------------------------------------


def _time_all(asked: Asked, results: dict[str, Any], deadline: float) -> None:
    place = Place(asked.device, Clock(asked.device, asked.quick), asked.text, asked.quick)
    for row in rows()[: asked.some]:
        if time.monotonic() < deadline:
            found = _timed(row, place)
            if asked.quick:
                found |= {"goals": []}  # figures of tiny sizes reach and miss nothing
        else:
            found = {"missing": f"{asked.minutes:g} minutes were over"}
        results["rows"].append({"name": row.name, "title": row.title, "goals": [], **found})
        asked.tell(_told(results["rows"][-1]))
        _keep(asked, results)


def _timed(row: Row, place: Place) -> dict[str, Any]:
    try:
        found = dict(row.measure(place))
    except Exception as error:  # the other rows are to be measured all the same
        return {"missing": f"{type(error).__name__}: {str(error).partition(chr(10))[0]}", "raised": True}
    return found if "missing" in found else found | {"goals": list(_reached(row, found))}


def _reached(row: Row, found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for goal in row.goals:
        ours, other = found["ours"], found["beside"].get(goal.beside, 1.0)
        rate = found["unit"].endswith("/s")
        ratio = ours / other if rate or not goal.faster else other / ours
        reached = ratio >= goal.ratio if goal.faster else ratio <= goal.ratio
        told = {"beside": goal.beside, "goal": goal.ratio, "faster": goal.faster}
        yield {**told, "ratio": ratio, "reached": reached}


def _told(row: dict[str, Any]) -> str:
    if "missing" in row:
        return f"{row['name']}: not measured, {row['missing']}"
    figures = {"ours": row["ours"], **row["beside"]}
    said = ", ".join(f"{name} {figure:.4g}" for name, figure in figures.items())
    aims = [
        f"{goal['ratio']:.2f} ({'at least' if goal['faster'] else 'at most'} {goal['goal']:g})"
        f"{'' if goal['reached'] else ' MISSED'}"
        for goal in row["goals"]
    ]
    return "; ".join([f"{row['name']}: {said} {row['unit']}", *aims])


def status_of(results: dict[str, Any]) -> tuple[int, str]:
    """The exit status of a run, and why.

    Args:
        results: what it found.

    Returns:
        The status and a sentence; figures that miss their goals are told, and no failure.

    Example:
        >>> status_of({"parity": [{"right": True}], "rows": [{"name": "a", "missing": "no text", "goals": []}]})
        (3, '1 of 1 variants right; not measured: a')
    """
    parity, timed = results["parity"], results["rows"]
    right = sum(found["right"] for found in parity)
    missing = [row["name"] for row in timed if "missing" in row]
    missed = [row["name"] for row in timed if any(not goal["reached"] for goal in row["goals"])]
    told = f"{right} of {len(parity)} variants right"
    told += f"; goals missed by {', '.join(missed)}" if missed else ""
    told += f"; not measured: {', '.join(missing)}" if missing else ""
    wrong = any(not found["right"] and "late" not in found for found in parity) or any("raised" in row for row in timed)
    late = bool(missing) or right < len(parity)
    return (WRONG if wrong else LATE if late else RIGHT), told
