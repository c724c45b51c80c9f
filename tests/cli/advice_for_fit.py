"""What ``fit`` refuses or tells with an option named, and what comes of doing as it says."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
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
    TAG,
    TEXT,
    TEXTS,
    TRANSLATE,
    TRANSLATIONS,
    UNCLEAR,
    Case,
)
from bad_data import after
from bad_for_caption import pictures
from small_data import images, sound, sounds

CAPTION = "fit caption t.csv --out run"
"""With a table of pictures."""
STEPS = "--time-column t --target-column state"


def _mixed_sounds() -> None:
    sounds(Path("d"))
    sound(Path("d/high/9.wav"), rate=16000)


def _wide_images() -> None:
    from PIL import Image

    images(Path("d"))
    Image.fromarray(np.full((3, 7), 9, np.uint8)).save("d/dark/9.png")


def _unusual() -> None:
    """Give the column of pictures a name that no such column has."""
    Path("t.csv").write_text(Path("t.csv").read_text().replace("image", "what"))


def _parts() -> None:
    for n in range(12):
        path = Path(f"d/{('train', 'valid')[n // 6]}/{'ab'[n % 2]}/{n}.txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"so good {n}")


def _rows(header: str, row: str, count: int = 8) -> dict[str, str | bytes]:
    """A table whose row number n has ``row`` with n, one of two labels, and its length of word filled in."""
    lines = [row.format(n=n, label="ab"[n % 2], other="cd"[n % 2], one=n // 9) for n in range(count)]
    return {"a.csv": "\n".join([header, *lines] if header else lines) + "\n"}


def _conll(block: str, count: int = 6) -> dict[str, str | bytes]:
    return {"a.conll": "".join(block.replace("#", str(n)) for n in range(count))}


TWO = _conll("w# A\n\nv# B\n\n")
NUMBERS = {"a.csv": "p,q,label\n" + "".join(f"{n}.5,{n}.25,{n % 2}\n" for n in range(8))}
LABELS = _rows("id,t,x,kind,more,state", "{one},{n},{n},k{n},m{n},a", 180)
LABELS["a.csv"] = str(LABELS["a.csv"]).replace(",a\n", ",b\n", 90)
UNNAMED = {"a.csv": LONG.replace("x,y", "x,").replace(",0,a", ",.5,a").replace(",1,a", ",.5,a")}
FEATURES = f"{FIT} {BY_ID} --feature-columns"
IGNORED = f"{FIT} {BY_ID} --ignore-columns"
WINDOWS = f"fit tag a.csv --out run {BY_ID} --tbptt 2"
BACKWARDS = "id,t,x,y,state\n" + "".join(f"{n // 3},{2 - n % 3},{n}.5,1,{'ab'[n // 3 % 2]}\n" for n in range(36))
"""The steps of each series from its end."""
IN_TURN = "id,t,x,state\n" + "".join(f"{n % 2},{n // 2},{n}.5,{'ab'[n // 2 % 2]}\n" for n in range(36))
"""A step of each of two series in turn."""
LATE = LONG.replace("\n1,0,3.5,", "\n1,0,,").replace("\n1,1,4.5,", "\n1,1,,")
of_texts = partial(Case, {"a.csv": TEXTS})
of_series = partial(Case, {"a.csv": LONG})
resumed = partial(of_texts, before=FIT, reads=24)

GOOD = str(_rows("text,label", "so good {n},{label}")["a.csv"])
LONELY = {"a.csv": GOOD + "so new,c\n", "v.csv": GOOD}

BARE = {"a.txt": GOOD.replace(",", "~")}
DATED = {
    "a.csv": "id,day,x,state\n"
    + "".join(f"{n // 3},2024-05-{n % 3 + 1:02},{n},{'ab'[n // 3 % 2]}\n" for n in range(36))
}
VARIED = {"a.csv": LONG.replace("y,state", "label,state")}
HOLED = {"a.csv": f"label,{','.join(map(str, range(20)))}\na,1.5,,2.5{',0.5' * 17}\nb{',1.5' * 20}\n"}
PAIRS = {"a.jsonl": "".join(f'{{"text": "so good {n}", "label": ["a", "{"bc"[n % 2]}"]}}\n' for n in range(8))}
LISTED = _rows("text,label", "{n}.5 1.5 2.5,{label}")
TURNED = {"a.conll": "".join(f"B-x w{n}\nI-x v{n}\nO u\n\n" for n in range(8))}
WORDS = {"a.csv": "word,tag\n" + "".join(f"w{n},{'AB'[n % 2]}\n" for n in range(36))}

FITTING: dict[str, Case] = {
    "a file without label": Case(BARE, "fit classify a.txt --out run", "--format csv (and --separator)",
                                 "--format csv --separator ~", 8),
    "a column of dates": Case(DATED, f"{FIT} --id-column id --target-column state", "--time-column day",
                              "--time-column day", 12),
    "a target that varies": Case(VARIED, f"{FIT} --id-column id --time-column t", "say with --target-column",
                                 "--target-column state", 12),
    "a gap in a row": Case(HOLED, FIT, "where --fill does so"),
    "lists of labels": Case(PAIRS, "fit classify a.jsonl --out run", "with --target-type labels",
                            "--target-type labels", 8),
    "lists of numbers": Case(LISTED, FIT, "(--id-column, --time-column)"),
    "labels before words": Case(TURNED, TAG, "--text-column 1 says otherwise", reads=8, told=True),
    "words alone": Case(WORDS, "fit tag a.csv --out run", "name it with --id-column"),
    "words in sentences": Case({"a.csv": SENTENCES.replace("sentence", "doc")}, "fit tag a.csv --out run",
                               "with --id-column doc", "--id-column doc", 12),
    "numbers in rows": Case(NUMBERS, "fit tag a.csv --out run", "with --id-column, --time-column", "--time-column p",
                            2),
    "numbers alone": Case({"a.csv": NUMBERS["a.csv"].replace("label", "r")}, f"{FIT} --header", "say --wide and",
                                   "--wide --target-column r", 8),
    # texts for labels
    "rows that are documents": Case({"a.csv": NAMES}, f"{OF_LABELS} --separator x", "--separator is for documents",
                                    reads=210, without="--separator x"),
    "texts of no label": Case({"a.csv": NAMES}, "fit generate a.csv --out run --text-column name",
                              "name the column of labels with --condition", "--condition country", 210),
    "no table of labels": Case({"a.txt": TEXT}, "fit generate a.txt --condition x --out run",
                               "--condition names a column of labels, and a.txt is read as folder", reads=1720,
                               without="--condition x"),
    "labels of the first run": Case({"a.csv": NAMES}, "fit generate a.csv --out new --init-from run",
                                    "name their column with --condition", "--condition country", 210,
                                    before=OF_LABELS),
    # how a table is written
    "no header": Case({"a.csv": UNCLEAR}, f"{FIT} --target-type labels", "with --header or --no-header",
                    "--no-header", 7),
    "a header": Case({"a.csv": UNCLEAR}, FIT, "with --header or --no-header", "--header",
                    "say which with --text-column"),
    "an encoding": Case({"a.csv": LATIN}, FIT, "--encoding latin-1, cp1252", "--encoding latin-1", 24),
    "zero bytes": Case({"a.csv": TEXTS.replace("tea", "t\0a", 1)}, FIT, "(--encoding latin-1,", "--encoding latin-1",
                       "character NUL"),
    "no separator": of_texts(f"{FIT} --separator two", "--separator must be one character", "--separator comma", 24),
    "no format": Case({"a.xyz": FASTTEXT[:60]}, "fit classify a.xyz --out run --format no", "unknown format 'no'"),
    "nothing tells": Case({"a.xyz": "so good\nbad\n"}, "fit classify a.xyz --out run", "say which with --format",
                          "--format lines", "lines of text have no labels"),
    "another form": Case({"a.csv": FASTTEXT}, f"{FIT} --target-type labels", "--format says otherwise", reads=13,
                    told=True),
    "several labels": Case({"a.csv": FASTTEXT}, FIT, "learned with --target-type labels", "--target-type labels", 13),
    "a label once": Case(LONELY, FIT, "or give --valid", "--valid v.csv", 17),
    # which column is what
    "which text": Case(_rows("a,b,label", "x{n},y{n},{label}"), FIT, "say which with --text-column",
                    "--text-column b", 8),
    "which target": Case(_rows("text,p,q", "so good {n},{label},{other}"), FIT, "say which with --target-column",
                         "--target-column p", 8),
    "no such text": of_texts(f"{FIT} --text-column z", "choose one with --text-column", "--text-column text", 24),
    "no such target": of_texts(f"{FIT} --target-column z", "choose one with --target-column",
                    "--target-column label", 24),
    "no such file": of_texts(f"{FIT} --file-column z", "choose one with --file-column", "--file-column text",
                             "does not tell what it holds"),
    "text or file": of_texts(f"{FIT} --text-column text --file-column text",
                    "give --text-column or --file-column, not both",
                             reads=24, without="--file-column text"),
    "no text": Case(_rows("", "{n},w{n},{label},{other}"), f"{FIT} --no-header",
                    "choose with --text-column and --target-column", "--text-column 2 --target-column 3", 8),
    # series in rows
    "wide": Case(NUMBERS, FIT, "say --wide", "--wide", 8),
    "one as text": Case(NUMBERS, FIT, "--no-wide and which with --text-column", "--no-wide --text-column p", 8),
    "long": Case(_rows("id,t,x,label", "{one},{n},{n}.5,0", 18), FIT, "--id-column, --time-column",
                 "--id-column id --time-column t", "give two labels or more"),
    "wide words": Case(_rows("p,q,r,label", "{n}.5,w{n},1,{label}"), f"{FIT} --wide",
                    "leave it out with --ignore-columns q",
                       "--ignore-columns q", 8),
    "which is wide": Case(_rows("p,q,r", "{n}.5,1,{label}"), f"{FIT} --wide --target-column q", "leave it out with "
                          "--ignore-columns r", "--ignore-columns r", "two values or more"),
    "wide target": Case({"a.csv": NUMBERS["a.csv"].replace("label", "r")}, f"{FIT} --wide",
                        "say so with --target-column", "--target-column r", 8),
    "wide and text": Case(NUMBERS, f"{FIT} --wide --text-column p", "they have no --text-column: leave one of them out",
                          reads=8, without="--text-column p"),
    "wide by names": Case(_rows("label,t1,t2,t3", "{label},{n},1.5,2.5"), FIT, "--no-wide reads it otherwise", reads=8,
                          told=True),
    # series over rows
    "texts": of_texts(f"{FIT} --feature-columns text", "--feature-columns is for series", reads=24,
                      without="--feature-columns text"),
    "not wide": of_series(f"{FIT} --feature-columns x --target-column state --no-wide",
                          "say with --id-column, --time-column", "--id-column id --time-column t", 12),
    "commas": of_series(f"{FEATURES} x,,y", "--feature-columns 'x,,y' names nothing", "--feature-columns x,y", 12),
    "no such feature": of_series(f"{FEATURES} z", "choose one with --feature-columns", "--feature-columns x", 12),
    "not to ignore": of_series(f"{IGNORED} z", "choose one with --ignore-columns", "--ignore-columns x", 12),
    "both": of_series(f"{FEATURES} y --ignore-columns x", "give it or --ignore-columns, not both", reads=12,
                      without="--ignore-columns x"),
    "no name": Case(UNNAMED, f"{FIT} {BY_ID}", "leave it out with --ignore-columns 4",
                    "--ignore-columns 4", 12),
    "labels": Case(LABELS, f"{FIT} {BY_ID}", "leave it out with --ignore-columns kind", "--ignore-columns kind",
                   "leave it out with --ignore-columns kind,more"),
    "more labels": Case(LABELS, f"{IGNORED} kind", "with --ignore-columns kind,more", "--ignore-columns kind,more", 20),
    "asked labels": Case(LABELS, f"{FEATURES} x,kind", "take it out of --feature-columns", "--feature-columns x", 20),
    "its target": Case({"a.csv": LONG.replace(",y,", ",z,")}, f"{FIT} --id-column id", "it is with --target-column",
        "--target-column state", 12),
    "no such id": of_series(f"{FIT} {BY_ID} --id-column no", "choose one with --id-column", "--id-column id", 12),
    "time twice": of_series(f"fit tag a.csv --out run {STEPS}", "told apart with --id-column", "--id-column id", 12),
    "a gap": Case({"a.csv": GAPS}, f"{FIT} {BY_ID}", "(--fill forward, linear or zero", "--fill forward", 12),
    # series in windows
    "windows both ways": of_series(f"{WINDOWS}", "give --no-bidirectional, or leave --tbptt out", "--no-bidirectional",
                                   24),
    "windows and a field": of_series(f"{WINDOWS} --no-bidirectional --crf", "leave it out, or leave --tbptt out",
                                     reads=24, without="--crf"),
    "windows and lines": Case({"a.csv": GAPS}, f"{WINDOWS} --no-bidirectional --fill linear", "give --fill forward or",
                              "--fill forward", 24),
    "windows out of order": Case({"a.csv": BACKWARDS}, f"{WINDOWS} --no-bidirectional",
                                 "the time 1 comes after 2 in line 2", reads=12, without="--tbptt 2"),
    "windows of many series": of_series(f"fit tag a.csv --out run {STEPS} --tbptt 2 --no-bidirectional",
                                        "say what tells series apart with --id-column", "--id-column id", 24),
    "a time twice in windows": Case({"a.csv": IN_TURN}, f"fit tag a.csv --out run {STEPS} --tbptt 2 --no-bidirectional",
                                    "told apart with --id-column", "--id-column id", 18),
    "a window without a value": Case({"a.csv": LATE}, f"{WINDOWS} --no-bidirectional --fill forward",
                                     "read more at a time (--tbptt), or say --fill zero", "--fill zero", 24),
    "windows of words": Case({"a.csv": SENTENCES}, "fit tag a.csv --out run --id-column sentence --no-bidirectional "
                             "--tbptt 2", "--tbptt has no meaning for words", reads=12, without="--tbptt 2"),
    "windows of spans": Case({"a.csv": LONG.replace(",a", ",B-x").replace(",b", ",O")},
                             f"{WINDOWS} --no-bidirectional", "leave --tbptt out", reads=12, without="--tbptt 2"),
    "files or steps": of_series(f"{FIT} {BY_ID} --file-column x", "row per file (--file-column) or one per step",
                    reads=12,
                                without="--file-column x"),
    # files by themselves
    "rates": Case(_mixed_sounds, "fit classify d --out run", "with --resample 8000", "--resample 8000", 9),
    "widths": Case(_wide_images, "fit classify d --out run", "(--image-steps pixels)", "--image-steps pixels", 9),
    "parts": Case(_parts, "fit classify d --out run", "give d/train as data, and --valid d/valid",
                    "d/train --valid d/valid",
                  12, without="d"),
    "one record": Case({"a.csv": "text,label\nso good,a\n"}, f"{FIT} --target-type labels", "give --valid",
                       "--valid a.csv", 2),
    "one step": Case({"a.csv": "id,t,x,state\n1,1,1,a\n"}, f"fit tag a.csv --out run {BY_ID}",
                    "give two labels or more"),
    # words
    "words in rows": Case({"a.csv": SENTENCES.replace("word", "text")}, "fit tag a.csv --out run",
                    "apart with --id-column",
        "--id-column sentence", 12),
    "words": Case({"a.csv": SENTENCES}, "fit tag a.csv --out run --id-column sentence --text-column word "
                  "--feature-columns word", "words have no --feature-columns", reads=12,
                    without="--feature-columns word"),
    "a word's column": Case(TWO, f"{TAG} --text-column 9", "choose one with --text-column", "--text-column 1", 12),
    "a label's column": Case(TWO, f"{TAG} --target-column 9", "choose one with --target-column", "--target-column 2",
                    12),
    "counted": Case(_conll("1 w#\n2 v#\n\n"), TAG, "say --text-column 1", "--text-column 1", 6),
    "ragged": Case(_conll("1 Jo N x\n2 left V x\n\n1 Go# V\n\n"), TAG, "--target-column and its number",
                    "--target-column 3", 12),
    "layout": Case(_conll("1 a# a N N _ 2 x _ _\n2 b b V V _ 0 x _ _\n\n1 c c V V _ 0 x _ _\n\n"), TAG,
                   "--target-column chooses another", reads=12, told=True),
    "a span": Case({"a.conll": BAD_SPAN}, TAG, "leave such sentences out with --skip-bad", "--skip-bad", 8),
    # texts
    "no text at all": Case({"a.txt": TEXT}, "fit generate --out run", "nothing to learn from: name a file", "a.txt",
                    1720),
    "a text's encoding": Case({"a.txt": ("thé " * 99).encode("latin-1")}, "fit generate a.txt --out run",
                              "(--encoding latin-1", "--encoding latin-1", 396),
    "no such gap": Case({"a.txt": TEXT}, "fit generate a.txt --out run --separator @",
                    "the --separator '@' does not occur",
                        "--separator ;", 1720),
    "no gap": Case({"a.txt": TEXT}, "fit generate a.txt --out run --separator ''", "--separator must not be empty",
                   "--separator ;", 1720),
    "few pieces": Case({"a.txt": TEXT}, "fit generate a.txt --out run --unit bpe --vocabulary-size 9",
                       "--vocabulary-size must be at least 257", "--vocabulary-size 257", 1720),
    "encoded bytes": Case({"a.txt": TEXT}, "fit generate a.txt --out run --unit bytes --encoding latin-1",
                          "--encoding has no meaning", reads=1720, without="--encoding latin-1"),
    # runs
    "there already": resumed(FIT, "go on with it (--resume) or replace it (--overwrite)", "--overwrite"),
    "to go on": resumed(FIT, "go on with it (--resume) or replace it (--overwrite)", "--resume"),
    "on and over": resumed(f"{FIT} --resume --overwrite", "give one of them", without="--overwrite"),
    "from itself": resumed(f"{FIT} --overwrite --init-from run", "give another --out", "--out other"),
    "from another": resumed(f"{FIT} --resume --init-from x", "leave --init-from out", without="--init-from x"),
    "changed": resumed(f"{FIT} --resume --hidden 7", "started with --hidden 128, not 7", without="--hidden 7"),
    "a label it has not": Case({"a.csv": TEXTS, "b.csv": TEXTS.replace(",p", ",q")},
                               "fit classify b.csv --out other --init-from run", "without --init-from", reads=24,
                    before=FIT,
                               without="--init-from run"),
    "a file of options": Case({"a.csv": TEXTS, "c.json": '{"hidden": "4"}'}, f"{FIT} --config c.json",
                              "--hidden must be of type int", "--hidden 4", 24),
    # pairs of texts
    "two units": Case({"a.tsv": TRANSLATIONS}, f"{TRANSLATE} --joint --target-unit words", "leave --target-unit out",
                      reads=24, without="--target-unit words"),
    "pairs and lines": Case({"a.tsv": TRANSLATIONS, **LINES}, f"{TRANSLATE} --source s.txt", "or --source, not both",
                            reads=24, without="--source s.txt"),
    "columns of lines": Case(LINES, f"{FROM_LINES} --source-column a", "--source-column is for tables", reads=24,
                             without="--source-column a"),
    "a long source": Case(LINES, f"{FROM_LINES} --max-source 4", "--max-source is 4; split it, or allow more",
                          "--max-source 99", 24),
    "pieces": Case(LINES, f"{FROM_LINES} --unit bpe --vocabulary-size 9", "--vocabulary-size must be at least 257",
                   "--vocabulary-size 257", 24),
    "all characters": Case({"a.tsv": TRANSLATIONS}, f"{TRANSLATE} --unit characters --vocabulary-size 9",
                           "for the units words and bpe; the --unit is", "--unit words", 24),
    "masks step by step": Case(LINES, f"{FROM_LINES} --input-feeding --weight-dropout 0.1",
                               "--weight-dropout has one mask for a whole sequence", reads=24,
                               without="--weight-dropout 0.1"),
    "which source": Case({"a.csv": "p,q,r\n" + "so good,so bad,x\n" * 8}, "fit translate a.csv --out run",
                         "say which with --source-column", "--source-column p", "--target-column"),
    # pictures with captions
    "which picture": Case(after(pictures, _unusual), CAPTION, "say which with --file-column", "--file-column what", 12),
    "another size": Case(pictures, CAPTION, "--size 4x4 says otherwise", "--size 4x4", 12, told=True),
    "half a size": Case(pictures, f"{CAPTION} --size 12", "--size must be a width and a height", "--size 12x12", 12),
    "features of places": Case(pictures, f"{CAPTION} --features 20", "--features must be a multiple of 16",
                               "--features 32", 12),
    "looking at all places": Case(pictures, f"{CAPTION} --attention none --coverage 0.5",
                                  "--coverage needs a network that looks; leave --attention none out", reads=12,
                                  without="--attention none"),
    "masks word by word": Case(pictures, f"{CAPTION} --weight-dropout 0.1",
                               "--weight-dropout has one mask for a whole caption", "--attention none", 12),
    "captions of texts": of_texts(f"{FIT} --format captions", "leave --format out", reads=24,
                                  without="--format captions"),
    # what has nothing to act on
    "no numbers": Case({"a.fa": ">1\nGA\n>2\nGC\n", "b.fa": ">1\nTA\n>2\nTC\n"},
                       "fit classify a.fa b.fa --out run --target-type number", "choose another --target-type",
                       "--target-type label", 4),
    "smooth spans": Case(TWO, f"{TAG} --crf --label-smoothing 0.1", "--label-smoothing has no meaning", reads=12,
                         without="--label-smoothing 0.1"),
    "vectors": Case({"a.csv": TEXTS, "v.txt": "good 1 2\nbad 2 1\n"}, f"{FIT} --embeddings v.txt --unit characters",
                    "--embeddings are vectors of words", reads=24, without="--unit characters"),
    "no columns": Case(TWO, f"{TAG} --id-column 1", "--id-column is for series", reads=12, without="--id-column 1"),
    "no sounds": of_texts(f"{FIT} --resample 8000", "--resample has no meaning for words", reads=24,
                          without="--resample 8000"),
    "no frames": of_texts(f"{FIT} --frame-mask 0.3", "read as words: --frame-mask", reads=24, told=True),
}  # fmt: skip

VALUES = (
    ("--hidden 0", "--hidden must be at least 1", "--hidden 1"),
    ("--dropout 1", "--dropout must be at least 0 and below 1", "--dropout 0"),
    ("--epochs 0", "--epochs must be above 0", "--epochs 1"),
    ("--learning-rate 0", "--learning-rate must be above 0", "--learning-rate 1"),
    ("--learning-rate inf", "--learning-rate must be a finite number", "--learning-rate 1"),
    ("--cell lsmt", "unknown --cell 'lsmt'", "--cell lstm"),
    ("--init chrono", "--init must be default, orthogonal, forget_bias:VALUE or chrono:STEPS", "--init chrono:9"),
    (
        "--cell rnn --init chrono:9",
        "--init chrono:9 is not for --cell rnn, which takes default, orthogonal",
        "--cell gru",
    ),
    ("--cell mingru --weight-dropout 0.1", "--cell mingru has no --weight-dropout: leave it out, or", "--cell slstm"),
    ("--residual", "--residual is for layers after the first: give --layers 2", "--layers 2"),
    (
        "--pre-norm --hidden 2",
        "--pre-norm normalises, which leaves nothing of 2 numbers: give --hidden 3",
        "--hidden 3",
    ),
    ("--resample 7", "--resample must be between 1000", None),
    ("--frame-mask 0.7", "--frame-mask must be between 0 and 0.5", "--frame-mask 0.1"),
    ("--max-minutes 0", "--max-minutes must be above 0", "--max-minutes 1"),
    ("--watch flows", "unknown --watch 'flows': did you mean 'flow'", "--watch flow"),
    ("--watch-every 5", "--watch-every says how often to look, and there is nothing to look at", "--watch flow"),
    ("--unit bytes --vocabulary-size 9", "--vocabulary-size is for the units words and bpe", "--unit words"),
    ("--vocabulary-size 0", "--vocabulary-size must be at least 1", "--vocabulary-size 9"),
    ("--label-separator ;", "--label-separator is for the --target-type labels", "--target-type labels"),
    ("--label-separator ''", "--label-separator must not be empty", "--label-separator ,"),
    ("--target-type labels --class-weights balanced", "is for the --target-type label", "--target-type label"),
    ("--target-type labels --label-smoothing 0.1", "is for the --target-type label;", "--target-type label"),
)
"""Values that make no sense, what is said of them, and what may stand behind them (None: nothing of this data)."""
