"""Each line of the README's table of examples goes from a file to predictions."""

from __future__ import annotations

import csv
import json
import random
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from throughtime.cli.main import status_of

README = Path(__file__).resolve().parents[2] / "README.md"
SECTION = README.read_text(encoding="utf-8").split("## Your own examples")[1].split("\n## ")[0]
COMMANDS = [
    command.removeprefix("throughtime ")
    for command in re.findall(r"^\|.*\| `(throughtime fit .*)` \|$", SECTION, re.MULTILINE)
]
SMALL = ["--hidden", "4", "--embedding", "4", "--steps", "4", "--sample-every", "0"]
WORDS = ["tea", "milk", "bread", "salt", "rice", "soup"]


def _table(name: str, rows: list[list[object]]) -> None:
    with Path(name).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def reviews(command: str) -> None:
    kinds = {"number": ["1.5", "-2"], "labels": ["funny,sad", "sad"]}
    labels = next((kinds[kind] for kind in kinds if f"--target-type {kind}" in command), ["good", "bad"])
    _table("reviews.csv", [["text", "label"], *([f"{word} {labels[0]} {k}", labels[k % 2]] for k, word in some(40))])


def some(count: int) -> list[tuple[int, str]]:
    return [(number, random.Random(number).choice(WORDS)) for number in range(count)]


def folder(command: str) -> None:
    for number, word in some(40):
        path = Path("folder", "AB"[number % 2], f"{number}.txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{word} number {number}", encoding="utf-8")


def files(command: str) -> None:
    folder(command)
    _table(
        "files.csv", [["path", "label"], *([path, path.parent.name] for path in sorted(Path("folder").rglob("*.txt")))]
    )


def sensors(command: str) -> None:
    rows: list[list[object]] = [
        [f"s{series}", step, random.random(), "on" if (series + ("tag" in command) * step) % 2 else "off"]
        for series in range(20)
        for step in range(5)
    ]
    _table("sensors.csv", [["id", "t", "value", "label"], *rows])


def conllu(command: str) -> None:
    row = "1\tTea\ttea\tNOUN\tNN\t_\t2\tnsubj\t_\t_\n2\t{}\t{}\tVERB\tVBZ\t_\t0\troot\t_\t_\n\n"
    Path("train.conllu").write_text("".join(row.format(word, word) for _, word in some(30)), encoding="utf-8")


def conll(command: str) -> None:
    row = "Ann\tB-person\nLee\tI-person\nlikes\tO\n{}\tO\n\n"
    Path("train.conll").write_text("".join(row.format(word) for _, word in some(30)), encoding="utf-8")


def series(command: str) -> None:
    head = ["label", *(f"t{step}" for step in range(20))]
    rows = [head]
    rows += [[f"{number % 2 + 1}", *(f"{random.random() + number % 2:.3f}" for _ in range(20))] for number in range(30)]
    Path("series.tsv").write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")


def words(command: str) -> None:
    rows: list[list[object]] = [
        [number if place == 0 else "", each, tag]
        for number, word in some(30)
        for place, (each, tag) in enumerate([("Ann", "B-person"), ("likes", "O"), (word, "O")])
    ]
    _table("words.csv", [["sentence", "word", "tag"], *rows])


def clips(command: str) -> None:
    np.savez("clips.npz", clips=np.random.rand(20, 6, 4, 4), labels=np.arange(120).reshape(20, 6) % 3)


MAKERS: dict[str, Callable[[str], None]] = {
    "reviews.csv": reviews, "folder": folder, "files.csv": files, "sensors.csv": sensors, "train.conllu": conllu,
    "train.conll": conll, "clips.npz": clips, "series.tsv": series, "words.csv": words,
}  # fmt: skip


def test_there_is_a_row_for_each_kind_of_file() -> None:
    assert {shlex.split(command)[2] for command in COMMANDS} == set(MAKERS)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_row_goes_from_file_to_predictions(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = shlex.split(command)
    data = words[2]
    MAKERS[data](command)
    assert status_of([*words, *SMALL]) == 0, capsys.readouterr().err
    capsys.readouterr()
    assert status_of(["evaluate", "runs/mine", data, "--json"]) == 0, capsys.readouterr().err
    assert json.loads(capsys.readouterr().out)["examples"] > 0
    assert status_of(["predict", "runs/mine", data, "--out", "predicted.csv"]) == 0, capsys.readouterr().err
    with Path("predicted.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows and all(row["predicted"] for row in rows)
