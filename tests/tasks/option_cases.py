"""What each option of each task is tried with: data, what else must be set, and a value that changes the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from option_media import chorales, image, images, one_bad_tune, sounds, tunes
from option_series import covariates, days, holes, hours_in_spring, numbers_alone, one_short_series

from throughtime.tasks import config_class
from throughtime.tasks.supervised.options import SupervisedOptions


def text(task: str) -> str:
    content = "\n\n".join(f"The {number} cats sat on {number * 7} mats, naïve as cats are." for number in range(90))
    Path("text.txt").write_text(content, encoding="utf-8")
    return "text.txt"


def words_and_labels(task: str, number: int) -> tuple[list[str], list[str]]:
    """Words, and for tag a label for each, else one for all; label "a,c;d" is rare, and so are some words."""
    words = ["naïve", "cats", f"sat{number // 2}", "It's" if number % 2 else "on", *["mats"] * (number % 4)]
    labels = ["b" if (number + place) % 3 else "a,c;d" for place in range(len(words))]
    return words, labels if task == "tag" else labels[:1]


def table(task: str) -> str:
    Path("t.tsv").write_text(
        "text\tlabel\tother\tkind\n"
        + "".join(
            f"{' '.join(words)}\t{' '.join(labels)}\t{' '.join(words[::-1])}\t{' '.join(labels[1:] + labels[:1])}\n"
            for words, labels in (words_and_labels(task, number) for number in range(24))
        ),
        encoding="utf-8",
    )
    return "t.tsv"


def two_targets(task: str) -> str:
    """A table whose second target is another."""
    more = (" x", " a") if task == "tag" else ("", "")
    rows = "".join(f"word{n % 5}{more[0]}\t{'ab'[n % 2]}{more[1]}\t{'ab'[n % 3 > 0]}{more[1]}\n" for n in range(24))
    Path("t.tsv").write_text(f"text\tlabel\tkind\n{rows}")
    return "t.tsv"


def wide(task: str) -> str:
    """A table with a text of digits, and numbers: a series of two steps, if that is asked for."""
    lines = [f"{n % 5},{n % 7 / 2},{'ab'[n % 2]}" for n in range(24)]
    Path("w.csv").write_text("text,other,label\n" + "\n".join(lines) + "\n")
    return "w.csv"


def unnamed(task: str) -> str:
    """A table whose header might be data."""
    more = (" x", " a") if task == "tag" else ("", "")
    rows = "".join(f"word{number}{more[0]}\t{('a', 'label')[number % 2]}{more[1]}\n" for number in range(12))
    Path("t.tsv").write_text(f"text\tlabel\n{rows}")
    return "t.tsv"


def one_bad_row(task: str) -> str:
    table(task)
    with Path("t.tsv").open("a") as file:
        file.write("one cell\n")
    return "t.tsv"


def named_files(task: str) -> str:
    """Names of files that are texts too, unless they are taken as files."""
    lines = ["text\tlabel"]
    steps, more = (2, " a") if task == "tag" else (1, "")
    for number in range(12):
        np.save(f"x {number}.npy", np.full((steps, 2), number % 2))
        lines.append(f"x {number}.npy\t{'ab'[number % 2]}{more}")
    Path("t.tsv").write_text("\n".join(lines) + "\n")
    return "t.tsv"


def series(task: str) -> str:
    """Series by one column or by the other; for tag labels change inside of them, else they do not."""
    second = [n // 4 if task == "tag" else n // 6 * 2 + n % 2 for n in range(24)]
    lines = [f"{n % 6},{second[n]},{40 - n},{n % 3},{'ab'[n % 2]}" for n in range(24)]
    Path("s.csv").write_text("\n".join(["one,two,t,x,label", *lines]) + "\n")
    return "s.csv"


def series_in_order(task: str) -> str:
    """Series whose rows are in the order of time, with a value missing."""
    lines = [f"{n // 8},{n % 8},{'' if n == 9 else n % 3},{'ab'[n % 2]}" for n in range(32)]
    Path("s.csv").write_text("\n".join(["one,t,x,label", *lines]) + "\n")
    return "s.csv"


def vectors(task: str) -> str:
    Path("v.txt").write_text("cats 1 0 0\nmats 0 1 0\n")
    return table(task)


def pairs(task: str) -> str:
    """A table of pairs of texts, and of other ones; with capitals, and letters that can be written in two ways."""
    rows = [
        f"Cafe\u0301 {n % 3} is on {n % 5}\tis {n % 3} {'Open' if n % 2 else 'shut'}\tno {n % 4} at all\tnot {n % 2}\n"
        for n in range(24)
    ]
    Path("t.tsv").write_text("source\ttarget\tother\tkind\n" + "".join(rows), encoding="utf-8")
    return "t.tsv"


def half_a_pair(task: str) -> str:
    pairs(task)
    with Path("t.tsv").open("a") as file:
        file.write("a source\t\tno\tnot\n")
    return "t.tsv"


def unnamed_pairs(task: str) -> str:
    """Pairs whose header might be one of them."""
    Path("t.tsv").write_text("source\ttarget\n" + "".join(f"so {n}\tit is {n}\n" for n in range(12)))
    return "t.tsv"


def captioned(task: str) -> str:
    """A table of pictures and of other ones, with captions and other ones; with capitals, and letters of one's own."""
    for number in range(12):
        image(Path(f"{number}.png"), number)
    rows = [f"{n}.png\tcafé {n % 3} is {'Open' if n % 2 else 'shut'}\t{11 - n}.png\tnot {n % 2}\n" for n in range(12)]
    Path("t.tsv").write_text("image\tcaption\tother\tkind\n" + "".join(rows), encoding="utf-8")
    return "t.tsv"


def half_a_caption(task: str) -> str:
    captioned(task)
    with Path("t.tsv").open("a") as file:
        file.write("0.png\t\t0.png\tnot\n")
    return "t.tsv"


def texts_for_labels(task: str) -> str:
    """A table of texts and others, with labels of two kinds."""
    rows = [f"so {n} it is\t{'ab'[n % 2]}\tand {n % 5} is it\t{'cde'[n % 3]}\n" for n in range(60)]
    Path("t.tsv").write_text("text\tlabel\tother\tkind\n" + "".join(rows))
    return "t.tsv"


def unnamed_texts(task: str) -> str:
    """Texts whose header might be one of them."""
    Path("t.tsv").write_text("text\tlabel\n" + "".join(f"so {n % 9}\t{('a', 'label')[n % 2]}\n" for n in range(60)))
    return "t.tsv"


def questions(task: str) -> str:
    """A table of questions with words as answers, and of other ones; with topics that do not go by the context."""
    places = ("café", "Kitchen")
    rows = [
        f"Ann {n % 4} is in the {places[n % 3 > 0]}.\tWhere is Ann {n % 4}?\t{places[n % 3 > 0]}\t"
        f"The {places[n % 2]} has Bob {n % 7}.\tWho went {n % 5}?\t{'yes' if n % 2 else 'no'}\t{n % 5}\n"
        for n in range(24)
    ]
    Path("t.tsv").write_text("context\tquestion\tanswer\tother\tasked\tkind\ttopic\n" + "".join(rows), encoding="utf-8")
    return "t.tsv"


def marked_answers(task: str) -> str:
    """A table with parts of contexts as answers, which stand there twice; two columns say where."""
    rows = [f"It is red{n % 7} or red{n % 7} again, naïve\tWhich is it{n % 3}?\tred{n % 7}\t6\t14\n" for n in range(24)]
    Path("t.tsv").write_text("context\tquestion\tanswer\tanswer_start\tat\n" + "".join(rows), encoding="utf-8")
    return "t.tsv"


def unanswered(task: str) -> str:
    marked_answers(task)
    with Path("t.tsv").open("a") as file:
        file.write("It's blue\tWhich is red?\t\t\t\n")
    return "t.tsv"


def half_a_question(task: str) -> str:
    questions(task)
    with Path("t.tsv").open("a") as file:
        file.write("Ann is here.\t\tgarden\tBob.\tWho?\tno\t1\n")
    return "t.tsv"


def unnamed_questions(task: str) -> str:
    """Questions whose header might be one of them."""
    rows = "".join(f"so {n}\twho {n}?\t{('a', 'label')[n % 2]}\n" for n in range(24))
    Path("t.tsv").write_text(f"text\tquestion\tlabel\n{rows}")
    return "t.tsv"


def story(task: str) -> str:
    """Stories of bAbI, whose last column names the statement that answers."""
    parts = [f"1 Ann went to {'AB'[n % 2]}.\n2 Bob went to C.\n3 Where is Ann?\t{'AB'[n % 2]}\t1\n" for n in range(24)]
    Path("s.txt").write_text("".join(part.replace("Bob", f"Bob {n}") for n, part in enumerate(parts)))
    return "s.txt"


Make = Callable[[str], str]
"""Writes data for a task into the current folder, and gives its name."""


@dataclass(frozen=True)
class Case:
    """How an option is tried."""

    value: Any
    """A value that changes the run."""
    more: dict[str, Any] = field(default_factory=dict)
    """What else must be set."""
    make: Make | None = None
    """What makes the data; if not given, that of the task in DATA."""
    needed: bool = False
    """Without the value the data is refused."""
    refused: str = ""
    """What is said where the value cannot be honoured with data that fits the default."""


DATA: dict[str, Make] = {"generate": text, "classify": table, "tag": table, "translate": pairs, "answer": questions} | {
    "caption": captioned,
    "forecast": days,
}
"""Task -> what makes data that most of its options are tried with."""

TRAINING: dict[str, Any] = {
    "hidden": 6, "embedding": 4, "steps": 4, "dropout": 0.0, "average": 0.0, "warmup": 0, "clip": 0.0,
    "learning_rate": 0.01, "checkpoint_every": 1e6, "log_every": 1, "sample_every": 0, "validate_every": 2,
}  # fmt: skip
RECORDS: dict[str, Any] = {
    **TRAINING, "batch_size": 6, "word_dropout": 0.0, "character_dropout": 0.0, "frame_mask": 0.0, "spelling": 0,
    "min_count": 1, "mel_bands": 4,
}  # fmt: skip
BASE: dict[str, dict[str, Any]] = {
    "generate": {**TRAINING, "lanes": 2, "tbptt": 8}, "classify": RECORDS, "tag": RECORDS,
    "translate": {**TRAINING, "batch_size": 6, "label_smoothing": 0.0, "rival": False},
    "answer": {**TRAINING, "batch_size": 6, "word_dropout": 0.0, "character_dropout": 0.0, "spelling": 0},
    "caption": {**TRAINING, "batch_size": 6, "features": 16, "rival": False},
    "forecast": {
        **TRAINING, "batch_size": 6, "layers": 1, "horizon": 3, "context": 8, "folds": 1, "id_column": "shop",
        "ignore_columns": "kind,at,other",
    },
}  # fmt: skip
"""Task -> options of a tiny run without noise, from which one is changed."""
RECORDS_NOISE: dict[str, Any] = {"dropout": 0.5, "word_dropout": 0.5, "recurrent_dropout": 0.2, "spelling": 3}
NOISY: dict[str, dict[str, Any]] = {
    "generate": {"dropout": 0.5}, "classify": RECORDS_NOISE, "tag": RECORDS_NOISE,
    "translate": {"dropout": 0.5, "recurrent_dropout": 0.2, "scheduled_sampling": 0.5},
    "answer": {"dropout": 0.5, "recurrent_dropout": 0.2, "word_dropout": 0.5},
    "caption": {"dropout": 0.5, "zoneout": 0.2},
    "forecast": {"dropout": 0.5, "recurrent_dropout": 0.2},
}  # fmt: skip
"""Task -> options whose noise must be the same each time."""

EVERYWHERE = {
    "epochs": Case(0.6, {"steps": None, "epochs": 0.3}),
    "steps": Case(5),
    "learning_rate": Case(0.02),
    "weight_decay": Case(0.5),
    "warmup": Case(3),
    "schedule": Case("constant"),
    "clip": Case(0.01),
    "average": Case(0.9),
    "patience": Case(1, {"steps": 12, "learning_rate": 30.0, "validate_every": 1, "schedule": "constant"}),
    "validate_every": Case(1),
    "sample_every": Case(2),
    "checkpoint_every": Case(0.0),
    "log_every": Case(3),
    "watch": Case("flow"),
    "watch_every": Case(1, {"watch": "flow"}),
    "seed": Case(1),
    "precision": Case("bf16"),
    "encoding": Case("latin-1"),
    "cell": Case("gru"),
    "hidden": Case(7),
    "layers": Case(2),
    "embedding": Case(5),
    "dropout": Case(0.5),
    "layer_norm": Case(True),
    "zoneout": Case(0.5),
    "recurrent_dropout": Case(0.5),
    "weight_dropout": Case(0.5),
    "init": Case("chrono:9"),
    "pre_norm": Case(True),
    "residual": Case(True, {"layers": 2}),
    "feed_forward": Case(5),
    "rival": Case(False),
}
"""Options of every task."""
FILES = {"file_column": "path"}
ALONE = {"id_column": None, "ignore_columns": None}
"""For one series alone."""
OF_RECORDS = {
    "text_column": Case("other"),
    "target_column": Case("kind", make=two_targets),
    "file_column": Case("text", make=named_files),
    "id_column": Case("two", {"id_column": "one", "time_column": "t"}, series),
    "time_column": Case("t", {"id_column": "one"}, series),
    "feature_columns": Case("x", {"id_column": "one", "time_column": "t"}, series),
    "ignore_columns": Case("two", {"id_column": "one", "time_column": "t"}, series),
    "format": Case("fasta", refused="FASTA"),
    "separator": Case("semicolon", refused="t.tsv"),
    "fill": Case("zero", {"id_column": "one", "time_column": "t"}, series),
    "resample": Case(4000, FILES, sounds),
    "header": Case(False, make=unnamed),
    "skip_bad": Case(True, make=one_bad_row, needed=True),
    "unit": Case("characters"),
    "vocabulary_size": Case(3),
    "image_steps": Case("pixels", FILES, images),
    "colour": Case(True, FILES, images),
    "mel_bands": Case(5, FILES, sounds),
    "min_count": Case(5),
    "spelling": Case(3),
    "embeddings": Case("v.txt", make=vectors),
    "bidirectional": Case(False),
    "word_dropout": Case(0.9),
    "character_dropout": Case(0.5, {"spelling": 3}),
    "frame_mask": Case(0.3, FILES, sounds),
    "label_smoothing": Case(0.3),
    "batch_size": Case(5),
    "batch_steps": Case(12),
}
"""Options of the tasks that learn from records with targets."""
OWN = {
    "generate": {
        "epochs": Case(0.05, {"steps": None, "epochs": 0.02}),
        "unit": Case("bytes"),
        "vocabulary_size": Case(20, {"unit": "words"}),
        "separator": Case("\n\n"),
        "condition": Case("kind", {"condition": "label"}, texts_for_labels),
        "text_column": Case("other", {"condition": "label"}, texts_for_labels),
        "header": Case(False, {"condition": "2", "text_column": "1"}, unnamed_texts),
        "format": Case("jsonl", {"condition": "label"}, texts_for_labels, refused="no JSON"),
        "steps_per_beat": Case(2, {"unit": "frames"}, tunes),
        "transpose": Case(1, make=chorales),
        "skip_bad": Case(True, make=one_bad_tune, needed=True),
        "tied": Case(True),
        "lanes": Case(3),
        "tbptt": Case(9),
    },
    "classify": {
        "target_type": Case("labels"),
        "label_separator": Case(";", {"target_type": "labels"}),
        "wide": Case(True, {"wide": False}, wide),
        "pooling": Case("mean"),
        "class_weights": Case("balanced"),
    },
    "tag": {
        "image_steps": Case("pixels", FILES, images, refused="6 steps in 'path', but 3 labels"),
        "crf": Case(True),
        "tbptt": Case(
            3, {"id_column": "one", "time_column": "t", "fill": "zero", "bidirectional": False}, series_in_order
        ),
    },
    "translate": {
        **{name: OF_RECORDS[name] for name in ("separator", "bidirectional", "label_smoothing", "batch_size")},
        "format": Case("jsonl", refused="no JSON"),
        "header": Case(False, make=unnamed_pairs),
        "skip_bad": Case(True, make=half_a_pair, needed=True),
        "batch_steps": Case(60),
        "source_column": Case("other"),
        "target_column": Case("kind"),
        "max_source": Case(3, refused="the source has [0-9]+ tokens, and max_source= is 3"),
        "unit": Case("characters"),
        "target_unit": Case("characters"),
        "vocabulary_size": Case(5, {"unit": "words"}),
        "joint": Case(True),
        "lowercase": Case(True),
        "normalise": Case("NFC"),
        "decoder_cell": Case("gru"),
        "attention": Case("additive"),
        "bridge": Case("last"),
        "tied": Case(False),
        "input_feeding": Case(True),
        "scheduled_sampling": Case(0.5),
        "criterion": Case("chrf"),
        "rival": Case(True),
    },
    "answer": {
        **{name: OF_RECORDS[name] for name in ("separator", "bidirectional", "vocabulary_size", "word_dropout")},
        "batch_size": Case(5),
        "batch_steps": Case(3),
        "format": Case("jsonl", refused="no JSON"),
        "header": Case(False, {"context_column": "1", "question_column": "2", "target_column": "3"}, unnamed_questions),
        "skip_bad": Case(True, make=half_a_question, needed=True),
        "context_column": Case("other"),
        "question_column": Case("asked"),
        "target_column": Case("kind"),
        "start_column": Case("at", make=marked_answers),
        "group_column": Case("topic"),
        "answers": Case("spans"),
        "unanswerable": Case(True, make=unanswered, needed=True),
        "attention": Case("none"),
        "hops": Case(1),
        "supporting": Case(0.0, make=story),
        "cell": Case("lstm"),
        "weight_dropout": Case(0.5, make=story),
        "spelling": Case(3, make=marked_answers),
        "character_dropout": Case(0.5, {"spelling": 3}, marked_answers),
    },
    "caption": {
        **{name: OF_RECORDS[name] for name in ("separator", "label_smoothing")},
        "batch_size": Case(5),
        "recurrent_dropout": Case(0.5, {"attention": "none"}),
        "weight_dropout": Case(0.5, {"attention": "none"}),
        "format": Case("jsonl", refused="no JSON"),
        "header": Case(False, refused="t.tsv: line 1: .*image: no picture"),
        "skip_bad": Case(True, make=half_a_caption, needed=True),
        "batch_steps": Case(40),
        "file_column": Case("other"),
        "target_column": Case("kind"),
        "size": Case("5x4"),
        "colour": Case(False),
        "unit": Case("characters"),
        "vocabulary_size": Case(5, {"unit": "words"}),
        "lowercase": Case(True),
        "features": Case(32),
        "places": Case(2),
        "attention": Case("general"),
        "coverage": Case(1.0),
        "criterion": Case("loss", {"steps": 12, "learning_rate": 0.1}),
        "rival": Case(True),
    },
    "forecast": {
        "horizon": Case(4),
        "context": Case(6),
        "strategy": Case("direct"),
        "likelihood": Case("laplace"),
        "transform": Case("difference"),
        "season": Case("5"),
        "anchor": Case("mean"),
        "folds": Case(2),
        "wide": Case("columns", ALONE, covariates),
        "target_column": Case("other", {"target_column": "value", "ignore_columns": "kind,at"}),
        "id_column": Case("kind", {"time_column": "at", "ignore_columns": "other,date"}, refused="missing"),
        "time_column": Case("at", {"time_column": "date", "ignore_columns": "kind,other"}),
        "known_columns": Case("x", {**ALONE, "ignore_columns": "z,size"}, covariates),
        "past_columns": Case("x", {**ALONE, "ignore_columns": "size"}, covariates),
        "static_columns": Case("size", {**ALONE, "ignore_columns": "z"}, covariates),
        "ignore_columns": Case("kind,at", {"ignore_columns": "kind,at,other", "strategy": "direct"}),
        "frequency": Case("hour", refused="hour"),
        "time_zone": Case("Europe/Berlin", ALONE, hours_in_spring),
        "fill": Case("zero", {**ALONE, "fill": "forward"}, holes),
        "format": Case("parquet", refused="no parquet"),
        "separator": Case("semicolon", refused="t.csv"),
        "header": Case(True, {**ALONE, "wide": "columns"}, numbers_alone),
        "skip_bad": Case(True, make=one_short_series, needed=True),
        "batch_size": Case(5),
        "epochs": Case(0.03, {"steps": None, "epochs": 0.01}),
    },
}
"""Task -> its own options, and those that it is tried with in another way."""


def cases_of(task: str) -> dict[str, Case]:
    """Each option of a task and how it is tried."""
    shared = OF_RECORDS if issubclass(config_class(task), SupervisedOptions) else {}
    return {**EVERYWHERE, **shared, **OWN[task]}
