"""Data that ``throughtime fit classify`` must refuse."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
from bad_data import Bad, after, cut, every_series, in_series, raw
from small_data import GOOD, clips, image, images, reviews, sound, sounds, table
from small_runs import SOUNDS


def rows(*bad: str, header: str = "text,label") -> Callable[[], None]:
    return lambda: table(Path("t.csv"), [*reviews(), *bad], header)


def numbers(*bad: str) -> Callable[[], None]:
    return lambda: table(Path("t.csv"), [*(f"word {number},{number / 2}" for number in range(20)), *bad])


def two_texts() -> None:
    table(Path("t.csv"), [f"good tea {n},bad bread {n},{'pn'[n % 2]}" for n in range(24)], "plot,story,stars")


REVIEWS = GOOD["classify"].encode()
NUMBER = ("--target-type", "number")
CASES: dict[str, Bad] = {
    "column": Bad(
        rows(header="plot,label"), "t.csv", ("t.csv", "'title'", "'plot', 'label'", "--text-column"),
        ("--text-column", "title"),
    ),
    "no usual column": Bad(two_texts, "t.csv", ("t.csv", "'plot', 'story', 'stars'", "--text-column")),
    "empty text": Bad(rows(" ,p"), "t.csv", ("t.csv: line 26", "'text' is empty"), skips=1),
    "empty label": Bad(rows("fine,"), "t.csv", ("t.csv: line 26", "'label' is empty"), skips=1),
    "too many cells": Bad(rows("so, so,p"), "t.csv", ("t.csv: line 26", "3 cells", "double quotes"), skips=1),
    "open quote": Bad(rows('"so,p'), "t.csv", ("t.csv: line 26", "never closed"), skips=1),
    "single class": Bad(rows("so so,meh"), "t.csv", ("t.csv: line 26", "'meh'", "two examples"), skips=1),
    "one class": Bad(
        lambda: table(Path("t.csv"), ["a b,p", "c d,p"]), "t.csv", ("label 'p'", "two labels or more")
    ),
    "header alone": Bad(raw("t.csv", b"text,label\n"), "t.csv", ("the training data (t.csv) holds no records",)),
    "empty file": Bad(raw("t.csv", b""), "t.csv", ("t.csv is empty",)),
    "no file": Bad(lambda: None, "t.csv", ("no such file: t.csv",)),
    "unknown name": Bad(raw("t.doc", b"x"), "t.doc", ("t.doc", "neither its name nor its lines", ".csv", "--format")),
    "not UTF-8": Bad(
        raw("t.csv", REVIEWS + b"caf\xe9 noir,p\n"), "t.csv", ("t.csv: line 26", "byte offset", "--encoding")
    ),
    "broken gz": Bad(raw("t.csv.gz", gzip.compress(REVIEWS)[:-9]), "t.csv.gz", ("t.csv.gz", "no whole .gz")),
    "broken JSON": Bad(
        raw("t.jsonl", b'{"text": "a b", "label": "p"}\n{"text": "c d", "label": "n"}\n' * 9 + b'{"text": \n'),
        "t.jsonl", ("t.jsonl: line 19", "no JSON", "one object a line"), skips=1,
    ),
    "text as number": Bad(numbers("so good,lots"), "t.csv", ("t.csv: line 22", "'label'", "'lots'"), NUMBER, 1),
    "NaN as number": Bad(numbers("so good,nan"), "t.csv", ("t.csv: line 22", "'label'", "'nan'"), NUMBER, 1),
    "one number": Bad(
        lambda: table(Path("t.csv"), ["a,1", "b,1", "c,1"]), "t.csv", ("the number 1", "nothing to learn"), NUMBER
    ),
    "FASTA as number": Bad(
        raw("a.fa", b">a\nACGT\n>b\nAC\n"), "a.fa", ("a.fa: line 1 (a)", "'a', not a number", "--target-type"), NUMBER
    ),
    "FASTA as labels": Bad(
        raw("a.fa", b">a\nACGT\n>b\nAC\n"), "a.fa", ("a.fa: line 1 (a)", "'a', not several labels", "--target-type"),
        ("--target-type", "labels"),
    ),
    **every_series("classify"),
    "two labels in a series": in_series("classify", "s1,1,0.5,a", "'a'", "'b'", "tag"),
    "mixed rates": Bad(
        after(lambda: sounds(Path("d")), lambda: sound(Path("d/low/9.wav"), 16000)), "d",
        ("9.wav: 16000 samples", "1.wav has 8000", "resample"), tuple(SOUNDS), 1,
    ),
    "cut off WAV": Bad(
        after(lambda: sounds(Path("d")), lambda: cut("d/high/1.wav", 300)), "d", ("1.wav: cut off", "whole file"),
        tuple(SOUNDS), 1,
    ),
    "no WAV": Bad(
        after(lambda: sounds(Path("d")), raw("d/high/1.wav", b"not a sound")), "d",
        ("1.wav", "not a sound file", "WAV or FLAC"), tuple(SOUNDS), 1,
    ),
    "broken PNG": Bad(
        after(lambda: images(Path("d")), lambda: cut("d/light/1.png", 40)), "d", ("1.png", "not an image", "again"),
        skips=1,
    ),
    "unequal images": Bad(
        after(lambda: images(Path("d")), lambda: image(Path("d/light/9.png"), 5)), "d",
        ("9.png: 5 pixels wide", "0.png is 4", "--image-steps pixels"), skips=1,
    ),
    "broken npz": Bad(
        after(lambda: clips(Path("d")), lambda: cut("d/up/1.npz", 60)), "d", ("1.npz", "broken", "save it again"),
        skips=1,
    ),
    "array of objects": Bad(
        after(lambda: clips(Path("d")), lambda: np.savez("d/up/1.npz", frames=np.array([{}], dtype=object))), "d",
        ("1.npz", "objects", "could hold code"), skips=1,
    ),
    "array without frames": Bad(
        after(lambda: clips(Path("d")), lambda: np.savez("d/up/1.npz", x=np.ones((3, 2)))), "d",
        ("1.npz", "no array 'frames'", "'x'", "np.savez"), skips=1,
    ),
    "foreign file": Bad(
        after(lambda: clips(Path("d")), raw("d/up/readme.md", b"x")), "d", ("readme.md", "'.md'", "remove"), skips=1
    ),
    "file without a label": Bad(
        after(lambda: images(Path("d")), lambda: image(Path("d/9.png"))), "d", ("9.png", "no label", "d/LABEL"),
        skips=1,
    ),
    "several kinds": Bad(
        after(lambda: images(Path("d")), lambda: sounds(Path("d"))), "d", ("several kinds", "0.png", "1.wav")
    ),
    "splits as classes": Bad(
        after(lambda: image(Path("d/train/1.png")), lambda: image(Path("d/test/1.png"))), "d",
        ("test, train", "no classes", "--valid"),
    ),
    "named file is missing": Bad(
        after(
            lambda: clips(Path("d")),
            lambda: table(
                Path("t.csv"), [f"d/{'up' if n % 2 else 'down'}/{n}.npz,{n % 2}" for n in range(9)], "path,label"
            ),
        ),
        "t.csv", ("t.csv: line 10", "down/8.npz", "no such file"), ("--file-column", "path"), 1,
    ),
    "foreign letter": Bad(
        after(
            raw("a.fa", b"".join(b">a%d\nACGT\n" % n for n in range(9)) + b">bad\nAC1T\n"),
            lambda: Path("d").mkdir(), lambda: Path("a.fa").rename("d/a.fa"),
            raw("d/b.fa", b"".join(b">b%d\nTTTT\n" % n for n in range(9))),
        ),
        "d", ("a.fa", "line 19", "(bad)", "'1'", "IUPAC"), skips=1,
    ),
}  # fmt: skip
