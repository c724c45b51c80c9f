"""Every option of classify and tag does something: a test without an entry for an option fails."""

from __future__ import annotations

import json
import wave
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import throughtime as tt
from throughtime.errors import DataError
from throughtime.tasks import config_class
from throughtime.training.checkpoint import read_tensors
from throughtime.training.metrics import read_metrics
from throughtime.training.options import options_of
from throughtime.training.reporter import SilentReporter

BASE: dict[str, Any] = {
    "hidden": 4, "embedding": 4, "steps": 4, "batch_size": 6, "dropout": 0.0, "word_dropout": 0.0,
    "character_dropout": 0.0, "frame_mask": 0.0, "spelling": 0, "min_count": 1, "average": 0.0, "warmup": 0,
    "clip": 0.0, "learning_rate": 0.01, "checkpoint_every": 1e6, "log_every": 1, "sample_every": 0, "validate_every": 2,
    "mel_bands": 4,
}  # fmt: skip


def rows(per_step: bool, number: int) -> tuple[list[str], list[str]]:
    """Words, and a label for each or one for all; label 0 is rare, and so are some words."""
    words = ["naïve", "cats", f"sat{number // 2}", "It's" if number % 2 else "on", *["mats"] * (number % 4)]
    kinds = ["b" if (number + place) % 3 else "a,c;d" for place in range(len(words))]
    return words, kinds if per_step else kinds[:1]


def table(per_step: bool) -> str:
    Path("t.tsv").write_text(
        "text\tlabel\tother\tkind\n"
        + "".join(
            f"{' '.join(words)}\t{' '.join(labels)}\t{' '.join(words[::-1])}\t{' '.join(labels[1:] + labels[:1])}\n"
            for words, labels in (rows(per_step, number) for number in range(24))
        ),
        encoding="utf-8",
    )
    return "t.tsv"


def kinds(per_step: bool) -> str:
    """A table whose second target is another."""
    Path("t.tsv").write_text(
        "text\tlabel\tkind\n" + "".join(f"word{n % 5}\t{'ab'[n % 2]}\t{'ab'[n % 3 > 0]}\n" for n in range(24))
    )
    return "t.tsv"


def unnamed(per_step: bool) -> str:
    """A table whose header might be data."""
    Path("t.tsv").write_text("text\tlabel\n" + "".join(f"word{n}\t{('a', 'label')[n % 2]}\n" for n in range(12)))
    return "t.tsv"


def bad(per_step: bool) -> str:
    table(per_step)
    with Path("t.tsv").open("a") as file:
        file.write("one cell\n")
    return "t.tsv"


def named(per_step: bool) -> str:
    """Names of files that are texts too, unless they are taken as files."""
    lines = ["text\tlabel"]
    for number in range(12):
        np.save(f"{number}.npy", np.full((1, 2), number % 2))
        lines.append(f"{number}.npy\t{'ab'[number % 2]}")
    Path("t.tsv").write_text("\n".join(lines) + "\n")
    return "t.tsv"


def series(per_step: bool) -> str:
    lines = ["one,two,t,x,label"]
    lines += [f"{n % 6},{n // 4},{40 - n},{n % 3},{'ab'[n % 2]}" for n in range(24)]
    if not per_step:
        lines[1:] = [f"{n % 6},{n // 6 * 2 + n % 2},{40 - n},{n % 3},{'ab'[n % 2]}" for n in range(24)]
    Path("s.csv").write_text("\n".join(lines) + "\n")
    return "s.csv"


def listed(per_step: bool, make: Callable[[Path, int], int]) -> str:
    """A table that names files, with a label for each step of them or one for all."""
    lines: list[str] = []
    for number in range(8):
        steps = make(Path(f"{number}"), number)
        target = [f"{'ab'[(number + step) % 2]}" for step in range(steps)]
        lines.append(json.dumps({"path": f"{number}", "label": target if per_step else "ab"[number % 2]}))
    suffix = next(Path().glob("0.*")).suffix
    Path("t.jsonl").write_text("".join(line.replace('", "label', f'{suffix}", "label') + "\n" for line in lines))
    return "t.jsonl"


def sound(path: Path, number: int) -> int:
    with wave.open(f"{path}.wav", "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes((9000 * np.sin(np.arange(360) * (number + 1) / 5)).astype("<i2").tobytes())
    return 3


def image(path: Path, number: int) -> int:
    from PIL import Image

    pixels = np.random.default_rng(number).integers(0, 255, (3, 2, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(f"{path}.png")
    return 3


def sounds(per_step: bool) -> str:
    return listed(per_step, sound)


def images(per_step: bool) -> str:
    return listed(per_step, image)


def vectors(per_step: bool) -> str:
    Path("v.txt").write_text("cats 1 0 0\nmats 0 1 0\n")
    return table(per_step)


Case = tuple[Callable[[bool], str], dict[str, Any], Any]
"""(what makes the data, what else must be set, a value that changes the run)."""
FILES = {"file_column": "path"}
SHARED: dict[str, Case] = {
    "epochs": (table, {"steps": None, "epochs": 0.3}, 0.6),
    "steps": (table, {}, 5),
    "learning_rate": (table, {}, 0.02),
    "weight_decay": (table, {}, 0.5),
    "warmup": (table, {}, 3),
    "schedule": (table, {}, "constant"),
    "clip": (table, {}, 0.01),
    "average": (table, {}, 0.9),
    "patience": (table, {"steps": 12, "learning_rate": 30.0, "validate_every": 1, "schedule": "constant"}, 1),
    "validate_every": (table, {}, 1),
    "sample_every": (table, {}, 2),
    "checkpoint_every": (table, {}, 0.0),
    "log_every": (table, {}, 3),
    "seed": (table, {}, 1),
    "text_column": (table, {}, "other"),
    "target_column": (kinds, {}, "kind"),
    "file_column": (named, {}, "text"),
    "id_column": (series, {"id_column": "one", "time_column": "t"}, "two"),
    "time_column": (series, {"id_column": "one"}, "t"),
    "header": (unnamed, {}, False),
    "encoding": (table, {}, "latin-1"),
    "skip_bad": (bad, {}, True),
    "image_steps": (images, FILES, "pixels"),
    "colour": (images, FILES, True),
    "mel_bands": (sounds, FILES, 5),
    "unit": (table, {}, "characters"),
    "vocabulary_size": (table, {}, 3),
    "min_count": (table, {}, 5),
    "spelling": (table, {}, 3),
    "embeddings": (vectors, {}, "v.txt"),
    "cell": (table, {}, "gru"),
    "hidden": (table, {}, 5),
    "layers": (table, {}, 2),
    "bidirectional": (table, {}, False),
    "embedding": (table, {}, 5),
    "dropout": (table, {}, 0.5),
    "word_dropout": (table, {}, 0.9),
    "character_dropout": (table, {"spelling": 3}, 0.5),
    "frame_mask": (sounds, FILES, 0.3),
    "recurrent_dropout": (table, {}, 0.5),
    "weight_dropout": (table, {}, 0.5),
    "layer_norm": (table, {}, True),
    "zoneout": (table, {}, 0.5),
    "label_smoothing": (table, {}, 0.3),
    "rival": (table, {}, False),
    "batch_size": (table, {}, 5),
    "batch_steps": (table, {}, 12),
}
OWN: dict[str, dict[str, Case]] = {
    "classify": {
        "target_type": (table, {}, "labels"),
        "label_separator": (table, {"target_type": "labels"}, ";"),
        "pooling": (table, {}, "mean"),
        "class_weights": (table, {}, "balanced"),
    },
    "tag": {"crf": (table, {}, True)},
}
REFUSED = {("classify", "skip_bad"): DataError, ("tag", "skip_bad"): DataError}
"""Without the option the data is refused."""
RAISES = {("tag", "image_steps"): "6 steps in 'path', but 3 labels"}
"""The value cannot be honoured with data that fits the default: each pixel needs a label then."""

CASES = [(task, name) for task, own in OWN.items() for name in {**SHARED, **own}]


class Counter(SilentReporter):
    """Counts checkpoints and samples."""

    def __init__(self) -> None:
        self.count = 0

    def checkpointed(self, path: Path) -> None:
        self.count += 1


def trace(folder: Path, task: str, make: Callable[[bool], str], options: Mapping[str, Any]) -> tuple[object, ...]:
    """All that a run leaves behind and that does not tell the time."""
    counter = Counter()
    data = make(task == "tag")
    run = tt.fit(task, folder / data, out=folder / "run", reporter=counter, device="cpu", **options)
    metrics = [
        {name: value for name, value in row.items() if name not in ("seconds", "tokens_per_second")}
        for row in read_metrics(run.path)
    ]
    tensors = read_tensors(run.path / "trainer.safetensors")[0]
    weights = {name: tensor.tolist() for name, tensor in tensors.items() if name.startswith("weights/")}
    best = {name: tensor.tolist() for name, tensor in read_tensors(run.path / "model.safetensors")[0].items()}
    return metrics, weights, best, (run.path / "inputs.json").read_text(), counter.count, run.rivals


@cache
def _options(task: str) -> list[str]:
    return [option.name for option in options_of(config_class(task))]


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Path]:
    """Gives a new folder, and goes there."""
    count = iter(range(9))

    def new() -> Path:
        (folder := tmp_path / str(next(count))).mkdir()
        monkeypatch.chdir(folder)
        return folder

    return new


@pytest.mark.parametrize("task", OWN)
def test_every_option_is_tried(task: str) -> None:
    assert sorted({**SHARED, **OWN[task]}) == sorted(_options(task))


@pytest.mark.parametrize(("task", "name"), CASES)
def test_an_option_changes_the_run(task: str, name: str, folders: Callable[[], Path]) -> None:
    make, more, value = {**SHARED, **OWN[task]}[name]
    changed = {**BASE, **more, name: value}
    if (task, name) in REFUSED:
        with pytest.raises(REFUSED[task, name]):
            trace(folders(), task, make, {**BASE, **more})
        assert trace(folders(), task, make, changed)
        return
    first = trace(folders(), task, make, {**BASE, **more})
    if (task, name) in RAISES:
        with pytest.raises(DataError, match=RAISES[task, name]):
            trace(folders(), task, make, changed)
        return
    assert first != trace(folders(), task, make, changed)


@pytest.mark.parametrize("task", OWN)
def test_nothing_changed_changes_nothing(task: str, folders: Callable[[], Path]) -> None:
    noisy = {**BASE, "dropout": 0.5, "word_dropout": 0.5, "recurrent_dropout": 0.2, "spelling": 3, "seed": 3}
    assert trace(folders(), task, table, noisy) == trace(folders(), task, table, noisy)


def test_label_smoothing_is_for_single_labels_and_has_a_default_there() -> None:
    config: Any = config_class("classify")
    assert config().smoothing == 0.1 and config(label_smoothing=0.0).smoothing == 0.0
    assert config(target_type="number").smoothing == config(target_type="labels", label_smoothing=0.0).smoothing == 0.0
    for kind in ("labels", "number"):
        with pytest.raises(ValueError, match="label_smoothing is for the target_type label"):
            config(target_type=kind, label_smoothing=0.1)
    with pytest.raises(ValueError, match="label_smoothing must be at least 0 and below 1"):
        config(label_smoothing=1.0)
