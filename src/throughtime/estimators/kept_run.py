"""The run of an estimator: in a temporary folder while it is used, as the bytes of its files where it is kept."""

from __future__ import annotations

import tempfile
import weakref
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from throughtime.errors import UsageError
from throughtime.runs import Run
from throughtime.training.files import TRAINER_FILE

__all__ = ["KeptRun"]

KEPT = (".json", ".jsonl", ".safetensors")
"""How the files end that a run is opened with: plain data, no code."""


class KeptRun:
    """A trained run that can be copied, sent to another process and pickled: what goes there is the bytes of its files.

    Args:
        run: the run; its folder lives as long as it does.
        device: the device it was asked for on.
    """

    def __init__(self, run: Run, device: str) -> None:
        self._run: Run | None = run
        self._device = device
        self._files: dict[str, bytes] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {"files": self.files()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._run, self._device, self._files = None, "", state["files"]

    def files(self) -> dict[str, bytes]:
        """Give the files that the run is opened with: content by name."""
        if not self._files and self._run is not None:
            paths = sorted(path for path in self._run.path.iterdir() if path.suffix in KEPT)
            self._files = {path.name: path.read_bytes() for path in paths if path.name != TRAINER_FILE}
        return self._files

    def opened(self, device: str) -> Run:
        """Give the run; where it came out of a pickle, its files are written into a temporary folder first.

        Args:
            device: where its model is to be.

        Returns:
            The run.

        Raises:
            CheckpointError: a file is damaged.
            UsageError: the device is not there.
        """
        if self._run is None or self._device != device:
            with ExitStack() as scratch:
                folder = Path(scratch.enter_context(tempfile.TemporaryDirectory(prefix="throughtime-")))
                self._write(folder)
                run = Run(folder, device=device)
                weakref.finalize(run, scratch.pop_all().close)
            self._run, self._device = run, device
        return self._run

    def save(self, folder: Path) -> None:
        """Leave the run in a folder of its own; it is there whole or not at all.

        Args:
            folder: a new one.

        Raises:
            UsageError: it exists and holds something, or cannot be made.
        """
        try:
            if folder.exists() and any(folder.iterdir()):
                raise UsageError(f"{folder} exists and is not empty; give the name of a new folder")
            folder.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as beside:
                whole = Path(beside) / "run"
                whole.mkdir()
                self._write(whole)
                whole.rename(folder)
        except OSError as error:
            raise UsageError(f"cannot make the folder {folder}: {error.strerror}; give another one") from None

    def _write(self, folder: Path) -> None:
        for name, content in self.files().items():
            (folder / name).write_bytes(content)
