"""Small runs, and ways to damage their files."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import throughtime as tt
from throughtime.training.checkpoint import read_tensors
from throughtime.training.reporter import SilentReporter

TINY: dict[str, Any] = {"hidden": 3, "embedding": 3, "steps": 4, "sample_every": 0, "device": "cpu"}
ROWS: dict[str, Any] = {"batch_size": 8, "average": 0.0, "min_count": 1, "learning_rate": 0.05, "warmup": 0}
TEXT = "It was the best of times, it was the worst of times. " * 9
WORDS = ["good", "bad", "fine", "poor"]
PAIRS = [(f"{WORDS[number % 4]} tea {number % 7}", "yn"[number % 2]) for number in range(48)]
SENTENCES = [(text.split(), ["A", "N", "X"]) for text, _ in PAIRS]
FITS: dict[str, dict[str, Any]] = {
    "classify": {"data": PAIRS, "unit": "words", **TINY, **ROWS},
    "tag": {"data": SENTENCES, "spelling": 2, **TINY, **ROWS},
    "generate": {"text": TEXT, "lanes": 2, "tbptt": 8, **TINY},
}
JSON_FILES = {
    "classify": ["config.json", "inputs.json", "trainer.json", "rivals.json"],
    "tag": ["config.json", "inputs.json", "trainer.json", "rivals.json"],
    "generate": ["config.json", "vocabulary.json", "trainer.json", "rivals.json"],
}


def make(task: str, out: Path, **how: Any) -> Path:
    return tt.fit(task, out=out, reporter=SilentReporter(), **{**FITS[task], **how}).path


def said(run: tt.Run) -> Any:
    """What the run makes of something it has not seen."""
    if run.task == "generate":
        return run.generate("It", length=30, seed=3)
    return run.predict(["bad tea", "good day"] if run.task == "classify" else [["bad", "tea"], ["day"]])


def shown(run: tt.Run) -> Any:
    """What describe shows, but for what may be edited: where the data is, and what means nothing after training."""
    about: Any = json.loads(json.dumps(run.describe()))
    options = {name: each for name, each in about["options"].items() if name not in run.config.TRAINING_ONLY}
    return {name: about[name] for name in ("task", "model", "training", "metrics", "rivals")} | {"options": options}


def flip(path: Path, other: Path, rng: random.Random) -> str:
    content = bytearray(path.read_bytes())
    place, bit = rng.randrange(len(content)), rng.randrange(8)
    content[place] ^= 1 << bit
    path.write_bytes(content)
    return f"bit {bit} of byte {place} of {path.name} flipped"


def flip_header(path: Path, other: Path, rng: random.Random) -> str:
    """As :func:`flip`, where a flipped bit of many weights would rarely come."""
    content = bytearray(path.read_bytes())
    place, bit = rng.randrange(min(len(content), 3000)), rng.randrange(8)
    content[place] ^= 1 << bit
    path.write_bytes(content)
    return f"bit {bit} of byte {place} of {path.name} flipped"


def cut(path: Path, other: Path, rng: random.Random) -> str:
    content = path.read_bytes()
    size = rng.randrange(len(content))
    path.write_bytes(content[:size])
    return f"{path.name} cut to {size} of {len(content)} bytes"


def swap(path: Path, other: Path, rng: random.Random) -> str:
    shutil.copy(other / path.name, path)
    return f"{path.name} of another run"


VALUES: list[Any] = [None, True, False, 0, 5, -1, 1.5, 1e400, "", "x", [], ["x"], [5], [[]], {}, {"x": 1}]


def change(path: Path, other: Path, rng: random.Random) -> str:
    content = json.loads(path.read_text())
    holder, key = rng.choice(list(places(content)))
    old = holder[key]
    holder[key] = rng.choice([value for value in VALUES if type(value) is not type(old)])
    path.write_text(json.dumps(content))
    return f"{path.name}: {key} is {holder[key]!r} in place of {str(old)[:40]!r}"


def drop(path: Path, other: Path, rng: random.Random) -> str:
    content = json.loads(path.read_text())
    holder, key = rng.choice(list(places(content)))
    del holder[key]
    path.write_text(json.dumps(content))
    return f"{path.name}: {key} taken out"


def places(content: Any) -> Any:
    """All places inside a JSON value, each as what holds it and its key; of a long list the first few."""
    items = content.items() if isinstance(content, dict) else enumerate(content[:3])
    for key, value in items:
        yield content, key
        if isinstance(value, dict | list):
            yield from places(value)


Damage = Callable[[Path, Path, random.Random], str]
ANY: list[Damage] = [flip, flip_header, cut, swap]
JSON_ONLY: list[Damage] = [change, drop]


def damage(run: Path, other: Path, task: str, rng: random.Random, weights: bool = True) -> str:
    """Damage one file of a run in one way, and say how."""
    files = [*JSON_FILES[task], *(["model.safetensors"] if weights else [])]
    path = run / rng.choice([name for name in files if (run / name).exists()])
    way = rng.choice([*ANY, *JSON_ONLY, *JSON_ONLY] if path.suffix == ".json" else ANY)
    return way(path, other, rng)


def without_seals(run: Path) -> None:
    """Make of a run one as it was written before there were seals, and simple models beside its scores."""
    from safetensors.torch import save_file

    for path in run.glob("rivals*"):
        path.unlink()
    for name in ("model.safetensors", "trainer.safetensors"):
        tensors, metadata = read_tensors(run / name)
        save_file(tensors, run / name, {key: value for key, value in metadata.items() if key == "position"})
    for name, keys in (("config.json", ["run"]), ("trainer.json", ["run", "digest"])):
        content = json.loads((run / name).read_text())
        (run / name).write_text(json.dumps({key: value for key, value in content.items() if key not in keys}))
