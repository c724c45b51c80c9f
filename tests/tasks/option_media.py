"""Sounds, images, arrays and music that options are tried with."""

from __future__ import annotations

import json
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np

from throughtime.data.music.notes import Note
from throughtime.data.music.tune import Tune


def listed(task: str, suffix: str, make: Callable[[Path, int], int]) -> str:
    """A table that names files, for tag with a label for each step of them, else with one for all."""
    lines: list[str] = []
    for number in range(8):
        path = Path(f"{number}.{suffix}")
        labels = ["ab"[(number + step) % 2] for step in range(make(path, number))]
        lines.append(json.dumps({"path": str(path), "label": labels if task == "tag" else "ab"[number % 2]}) + "\n")
    Path("t.jsonl").write_text("".join(lines))
    return "t.jsonl"


def sound(path: Path, number: int) -> int:
    """Write a sound, and say how many steps it has."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes((9000 * np.sin(np.arange(360) * (number + 1) / 5)).astype("<i2").tobytes())
    return 3


def image(path: Path, number: int) -> int:
    """Write an image, and say how many rows it has."""
    from PIL import Image

    pixels = np.random.default_rng(number).integers(0, 255, (3, 2, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    return 3


def sounds(task: str) -> str:
    return listed(task, "wav", sound)


def images(task: str) -> str:
    return listed(task, "png", image)


def chorales(task: str) -> str:
    """Tunes as JSON of the pitches of each step."""
    tunes = [[[60 + (n * step) % 5, 67 + n % 3] if step % 3 else [] for step in range(12)] for n in range(12)]
    Path("c.json").write_text(json.dumps(tunes))
    return "c.json"


def tunes(task: str) -> str:
    """A folder of tunes as MIDI, in notes of an eighth and longer."""
    Path("m").mkdir()
    for n in range(12):
        notes = (Note(step * 0.25, step * 0.25 + 0.25, 60 + (n * step) % 5) for step in range(9))
        Tune((*notes, Note(2.25, 3.0, 72))).save(f"m/{n}.mid")
    return "m"


def one_bad_tune(task: str) -> str:
    tunes(task)
    Path("m/bad.mid").write_bytes(Path("m/0.mid").read_bytes()[:-6])
    return "m"
