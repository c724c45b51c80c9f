"""The folder of a run: which files belong to it, and when it may be used."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from throughtime.doors import option
from throughtime.errors import UsageError
from throughtime.tasks import TASKS
from throughtime.tasks.run_config import CONFIG_FILE
from throughtime.training.files import (
    METRICS_FILE,
    MODEL_FILE,
    POSITION_FILE,
    REMEMBERED_FILE,
    RIVAL_MODELS_FILE,
    RIVALS_FILE,
    TRAINER_FILE,
    write_text,
)
from throughtime.training.seal import Seal, check_seal

__all__ = ["check_folder", "check_run", "files_of", "make_folder"]

FILES = (
    CONFIG_FILE,
    MODEL_FILE,
    TRAINER_FILE,
    POSITION_FILE,
    METRICS_FILE,
    RIVALS_FILE,
    RIVAL_MODELS_FILE,
    REMEMBERED_FILE,
    *sorted({name for task in TASKS.values() for name in task.files}),
    "report.html",
    "events.*",
    ".*.part",
)
"""Patterns of all files that a run may hold; nothing else is ever removed."""


def files_of(folder: Path) -> list[Path]:
    """The files in the folder that belong to the run."""
    return sorted(path for pattern in FILES for path in folder.glob(pattern))


def check_folder(folder: Path, *, may_exist: bool) -> bool:
    """Say whether there is a run in the folder.

    Args:
        folder: the folder.
        may_exist: whether a run may be there already.

    Returns:
        Whether there is one.

    Raises:
        UsageError: the folder cannot be used.
    """
    try:
        if (folder / CONFIG_FILE).exists():
            if not may_exist:
                raise UsageError(
                    f"{folder} already holds a run: go on with it ({option('resume', True)}) or "
                    f"replace it ({option('overwrite', True)})"
                )
            return True
        if folder.exists() and set(folder.iterdir()) - set(files_of(folder)):
            raise UsageError(f"{folder} exists and is not a run; give the name of a new folder")
    except OSError as error:
        raise UsageError(f"cannot use {folder} as a folder: {error.strerror}; give another name") from None
    return False


def check_run(folder: Path, *, to_go_on: bool = False) -> Seal | None:
    """See that the files of a run are whole and belong together.

    Args:
        folder: the run.
        to_go_on: whether its checkpoint is needed too.

    Returns:
        The seal of its weights; None where there are none yet, or where they were written before there were seals.

    Raises:
        CheckpointError: a file is damaged, or is of another run.
    """
    if to_go_on and (folder / TRAINER_FILE).exists():
        check_seal(folder / TRAINER_FILE)
    return check_seal(folder / MODEL_FILE) if (folder / MODEL_FILE).exists() else None


def make_folder(folder: Path, artifacts: Mapping[str, str]) -> None:
    """Make the folder, take out what an earlier run left, and write what the model needs beside its weights.

    Args:
        folder: the folder.
        artifacts: content of files by name.

    Raises:
        UsageError: the folder cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in files_of(folder):
            path.unlink()
    except OSError as error:
        raise UsageError(f"cannot make the folder {folder}: {error.strerror}; give another one") from None
    for name, content in artifacts.items():
        write_text(folder / name, content)
