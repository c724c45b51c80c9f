"""What is refused, or told, with an option named where a run is used, and what comes of it."""

from __future__ import annotations

import shlex
from functools import partial
from pathlib import Path

from advice_case import (
    BAD_SPAN,
    BY_ID,
    FASTTEXT,
    FIT,
    FROM_LINES,
    GAPS,
    LATIN,
    LINES,
    LONG,
    NAMES,
    OF_LABELS,
    SENTENCES,
    TEXT,
    TEXTS,
    UNCLEAR,
    Case,
    written,
)
from small_data import image, images, sound, sounds

from throughtime.cli.main import status_of

SERIES = f"{FIT} {BY_ID}"
FOLDER = "fit classify d --out run"
WIDE = "label,t1,t2,t3\n" + "".join(f"{'ab'[n % 2]},{n}.5,1.5,2.5\n" for n in range(8))
LANGUAGE = "fit generate a.csv --out run"
SPANS = "fit tag a.conll --out run"


def _sounds() -> None:
    sounds(Path("d"))
    sound(Path("new.wav"), rate=16000)


def _images() -> None:
    images(Path("d"))
    image(Path("new.png"), width=7)


def _another_run() -> None:
    """A run whose tokens are others."""
    written(LINES)
    assert status_of([*shlex.split(FROM_LINES), "--out", "other", "--unit", "bytes"]) == 0


def _beside(new: str | bytes, learned: str = TEXTS) -> dict[str, str | bytes]:
    return {"a.csv": learned, "b.csv": new}


of_lines = partial(Case, LINES, before=FROM_LINES)
USING: dict[str, Case] = {
    # series in windows
    "windows both ways": Case({"a.csv": LONG}, "predict run a.csv --tbptt 2", "fit --no-bidirectional, or leave",
                              reads=12, before=f"fit tag a.csv --out run {BY_ID}", without="--tbptt 2"),
    "windows of words": Case({"a.csv": SENTENCES}, "evaluate run a.csv --tbptt 2", "--tbptt has no meaning for words",
                             reads=12, without="--tbptt 2",
                             before="fit tag a.csv --out run --id-column sentence --no-bidirectional"),
    # how other files are written
    "a header": Case(_beside(UNCLEAR), "predict run b.csv", "with --header or --no-header", "--no-header", 7),
    "a header to score": Case(_beside(UNCLEAR), "evaluate run b.csv", "with --header or --no-header", "--no-header",
                              "not one label of the data"),
    "a separator": Case(_beside(TEXTS), "predict run b.csv --separator two", "--separator must be",
                    "--separator comma", 24),
    "an encoding": Case(_beside(LATIN), "predict run b.csv", "(--encoding latin-1", "--encoding latin-1", 24),
    "an encoding to score": Case(_beside(LATIN), "evaluate run b.csv", "(--encoding latin-1", "--encoding latin-1", 24),
    "a form": Case({"a.csv": TEXTS, "b.xyz": "so good\nso bad\n"}, "predict run b.xyz", "say which with --format",
                   "--format lines", 2),
    "a text of one": Case({"a.csv": TEXTS, "b.txt": "so good\nso bad\n"}, "predict run b.txt", "--format lines takes",
                          reads=1, told=True),
    "several labels": Case(_beside(FASTTEXT), "evaluate run b.csv", "are learned with fit --target-type labels"),
    # their columns
    "a text": Case(_beside("p,q\nx,1\ny,2\n"), "predict run b.csv", "say which with --text-column",
                    "--text-column p", 2),
    "a text to score": Case(_beside("p,q\nx,n\ny,p\n"), "evaluate run b.csv --header", "say which with --text-column",
                            "--text-column p", 2),
    "a target to score": Case(_beside("text,q,r\nx,n,1\ny,p,2\n"), "evaluate run b.csv --header",
                              "say which with --target-column", "--target-column q", 2),
    "a file": Case({**_beside("f\na.txt\n"), "a.txt": "so good"}, "predict run b.csv --file-column z",
                   "choose one with --file-column", "--file-column f", 1, before=f"{FIT} --text-column text"),
    "no columns": Case({"a.csv": TEXTS, "b.fa": ">a\nGATTACA\n"}, "predict run b.fa --text-column x",
                       "--text-column is for", reads=1, without="--text-column x"),
    "no sounds": Case({"a.csv": TEXTS}, "predict run a.csv --resample 8000", "--resample is for sounds", reads=24,
                      without="--resample 8000"),
    # series
    "a gap": Case(_beside(GAPS, LONG), "predict run b.csv", "(fit --fill forward, linear or zero", before=SERIES),
    "a gap to score": Case(_beside(GAPS, LONG), "evaluate run b.csv", "(fit --fill forward", before=SERIES),
    "filled": Case(_beside(GAPS, GAPS), "evaluate run b.csv", "missing and filled", reads=12, told=True,
                   before=f"{SERIES} --fill linear"),
    "a target": Case(_beside(LONG.replace(",state", ",z"), LONG), "evaluate run b.csv",
                    "choose one with --target-column",
                     "--target-column z", 12, before=SERIES),
    "an id": Case(_beside(LONG.replace("id,", "no,"), LONG), "predict run b.csv", "choose one with --id-column",
                  "--id-column no", 12, before=SERIES),
    "left out already": Case({"a.csv": LONG}, "predict run a.csv --ignore-columns y", "leave --ignore-columns out",
                    reads=12,
                             before=f"{SERIES} --feature-columns x", without="--ignore-columns y"),
    "a feature": Case(_beside(LONG.replace(",y,", ",z,"), LONG), "predict run b.csv",
                      "has no column 'y', a feature of what was learned from", before=SERIES),
    "an asked feature": Case(_beside(LONG.replace(",y,", ",z,"), LONG), "predict run b.csv",
                             "has no column 'y', a feature of what was learned from",
                             before=f"{SERIES} --feature-columns y"),
    "wide": Case(_beside("t1,t2,t3\n1.5,1.5,1.5\n", WIDE), "evaluate run b.csv", "say which with --target-column",
                 "--target-column t1", "not one label of the data"),
    # files by themselves
    "a rate": Case(_sounds, "predict run new.wav", "to one rate with --resample 8000", "--resample 8000", 1,
                    before=FOLDER),
    "a width": Case(_images, "predict run new.png", "(fit --image-steps pixels)", before=FOLDER),
    # words
    "a span": Case({"a.conll": BAD_SPAN.partition("\n\n")[2], "b.conll": BAD_SPAN}, "evaluate run b.conll",
                   "leave such sentences out with --skip-bad", "--skip-bad", 8, before=SPANS),
    "an id of words": Case(_beside(SENTENCES.replace("sentence", "s"), SENTENCES), "evaluate run b.csv",
                           "choose one with --id-column", "--id-column s", 12,
                           before="fit tag a.csv --out run --id-column sentence"),
    # texts that are written
    "probabilities": of_lines("predict run s.txt --probabilities", "--probabilities is for labels", reads=24,
                              without="--probabilities"),
    "more than are followed": of_lines("predict run s.txt --n-best 9", "--n-best must be from 1 to --beam, 5",
                                       "--n-best 2", 24),
    "pictures of no place": of_lines("predict run s.txt --plot-format png", "say where they go with --plot", "--plot p",
                                     24),
    "nothing to draw": of_lines("predict run s.txt --plot p", "--plot needs a network with attention", reads=24,
                                without="--plot p", before=f"{FROM_LINES} --attention none"),
    "nothing to cover": of_lines("evaluate run --source s.txt --target t.txt --coverage-penalty 0.1",
                                 "--coverage-penalty needs a network with attention, and this one has none", reads=24,
                                 without="--coverage-penalty 0.1", before=f"{FROM_LINES} --attention none"),
    "nothing unknown": of_lines("predict run s.txt --copy-unknown", "--copy-unknown has nothing to do", reads=24,
                                without="--copy-unknown", before=f"{FROM_LINES} --unit bytes"),
    "other tokens": Case(_another_run, "predict run s.txt --with other", "start it from this run (fit --init-from)",
                         before=FROM_LINES),
    "a long source": of_lines("predict run s.txt --max-source 4", "--max-source is 4; split it, or allow more",
                              "--max-source 99", 24),
    "columns of lines": of_lines("predict run --source s.txt --source-column a", "--source-column is for tables",
                                 reads=24, without="--source-column a"),
    "scores of pairs": of_lines("evaluate run --source s.txt --target t.txt --scores -", "--scores is a file",
                                "--scores p.tsv", 24),
    "one side": of_lines("evaluate run --source s.txt", "--source has nothing beside it; give --target",
                         "--target t.txt", 24),
    "what is predicted": of_lines("predict run --source s.txt --target t.txt", "--target is what is to be predicted",
                                  reads=24, without="--target t.txt"),
    "no texts": of_lines("predict run", "nothing to predict for: name files with --source", "--source s.txt", 24),
    # texts for labels
    "no label": Case({"a.csv": NAMES}, "generate run", "choose one with --condition: en, it", "--condition en",
                     before=OF_LABELS),
    "another label": Case({"a.csv": NAMES}, "generate run --condition itt", "unknown label 'itt': did you mean 'it'?",
                          before=OF_LABELS),
    "labels of none": Case({"a.csv": TEXT}, "generate run --condition it", "from no labels; leave --condition out",
                           before=LANGUAGE, without="--condition it"),
    "no texts to write": Case({"a.csv": TEXT}, "generate run --count 0", "--count must be at least 1", "--count 1",
                              before=LANGUAGE),
    "another column of labels": Case(_beside(NAMES.replace("country", "land"), NAMES), "evaluate run b.csv",
                                     "choose one with --condition", "--condition land", 210, before=OF_LABELS),
    "another column of names": Case(_beside(NAMES.replace("name", "of"), NAMES), "evaluate run b.csv",
                                    "say which with --text-column", "--text-column of", 210, before=OF_LABELS),
    "labels to score by": Case({"a.csv": TEXT}, "evaluate run a.csv --condition x", "leave --condition out",
                               reads=1720, before=LANGUAGE, without="--condition x"),
    "a table to score": Case({"a.csv": TEXT}, "evaluate run a.csv --text-column x",
                             "--text-column is for a table of texts with labels", reads=1720, before=LANGUAGE,
                             without="--text-column x"),
    # what a run can do
    "not of this task": Case({"a.csv": TEXT}, "evaluate run a.csv --resample 8000", "leave --resample out",
                             reads=1720, before=LANGUAGE, without="--resample 8000"),
    "nothing skipped": Case({"a.csv": TEXT}, "evaluate run a.csv --skip-bad", "leave --skip-bad out", reads=1720,
                            before=LANGUAGE, without="--skip-bad"),
    "no data": Case({"a.csv": TEXTS}, "predict run", "nothing to predict for: name a file", "a.csv", 24),
    "no data to score": Case({"a.csv": TEXTS}, "evaluate run", "nothing to evaluate: name a file", "a.csv", 24),
    "a prompt": Case({"a.csv": TEXT}, "generate run --prompt @", "(fit --unit bytes",
                    before=LANGUAGE),
    "a length": Case({"a.csv": TEXT}, "generate run --length -1", "--length must be 0", "--length 1", 0,
                    before=LANGUAGE),
    "a temperature": Case({"a.csv": TEXT}, "generate run --temperature -1", "--temperature must be 0",
                    "--temperature 1", 0,
                          before=LANGUAGE),
    "no candidates": Case({"a.csv": TEXT}, "next run '' --top 0", "--top must be at least 1", "--top 1", 0,
        before=LANGUAGE),
    "a few tokens": Case({"a.csv": TEXT}, "generate run --top-k 0", "--top-k must be at least 1", "--top-k 1", 0,
                         before=LANGUAGE),
    "a share": Case({"a.csv": TEXT}, "generate run --top-p 2", "--top-p must be above 0", "--top-p 1", 0,
                    before=LANGUAGE),
    "no writer": Case({"a.csv": TEXTS}, "generate run", "writes no text; see predict"),
    # what a run says of itself
    "nothing known": Case({"a.csv": TEXTS}, "explain run tea --what flaw", "unknown --what 'flaw': did you mean 'flow"),
    "no such way": Case({"a.csv": TEXTS}, "explain run tea --what saliency --method shap", "unknown --method 'shap'"),
    "nothing to follow": Case({"a.csv": TEXTS}, "explain run tea --what units --follow mood",
                              "unknown --follow 'mood' (known: quotes, brackets, line)"),
    "a unit of no use": Case({"a.csv": TEXTS}, "explain run tea --unit 3",
                             "--unit is for --what units or --what walk: give that, or leave it out"),
    "which units": Case({"a.csv": TEXTS}, "explain run tea --what units",
                        "--what units shows one unit, --unit, or searches for those that follow something, --follow"),
    "no span": Case({"a.csv": TEXTS}, "explain run tea --what units --span 9:3",
                    "--span must be two steps such as 3:9"),
    "one way only": Case({"a.csv": TEXTS}, "explain run tea --what horizon",
                         "--what horizon looks back along one way, and this run reads both ways: ask for --what flow"),
    "no such record": Case({"a.csv": TEXTS}, "explain run a.csv --record 99", "give another --record"),
    "one text": Case({"a.csv": TEXT}, "explain run a.csv --record 2", "--record is for files of several records",
                     before=LANGUAGE),
    "no labels to explain": Case({"a.csv": TEXTS}, "explain run tea --condition it",
                                 "--condition is for runs that write texts for labels"),
    "no such picture": Case({"a.csv": TEXTS}, "explain run tea --out tea.jpg",
                            "--out tea.jpg: a picture ends in .svg, .png or .html"),
    "no such folder": Case({"a.csv": TEXTS}, "explain run tea --out no/tea.svg",
                           "--out no/tea.svg: there is no folder no"),
}  # fmt: skip
"""The run is that of FIT where nothing else is said."""
