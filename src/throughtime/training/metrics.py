"""The record of a run: ``metrics.jsonl``, one JSON object per line, and the same as TensorBoard events.

What follows from the data, the options and the seed is the same in a resumed run; only ``seconds`` and
``tokens_per_second`` tell the time.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from torch.utils.tensorboard import SummaryWriter

from throughtime.doors import option
from throughtime.errors import CheckpointError, TrainingError
from throughtime.training.files import METRICS_FILE, write_text
from throughtime.training.reporter import SilentReporter, StepReport, Summary

__all__ = ["MetricsWriter", "flat", "read_metrics"]


def read_metrics(folder: Path) -> list[dict[str, Any]]:
    """Read the rows of a run's metrics.

    A last line that a kill cut short is left out.

    Args:
        folder: folder of the run.

    Returns:
        Rows in order of time; each has ``kind`` ("train", "validation", "sample" or "watch") and ``step``.

    Raises:
        CheckpointError: the file is damaged.
    """
    path = folder / METRICS_FILE
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    try:
        rows = [cast(dict[str, Any], json.loads(line)) for line in lines]
        _ = [row["kind"] + str(int(row["step"])) for row in rows]
    except (ValueError, TypeError, KeyError) as error:
        raise CheckpointError(
            f"{path} is not a file of JSON lines of metrics ({error}); nothing was changed: mend it or remove it"
        ) from None
    return rows


class MetricsWriter(SilentReporter):
    """A reporter that keeps the record; use it as a context manager.

    Args:
        folder: folder of the run.
        log_every: steps between rows of kind "train".
        start_step: steps that a checkpoint holds; rows of later steps are taken out, for they will come again.

    Raises:
        TrainingError: a file cannot be written.
    """

    def __init__(self, folder: Path, *, log_every: int, start_step: int) -> None:
        self._path = folder / METRICS_FILE
        self._log_every = log_every
        kept = [row for row in read_metrics(folder) if row["step"] <= start_step] if start_step else []
        write_text(self._path, "".join(_line(row) for row in kept))
        with self._writing():
            self._rows = self._path.open("a", encoding="utf-8")
            self._events = SummaryWriter(str(folder), purge_step=start_step + 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._writing():
            self._rows.close()
            self._events.close()

    def stepped(self, report: StepReport) -> None:
        if report.step % self._log_every and report.step not in (1, report.total_steps):
            return
        row = {
            "step": report.step,
            "epoch": report.epoch,
            "tokens": report.tokens,
            "loss": report.loss,
            **report.metrics,
            "learning_rate": report.learning_rate,
            "gradient_norm": report.gradient_norm,
            "tokens_per_second": report.tokens_per_second,
            "seconds": report.seconds,
        }
        self._write("train", row)

    def validated(self, metrics: Mapping[str, float]) -> None:
        self._write("validation", metrics)
        with self._writing():
            self._events.flush()

    def sampled(self, text: str, step: int) -> None:
        with self._writing():
            self._rows.write(_line({"kind": "sample", "step": step, "text": text}))
            self._rows.flush()
            self._events.add_text("sample", text, step)

    def watched(self, seen: Mapping[str, Any]) -> None:
        with self._writing():
            self._rows.write(_line({"kind": "watch", **seen}))
            self._rows.flush()
            for name, value in flat("watch", {name: value for name, value in seen.items() if name != "step"}):
                self._events.add_scalar(name, value, seen["step"])

    def finished(self, summary: Summary) -> None:
        with self._writing():
            self._events.flush()

    def _write(self, kind: str, row: Mapping[str, float]) -> None:
        step = int(row["step"])
        with self._writing():
            self._rows.write(_line({"kind": kind, **row}))
            self._rows.flush()
            for name, value in row.items():
                if name not in ("step", "best"):
                    self._events.add_scalar(f"{kind}/{name}", value, step)

    @contextmanager
    def _writing(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            raise TrainingError(
                f"cannot write {self._path}: {error.strerror}; the last checkpoint is untouched: "
                f"free some space, then go on with {option('resume', True)}"
            ) from error


def flat(name: str, value: object) -> Iterator[tuple[str, float]]:
    """Give the numbers of nested mappings, each with its path.

    Args:
        name: what the whole is called.
        value: a number, or mappings of numbers by name.

    Yields:
        Names joined by slashes, and numbers; what is none is left out.

    Example:
        >>> list(flat("gates", {"f_l0": {"open": 0.5, "of": "a cell"}}))
        [('gates/f_l0/open', 0.5)]
    """
    if isinstance(value, Mapping):
        for key, part in cast("Mapping[str, object]", value).items():
            yield from flat(f"{name}/{key}", part)
    elif isinstance(value, int | float):
        yield name, float(value)


def _line(row: Mapping[str, object]) -> str:
    return json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n"
