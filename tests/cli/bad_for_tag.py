"""Data that ``throughtime fit tag`` must refuse."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from bad_data import Bad, after, cut, every_series, in_series, raw
from small_data import BY_STEP, GOOD, labelled_clips, one_series

WINDOWS = ("--tbptt", "2", "--no-bidirectional")
SENTENCES = GOOD["tag"].encode()


def conll(bad: str) -> Callable[[], object]:
    return raw("t.conll", SENTENCES + bad.encode())


def universal(*rows: str) -> Callable[[], object]:
    word = "1\tHe\the\tPRON\t_\t_\t2\tnsubj\t_\t_\n2\tate\teat\tVERB\t_\t_\t0\troot\t_\t_\n\n"
    return lambda: Path("t.conllu").write_text(word * 9 + "".join(f"{row}\n" for row in rows))


def tokens(*rows: object) -> Callable[[], object]:
    good = [{"tokens": ["so", "it", f"is{number}"], "tags": ["x", "y", "x"]} for number in range(12)]
    return lambda: Path("t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in [*good, *rows]))


CASES: dict[str, Bad] = {
    "too few columns": Bad(conll("So\nbad\tO\n"), "t.conll", ("t.conll: line 61", "1 column where 2"), skips=1),
    "too many columns": Bad(conll("So\tO\nbad\tO\tO\n"), "t.conll", ("t.conll: line 62", "3 columns where 2"), skips=1),
    "I after O": Bad(
        conll("So\tO\nLee\tI-per\n"), "t.conll", ("t.conll: line 62", "'I-per'", "follows 'O'", "'B-per'"), skips=1
    ),
    "I first": Bad(
        conll("Lee\tI-per\n"), "t.conll", ("t.conll: line 61", "first of its sentence", "as in BIO (IOB2)"), skips=1
    ),
    "I of another type": Bad(
        conll("Rome\tB-loc\nLee\tI-per\n"), "t.conll", ("t.conll: line 62", "follows 'B-loc'", "'B-per'"), skips=1
    ),
    "empty label": Bad(conll("So\t \n"), "t.conll", ("t.conll: line 61", "the label, is empty"), skips=1),
    "one column": Bad(
        raw("t.conll", b"So\nbad\n\n"), "t.conll", ("t.conll", "one column", "labels are needed")
    ),
    "no words": Bad(raw("t.conll", b"\n\n"), "t.conll", ("t.conll has no words",)),
    "missing column": Bad(
        conll(""), "t.conll", ("t.conll has no column '4'", "1, 2", "--target-column"), ("--target-column", "4")
    ),
    "not UTF-8": Bad(
        raw("t.conll", SENTENCES + b"caf\xe9\tO\n"), "t.conll",
        ("t.conll: line 61", "byte offset", "--encoding"),
    ),
    "broken gz": Bad(
        raw("t.conll.gz", gzip.compress(SENTENCES)[:-9]), "t.conll.gz", ("no whole .gz",)
    ),
    "one label": Bad(
        raw("t.conll", b"So\tO\n\nit\tO\n\n"), "t.conll", ("label 'O'", "two labels or more")
    ),
    "one sentence": Bad(
        raw("t.conll", b"So\tX\nit\tO\n"), "t.conll", ("1 record is too little", "--valid")
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
        raw("t.csv", b"plot,stars\na b,x y\n"), "t.csv", ("'plot', 'stars'", "--text-column")
    ),
    **every_series("tag"),
    "no time": in_series("tag", "s1,soon,1,b", "'soon'", "ISO date"),
    "step without a label": in_series("tag", "s1,1,1,", "'label' is empty"),
    "time twice in the one series": Bad(
        lambda: one_series(Path("s.csv"), change={6: "3,0,0,a"}), "s.csv", ("s.csv: line 6", "3 again", "--id-column"),
        BY_STEP,
    ),
    **{
        f"{name} in windows": replace(bad, more=(*bad.more, *WINDOWS))
        for name, bad in {
            **every_series("tag"),
            "no time": in_series("tag", "s1,soon,1,b", "'soon'", "ISO date"),
            "out of order": in_series("tag", "s1,-1,0.5,b", "the time -1 comes after 0 in line 5", "sort the table"),
            "step without a label": in_series("tag", "s1,1,1,", "'label' is empty"),
            "a cell too many": in_series("tag", "s1,1,1,b,2", "5 cells, where the first line has 4"),
            "infinity": in_series("tag", "s1,1,1e39,b", "a number over 3e38"),
        }.items()
    },
    "one step in windows": Bad(
        lambda: one_series(Path("s.csv"), steps=1), "s.csv", ("every step of the training data has the label 'a'",),
        (*BY_STEP, *WINDOWS),
    ),
    "a header alone in windows": Bad(
        raw("s.csv", b"time,x,label\n"), "s.csv", ("s.csv has no rows",), (*BY_STEP, *WINDOWS)
    ),
    "missing time column": Bad(
        lambda: one_series(Path("s.csv")), "s.csv", ("no column 'tme'", "'time'", "--time-column"),
        ("--time-column", "tme"),
    ),
    "fewer labels than frames": Bad(
        lambda: labelled_clips(labels=2), "d", ("5.npz", "3 frames", "one label per frame"), skips=1
    ),
    "NaN in a clip": Bad(lambda: labelled_clips(value=np.nan), "d", ("5.npz", "frame 0", "NaN"), skips=1),
    "broken clip": Bad(
        after(labelled_clips, lambda: cut("d/5.npz", 60)), "d", ("5.npz", "broken", "save it again"), skips=1
    ),
    "sound": Bad(
        after(labelled_clips, raw("d/9.wav", b"x")), "d", ("9.wav", "no label for each step", ".npz"), skips=1
    ),
}  # fmt: skip
