"""Data that ``throughtime fit translate`` must refuse."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

from bad_data import Bad, after, raw
from small_data import GOOD

PAIRS = GOOD["translate"]
SOURCES = "".join(f"ein Hund {n}\n" for n in range(12))
TARGETS = SOURCES.replace("ein Hund", "a dog")
BOTH = ("--target=t.en",)


def lines(sources: str = SOURCES, targets: str = TARGETS) -> Callable[[], object]:
    return after(raw("s.de", sources.encode()), raw("t.en", targets.encode()))


def table(bad: str) -> Callable[[], object]:
    return raw("t.tsv", (PAIRS + bad).encode())


def objects(*rows: object) -> Callable[[], object]:
    good = [{"source": f"ein Hund {number}", "target": f"a dog {number}"} for number in range(12)]
    return lambda: Path("t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in [*good, *rows]))


CASES: dict[str, Bad] = {
    # line n goes with line n
    "fewer targets": Bad(
        lines(targets=TARGETS[:-11]), "--source=s.de",
        ("s.de has 12 lines, t.en 11", "line 12 of s.de has no line beside it", "line n of the one"), BOTH,
    ),
    "more targets, from an empty line on": Bad(
        lines(targets=TARGETS.replace("a dog 4\n", "\na dog 4\n")), "--source=s.de",
        ("s.de has 12 lines, t.en 13", "line 13 of t.en", "(line 5 of t.en is empty, line 5 of s.de is not)"), BOTH,
    ),
    "a third file that is shorter": Bad(
        after(lines(), raw("u.en", TARGETS[:-11].encode())), "--source=s.de",
        ("s.de has 12 lines, u.en 11", "line 12 of s.de"), (*BOTH, "--target=u.en"),
    ),
    "an empty target": Bad(
        lines(targets=TARGETS.replace("a dog 4\n", " \n")), "--source=s.de",
        ("t.en: line 5", "the target is empty", "leave line 5 out of the source and the target alike"), BOTH, skips=1,
    ),
    "an empty source": Bad(
        lines(SOURCES.replace("ein Hund 4\n", "\n")), "--source=s.de",
        ("s.de: line 5", "the source is empty"), BOTH, skips=1,
    ),
    "two empty sides": Bad(
        lines(SOURCES + "\n", TARGETS + "\n"), "--source=s.de",
        ("s.de: line 13", "the source and the target are empty"), BOTH, skips=1,
    ),
    "a long source": Bad(
        lines(SOURCES + "so " * 301 + "\n", TARGETS + "so\n"), "--source=s.de",
        ("s.de: line 13", "903 tokens", "--max-source is 900", "split it, or allow more"),
        (*BOTH, "--unit=characters", "--max-source=900"), skips=1,
    ),
    "not UTF-8": Bad(
        after(lines(), raw("t.en", TARGETS.replace("a dog 4", "caf\xe9").encode("latin-1"))), "--source=s.de",
        ("t.en: line 5", "byte offset", "--encoding"), BOTH,
    ),
    "broken gz": Bad(
        after(lines(), raw("t.en.gz", gzip.compress(TARGETS.encode())[:-9])), "--source=s.de",
        ("t.en.gz", "no whole .gz"), ("--target=t.en.gz",),
    ),
    "no such source": Bad(lines(), "--source=s.fr", ("no such file: s.fr",), BOTH),
    "no such target": Bad(lines(), "--source=s.de", ("no such file: t.fr",), ("--target=t.fr",)),
    "an empty file": Bad(lines("", ""), "--source=s.de", ("s.de is empty; give a file with text in it",), BOTH),
    "one pair": Bad(
        lines("ein Hund\n", "a dog\n"), "--source=s.de", ("1 record is too little", "--valid"), BOTH
    ),
    "no target": Bad(lines(), "--source=s.de", ("--source has nothing beside it; give --target",)),
    "no source": Bad(lines(), "--target=t.en", ("--target has nothing beside it; give --source",)),
    "two sources and three targets": Bad(
        lines(), "--source=s.de", ("2 source files and 3 target files cannot be paired",),
        ("--source=s.de", *BOTH, *BOTH, *BOTH),
    ),
    "unequal files to validate on": Bad(
        after(table(""), lines(targets=TARGETS[:-11])), "t.tsv", ("s.de has 12 lines, t.en 11",),
        ("--valid-source=s.de", "--valid-target=t.en"),
    ),
    # tables
    "an empty cell": Bad(table("ein Hund\t\n"), "t.tsv", ("t.tsv: line 26", "'target' is empty"), skips=1),
    "a missing cell": Bad(table("ein Hund\n"), "t.tsv", ("t.tsv: line 26", "1 cell where"), skips=1),
    "no such source column": Bad(
        table(""), "t.tsv", ("no column 'german'", "'source', 'target'", "--source-column"), ("--source-column=german",)
    ),
    "no such target column": Bad(
        table(""), "t.tsv", ("no column 'english'", "'source', 'target'", "--target-column"),
        ("--target-column=english",),
    ),
    "no usual columns": Bad(
        raw("t.csv", b"one,two,three\n" + b"ein Hund,a dog,x\n" * 12), "t.csv",
        ("'one', 'two', 'three'", "--source-column"),
    ),
    "an empty list of right targets": Bad(
        objects({"source": "ein Hund", "target": []}), "t.jsonl", ("t.jsonl: line 13", "'target'"), skips=1
    ),
    "an empty right target": Bad(
        objects({"source": "ein Hund", "target": ["a dog", " "]}), "t.jsonl", ("t.jsonl: line 13", "'target'", "empty"),
        skips=1,
    ),
    "a missing field": Bad(
        objects({"source": "ein Hund"}), "t.jsonl", ("t.jsonl: line 13", "no field 'target'"), skips=1
    ),
    "lines and no table": Bad(lines(), "s.de", ("s.de", "neither its name nor its lines")),
}  # fmt: skip
