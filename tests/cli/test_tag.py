"""``throughtime fit tag``: what is refused in one line, what can be skipped, and what must work."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from throughtime.cli.main import status_of

Refused = Callable[..., str]
TINY = [
    "--hidden", "4", "--embedding", "4", "--spelling", "2", "--steps", "2", "--batch-size", "4", "--device", "cpu",
]  # fmt: skip
GOOD = "".join(f"Ann\tB-per\nLee\tI-per\nsaw\tO\nit{number}\tO\n\n" for number in range(12))
"""Twelve sentences of CoNLL; five lines each."""


def series(path: Path, steps: int = 40, *, change: dict[int, str] | None = None) -> None:
    """One series, a label for each step; ``change`` replaces lines, from 1."""
    lines = ["time,x,y,label"]
    lines += [f"{time},{(time // 5) % 2},{time % 3},{'ab'[(time // 5) % 2]}" for time in range(steps)]
    for number, line in (change or {}).items():
        lines[number - 1] = line
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def many_series(path: Path, *, change: dict[int, str] | None = None) -> None:
    """Twelve series of three steps."""
    lines = [
        "id,time,x,label",
        *(f"s{one},{time},{time / 2},{'ab'[time % 2]}" for one in range(12) for time in range(3)),
    ]
    for number, line in (change or {}).items():
        lines[number - 1] = line
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def clips(*, labels: int = 3, value: float = 1.0) -> None:
    for number in range(8):
        bad = number == 5
        frames = np.full((3, 2), value if bad else 0.5)
        Path("d").mkdir(exist_ok=True)
        np.savez(f"d/{number}.npz", frames=frames, labels=np.array(["a", "b", "a"])[: labels if bad else 3])


def cut(path: str, size: int) -> None:
    Path(path).write_bytes(Path(path).read_bytes()[:size])


@dataclass(frozen=True)
class Bad:
    """Data that must be refused."""

    make: Callable[[], object]
    """Writes it below the current folder."""
    data: str
    """What to learn from."""
    words: tuple[str, ...]
    """What the line says: where it is, what is wrong, how to mend it."""
    more: tuple[str, ...] = ()
    """Options."""
    skips: int = 0
    """How many records --skip-bad leaves out; 0 where nothing can be left out."""


def conll(bad: str, name: str = "t.conll") -> Callable[[], object]:
    return lambda: Path(name).write_bytes((GOOD + bad).encode())


def universal(*rows: str) -> Callable[[], object]:
    word = "1\tHe\the\tPRON\t_\t_\t2\tnsubj\t_\t_\n2\tate\teat\tVERB\t_\t_\t0\troot\t_\t_\n\n"
    return lambda: Path("t.conllu").write_text(word * 9 + "".join(f"{row}\n" for row in rows))


def tokens(*rows: object) -> Callable[[], object]:
    good = [{"tokens": ["so", "it", f"is{number}"], "tags": ["x", "y", "x"]} for number in range(12)]
    return lambda: Path("t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in [*good, *rows]))


def broken_clip() -> None:
    clips()
    cut("d/5.npz", 60)


ONE = ("--time-column", "time")
MANY = ("--id-column", "id", "--time-column", "time")
CASES: dict[str, Bad] = {
    "too few columns": Bad(conll("So\nbad\tO\n"), "t.conll", ("t.conll: line 61", "1 column where 2"), skips=1),
    "too many columns": Bad(conll("So\tO\nbad\tO\tO\n"), "t.conll", ("t.conll: line 62", "3 columns where 2"), skips=1),
    "I after O": Bad(
        conll("So\tO\nLee\tI-per\n"), "t.conll", ("t.conll: line 62", "'I-per'", "follows 'O'", "'B-per'"), skips=1
    ),
    "I first": Bad(conll("Lee\tI-per\n"), "t.conll", ("t.conll: line 61", "first of its sentence", "IOB1"), skips=1),
    "I of another type": Bad(
        conll("Rome\tB-loc\nLee\tI-per\n"), "t.conll", ("t.conll: line 62", "follows 'B-loc'", "'B-per'"), skips=1
    ),
    "empty label": Bad(conll("So\t \n"), "t.conll", ("t.conll: line 61", "the label, is empty"), skips=1),
    "one column": Bad(
        lambda: Path("t.conll").write_text("So\nbad\n\n"), "t.conll", ("t.conll", "one column", "labels are needed")
    ),
    "no words": Bad(lambda: Path("t.conll").write_text("\n\n"), "t.conll", ("t.conll has no words",)),
    "missing column": Bad(
        conll(""), "t.conll", ("t.conll has no column '4'", "1, 2", "--target-column"), ("--target-column", "4")
    ),
    "not UTF-8": Bad(
        lambda: Path("t.conll").write_bytes(GOOD.encode() + b"caf\xe9\tO\n"), "t.conll",
        ("t.conll: line 61", "byte offset", "--encoding"),
    ),
    "broken gz": Bad(
        lambda: Path("t.conll.gz").write_bytes(gzip.compress(GOOD.encode())[:-9]), "t.conll.gz", ("no whole .gz",)
    ),
    "one label": Bad(
        lambda: Path("t.conll").write_text("So\tO\n\nit\tO\n\n"), "t.conll", ("label 'O'", "two labels or more")
    ),
    "one sentence": Bad(
        lambda: Path("t.conll").write_text("So\tX\nit\tO\n"), "t.conll", ("1 record is too little", "--valid")
    ),
    "sentence of comments": Bad(
        universal("# nothing", "", ""), "t.conllu", ("t.conllu: line 28", "a sentence without words"), skips=1
    ),
    "nine columns": Bad(
        universal("1\tHe\the\tPRON\t_\t_\t2\tnsubj\t_"), "t.conllu", ("t.conllu: line 28", "9 columns where 10"),
        skips=1,
    ),
    "no label in CoNLL-U": Bad(
        universal("1\tHe\the\t_\t_\t_\t2\tnsubj\t_\t_"), "t.conllu", ("t.conllu: line 28", "upos is '_'"), skips=1
    ),
    "no tokens": Bad(
        tokens({"tokens": [], "tags": []}), "t.jsonl", ("t.jsonl: line 13", "'tokens' is empty"), skips=1
    ),
    "empty token": Bad(
        tokens({"tokens": ["so", " "], "tags": ["x", "y"]}), "t.jsonl", ("t.jsonl: line 13", "item 2 is empty"), skips=1
    ),
    "fewer tags than tokens": Bad(
        tokens({"tokens": ["so", "it"], "tags": ["x"]}), "t.jsonl", ("t.jsonl: line 13", "2 steps", "1 labels"), skips=1
    ),
    "missing field": Bad(
        tokens({"tokens": ["so", "it"]}), "t.jsonl", ("t.jsonl: line 13", "no field 'tags'", "'tokens'"), skips=1
    ),
    "no usual column": Bad(
        lambda: Path("t.csv").write_text("plot,stars\na b,x y\n"), "t.csv", ("'plot', 'stars'", "--text-column")
    ),
    "NaN in a series": Bad(
        lambda: many_series(Path("s.csv"), change={6: "s1,1,nan,b"}), "s.csv", ("s.csv: line 6", "'x'", "'nan'"),
        MANY, 1,
    ),
    "text in a series": Bad(
        lambda: many_series(Path("s.csv"), change={6: "s1,1,high,b"}), "s.csv", ("s.csv: line 6", "'x'", "'high'"),
        MANY, 1,
    ),
    "time twice": Bad(
        lambda: many_series(Path("s.csv"), change={6: "s1,0,1,b"}), "s.csv", ("s.csv: line 6", "0 again", "line 5"),
        MANY, 1,
    ),
    "no time": Bad(
        lambda: many_series(Path("s.csv"), change={6: "s1,soon,1,b"}), "s.csv", ("s.csv: line 6", "'soon'", "ISO date"),
        MANY, 1,
    ),
    "step without a label": Bad(
        lambda: many_series(Path("s.csv"), change={6: "s1,1,1,"}), "s.csv", ("s.csv: line 6", "'label' is empty"),
        MANY, 1,
    ),
    "time twice in the one series": Bad(
        lambda: series(Path("s.csv"), change={6: "3,0,0,a"}), "s.csv", ("s.csv: line 6", "3 again", "--id-column"), ONE
    ),
    "missing time column": Bad(
        lambda: series(Path("s.csv")), "s.csv", ("no column 'tme'", "'time'", "--time-column"), ("--time-column", "tme")
    ),
    "fewer labels than frames": Bad(
        lambda: clips(labels=2), "d", ("5.npz", "3 frames", "one label per frame"), skips=1
    ),
    "NaN in a clip": Bad(lambda: clips(value=np.nan), "d", ("5.npz", "frame 0", "NaN"), skips=1),
    "broken clip": Bad(broken_clip, "d", ("5.npz", "broken", "save it again"), skips=1),
    "sound": Bad(
        lambda: (clips(), Path("d/9.wav").write_bytes(b"x")), "d", ("9.wav", "no label for each step", ".npz"), skips=1
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_bad_data_gets_one_line_and_leaves_nothing(refused: Refused, name: str) -> None:
    case = CASES[name]
    case.make()
    line = refused("fit", "tag", case.data, "--out", "run", *TINY, *case.more)
    assert all(word in line for word in case.words), line
    assert not Path("run").exists()


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.skips])
def test_bad_records_are_skipped_counted_and_listed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    case = CASES[name]
    case.make()
    assert status_of(["fit", "tag", case.data, "--out", "run", *TINY, *case.more, "--skip-bad"]) == 0
    shown = capsys.readouterr().out
    listed = Path("run/skipped.txt").read_text(encoding="utf-8").splitlines()
    assert len(listed) == case.skips
    assert "1 record was skipped; skipped.txt lists them, the first: " + listed[0] in shown
    assert case.words[0] in listed[0]


def test_training_and_validation_data_must_go_together(refused: Refused) -> None:
    series(Path("s.csv"))
    Path("other.csv").write_text("time,x,label\n" + "".join(f"{time},1,a\n" for time in range(9)))
    line = refused("fit", "tag", "s.csv", "--valid", "other.csv", "--out", "run", *TINY, *ONE)
    assert "other.csv: line 2" in line and "1 numbers at each step, not 2" in line
    Path("t.conll").write_text(GOOD)
    Path("v.conll").write_text("So\tX\nit\tY\n")
    line = refused("fit", "tag", "t.conll", "--valid", "v.conll", "--out", "run", *TINY)
    assert "not one label" in line and "known: B-per, I-per, O" in line
    assert not Path("run").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--crf", "--label-smoothing", "0.1"], "label_smoothing has no meaning for a conditional random field"),
        (["--label-smoothing", "1"], "label_smoothing must be at least 0 and below 1"),
        (["--time-column", "time"], "time_column is for series"),
        (["--file-column", "path"], "file_column is for csv"),
        (["--header"], "header is for csv"),
        (["--embeddings", "v.txt", "--unit", "characters"], "not read word by word"),
        (["--embeddings", "v.txt"], "no such file: v.txt"),
    ],
)
def test_options_that_cannot_be_honoured(refused: Refused, options: list[str], words: str) -> None:
    Path("t.conll").write_text(GOOD)
    assert words in refused("fit", "tag", "t.conll", "--out", "run", *TINY, *options)
    assert not Path("run").exists()


def fitted(capsys: pytest.CaptureFixture[str], data: str, *more: str) -> str:
    assert status_of(["fit", "tag", data, "--out", "run", *TINY, *more]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("ends", ["\n", "\r\n", "mixed"])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
def test_line_ends_and_packing_make_no_difference(ends: str, packed: bool, capsys: pytest.CaptureFixture[str]) -> None:
    lines = GOOD.splitlines()
    text = "".join(line + (("\n", "\r\n")[i % 2] if ends == "mixed" else ends) for i, line in enumerate(lines))
    name = "t.conll.gz" if packed else "t.conll"
    Path(name).write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    shown = fitted(capsys, name)
    assert "training examples 11, validation examples 1" in shown and "longest 4" in shown
    assert json.loads(Path("run/inputs.json").read_text())["answers"]["labels"] == ["B-per", "I-per", "O"]


def test_a_sentence_of_very_many_words_is_not_cut_and_padding_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    Path("t.conll").write_text(GOOD + "word\tO\n" * 20_000)
    shown = fitted(capsys, "t.conll", "--batch-steps", "100000")
    assert "longest 20,000" in shown
    padding = next(part for part in shown.split(", ") if part.startswith("padding "))
    assert int(padding.split()[1].removesuffix("%")) > 30, padding


def test_a_word_of_a_million_characters(capsys: pytest.CaptureFixture[str]) -> None:
    Path("t.conll").write_text(GOOD + "a" * 1_000_000 + "\tO\nLee\tO\n")
    assert "training examples" in fitted(capsys, "t.conll")


def test_one_series_holds_out_its_end_and_is_learned_in_windows(capsys: pytest.CaptureFixture[str]) -> None:
    series(Path("s.csv"), steps=1000)
    shown = fitted(capsys, "s.csv", *ONE)
    assert "of the one series the last 10% of the time is held out for it (100 steps)" in shown
    assert "the 900 steps to learn from are cut into 4 windows of up to 225" in shown
    assert "training examples 4, validation examples 1" in shown
    assert status_of(["predict", "run", "s.csv", "--out", "out.csv"]) == 0
    rows = Path("out.csv").read_text().splitlines()
    assert rows[0] == "time,x,y,label,predicted" and len(rows) == 1001, "one row for each step, in one piece"


def test_the_end_of_a_series_is_the_latest_time_whatever_the_order_of_the_file() -> None:
    from throughtime.data.user_data import user_data
    from throughtime.tasks.tag.options import Config
    from throughtime.tasks.tag.targets import TagReader

    series(Path("s.csv"), steps=100)
    head, *rows = Path("s.csv").read_text().splitlines()
    Path("s.csv").write_text("\n".join([head, *rows[::-1]]) + "\n")
    config = Config(time_column="time", hidden=4, embedding=4)
    read = TagReader(config).read(user_data({"data": "s.csv"}), known=None, note=lambda _: None)
    train, held_out = (np.concatenate([each.content for each in part.records]) for part in (read.train, read.valid))
    assert np.array_equal(train[:, 0], (np.arange(90) // 5) % 2)
    assert np.array_equal(held_out[:, 0], (np.arange(90, 100) // 5) % 2)


def test_one_series_with_validation_data_is_learned_in_windows_too(capsys: pytest.CaptureFixture[str]) -> None:
    series(Path("s.csv"), steps=600)
    series(Path("v.csv"), steps=50)
    shown = fitted(capsys, "s.csv", "--valid", "v.csv", *ONE)
    assert "the 600 steps to learn from are cut into 3 windows of up to 200" in shown
    assert "held out" not in shown and "training examples 3, validation examples 1" in shown


def test_many_series_are_held_out_whole(capsys: pytest.CaptureFixture[str]) -> None:
    many_series(Path("s.csv"))
    shown = fitted(capsys, "s.csv", *MANY)
    assert "1 of 12 examples are held out for it, chosen by a hash of their content" in shown
    assert "training examples 11, validation examples 1" in shown


def test_entities_are_scored_as_spans(capsys: pytest.CaptureFixture[str]) -> None:
    Path("t.conll").write_text(GOOD)
    assert "validation 0.000 entity F1" in fitted(capsys, "t.conll", "--crf")
    Path("t.csv").write_text("text,tags\n" + "".join(f"so it is{n},x y x\n" for n in range(12)))
    shown = fitted(capsys, "t.csv", "--overwrite")
    assert "entity F1" not in shown and "accuracy" in shown
