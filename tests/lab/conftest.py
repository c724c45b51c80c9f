"""Small runs that read texts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from throughtime.runs import Run, fit
from throughtime.training.reporter import SilentReporter

Made = Callable[..., Path]
TEXT = 'She said "no way" and (then) left.\nHe said "so it is" and (never) came.\n'


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="session")
def made(folder: Path) -> Made:
    def make(name: str, task: str, **options: object) -> Path:
        path = folder / name
        quiet = {"reporter": SilentReporter(), "device": "cpu", "rival": False}
        fit(task, out=path, **quiet, **options)  # pyright: ignore
        return path

    return make


@pytest.fixture(scope="session")
def writer(made: Made) -> Path:
    """A language model of two LSTM layers."""
    small = {"hidden": 12, "embedding": 6, "layers": 2, "lanes": 4, "tbptt": 16, "steps": 30, "sample_every": 0}
    return made("writer", "generate", text=TEXT * 40, **small)


@pytest.fixture(scope="session")
def reviews(folder: Path) -> Path:
    path = folder / "reviews.csv"
    path.write_text("text,label\n" + "a good strong tea,good\na bad weak tea,bad\n" * 30)
    return path


SMALL = {"hidden": 6, "embedding": 5, "steps": 20}


@pytest.fixture(scope="session")
def judge(made: Made, reviews: Path) -> Path:
    """A classifier that reads both ways."""
    return made("judge", "classify", data=reviews, bidirectional=True, cell="gru", **SMALL)


@pytest.fixture(scope="session")
def forward_judge(made: Made, reviews: Path) -> Path:
    """A classifier that reads one way and looks at its last state."""
    return made("forward", "classify", data=reviews, bidirectional=False, pooling="last", **SMALL)


@pytest.fixture(scope="session")
def tagger(made: Made, folder: Path) -> Path:
    """A tagger of words."""
    path = folder / "words.conll"
    path.write_text("Ann\tB-person\nLee\tI-person\nlikes\tO\ntea\tO\n\n" * 30)
    return made("tagger", "tag", data=path, **SMALL)


@pytest.fixture(scope="session")
def opened_run(writer: Path) -> Run:
    return Run(writer)
