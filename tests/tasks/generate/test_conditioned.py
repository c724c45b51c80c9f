"""Texts with labels: a network learns to write a text for a label."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars
import pytest
import torch
from left_behind import tensors_of, timeless_metrics
from torch.nn import functional

import throughtime as tt
from throughtime.data.user_data import user_data
from throughtime.errors import CheckpointError, DataError, UsageError
from throughtime.tasks.generate.job import GenerateJob, make_job
from throughtime.tasks.generate.options import Config
from throughtime.tasks.generate.text.reader import TextReader
from throughtime.tasks.generate.text.text_model import TextModel
from throughtime.training.reporter import SilentReporter

SMALL: Mapping[str, Any] = {
    "hidden": 24, "embedding": 8, "lanes": 3, "tbptt": 10, "dropout": 0.0, "warmup": 0, "sample_every": 0,
    "condition": "kind",
}  # fmt: skip
PARTS = {"vowels": ["aeiou", "eai", "oe", "uuo"], "consonants": ["bcd", "kkt", "nst", "dbp"]}
ROWS = [
    {"text": text, "kind": kind} for text_number in range(4) for kind in PARTS for text in [PARTS[kind][text_number]]
]
VALID = [{"text": "iou", "kind": "vowels"}, {"text": "tsb", "kind": "consonants"}, {"text": "ea", "kind": "vowels"}]


def job(rows: object = ROWS * 4, valid: object = VALID, notes: list[str] | None = None, **options: Any) -> GenerateJob:
    torch.manual_seed(0)
    config, note = Config.from_mapping({**SMALL, **options}), (notes if notes is not None else []).append
    prepared = TextReader(config).read(user_data({"data": rows, "valid": valid}), known=None, note=note)
    return make_job(TextModel, config, prepared, device=torch.device("cpu"), note=note)


def fit(rows: object = ROWS * 4, **options: Any) -> tt.Run:
    how = {**SMALL, "valid": VALID, "steps": 3, "reporter": SilentReporter(), **options}
    return tt.fit("generate", rows, **how)


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> tt.Run:
    out = tmp_path_factory.mktemp("learned") / "run"
    return fit(ROWS * 8, valid=ROWS, steps=300, learning_rate=0.03, out=out)


def nats_of(prepared: GenerateJob, rows: Sequence[Mapping[str, str]]) -> float:
    """Score texts the plain way: one by one, each with its own label; the end of the last is not scored."""
    model, vocabulary, labels = (
        prepared.writer.model.eval(),
        prepared.writer.vocabulary,
        ["consonants", "vowels"],
    )
    total = 0.0
    for number, row in enumerate(rows):
        ids = [vocabulary.document, *vocabulary.encode(row["text"]).tolist()]
        targets = ids[1:] + ([vocabulary.document] if number + 1 < len(rows) else [])
        conditions = torch.full((1, len(ids)), labels.index(row["kind"]))
        logits = model(torch.tensor([ids]), conditions=conditions)[0][0, : len(targets)]
        total += functional.cross_entropy(logits, torch.tensor(targets), reduction="sum").item()
    return total


@pytest.mark.parametrize(("lanes", "tbptt"), [(1, 4), (1, 100), (3, 2)])
def test_each_token_is_scored_with_the_label_of_its_text(lanes: int, tbptt: int) -> None:
    rows = VALID * 5
    prepared = job(valid=rows, lanes=lanes, tbptt=tbptt)
    scores, nats = prepared.validate(), nats_of(prepared, rows)
    # Lanes beside the first warm up inside a text, whose start they have not read: their own first tokens differ.
    close = 1e-5 if lanes == 1 else 0.02
    assert scores["scored_characters"] == sum(len(row["text"]) for row in rows)
    assert scores["bits_per_character"] == pytest.approx(nats / math.log(2) / scores["scored_characters"], rel=close)
    swapped = [{**row, "kind": "vowels" if row["kind"] == "consonants" else "consonants"} for row in rows]
    assert job(valid=swapped, lanes=lanes, tbptt=tbptt).validate()["loss"] != scores["loss"]


def test_the_label_tells_what_is_written(learned: tt.Run) -> None:
    for kind, letters in (("vowels", "aeiou"), ("consonants", "bcdkpnst")):
        texts = list(learned.generate_texts(40, condition=kind, seed=3))
        assert sum(set(text) <= set(letters) for text in texts) >= 38
        assert len({len(text) for text in texts}) > 1 and max(map(len, texts)) < 12  # they end by themselves
    assert learned.metrics["bits_per_character"] < 2.6  # five letters or eight, and an end: the label is worth a bit


def test_a_text_depends_on_no_text_beside_it(learned: tt.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    how: dict[str, Any] = {"condition": "vowels", "seed": 5, "temperature": 1.2, "length": 6}
    together = list(learned.generate_texts(9, **how))
    assert list(learned.generate_texts(4, **how)) == together[:4]
    assert learned.generate(**how) == together[0]
    monkeypatch.setattr("throughtime.tasks.generate.text.text_model.SIDE_BY_SIDE", 2)
    assert list(learned.generate_texts(9, **how)) == together
    assert len(set(together)) > 3


def test_prompts_and_lengths_hold_for_texts_with_labels(learned: tt.Run) -> None:
    assert set(learned.generate_texts(3, "ae", length=0, condition="vowels")) == {""}
    assert max(len(text) for text in learned.generate_texts(30, condition="vowels", length=2, seed=1)) == 2
    greedy = learned.generate("aei", condition="vowels", temperature=0.0)
    assert greedy == "ou"


def test_labels_that_are_not_known_or_not_given_are_refused(learned: tt.Run) -> None:
    with pytest.raises(UsageError, match=r"unknown label 'vowel': did you mean 'vowels'.*consonants, vowels"):
        learned.generate_stream(condition="vowel")
    with pytest.raises(UsageError, match="choose one with condition=: consonants, vowels"):
        learned.generate_texts(2)
    with pytest.raises(UsageError, match="count must be at least 1, not 0"):
        learned.generate_texts(0, condition="vowels")
    plain = tt.fit("generate", text="ab" * 99, reporter=SilentReporter(), **{**SMALL, "condition": None, "steps": 1})
    with pytest.raises(UsageError, match="learned from no labels; leave condition out"):
        plain.generate_stream(condition="vowels")
    assert [len(text) for text in plain.generate_texts(3, length=5, seed=1)] == [5, 5, 5]


def test_texts_without_labels_are_written_several_at_a_time_too() -> None:
    plain = {**SMALL, "condition": None, "separator": "\n", "steps": 150, "learning_rate": 0.02}
    run = tt.fit("generate", text="anna\nbert\n" * 100, reporter=SilentReporter(), **plain)
    texts = list(run.generate_texts(4, length=30, seed=2))
    assert texts[0] == run.generate(length=30, seed=2) and len(set(texts)) > 1
    assert all("\n" in text for text in texts)  # they go on in a new document


FORMS = {
    "names.csv": "kind,text\n" + "".join(f"{row['kind']},{row['text']}\n" for row in ROWS * 4),
    "names.tsv": "text\tkind\n" + "".join(f"{row['text']}\t{row['kind']}\n" for row in ROWS * 4),
    "names.txt": "text;kind\n" + "".join(f"{row['text']};{row['kind']}\n" for row in ROWS * 4),
    "names.jsonl": "".join(json.dumps(row) + "\n" for row in ROWS * 4),
    "names.json": json.dumps(ROWS * 4),
}
MEMORY = {
    "columns": {name: [row[name] for row in ROWS * 4] for name in ("text", "kind")},
    "frame": polars.DataFrame(ROWS * 4),
    "iterator": iter(ROWS * 4),
}


def test_files_and_tables_in_memory_are_the_same_data(tmp_path: Path) -> None:
    expected = tensors_of((first := fit()).path)
    for name, content in FORMS.items():
        (tmp_path / name).write_text(content)
        run = fit(tmp_path / name)
        assert tensors_of(run.path) == expected, name
    for name, data in MEMORY.items():
        run = fit(data)
        assert tensors_of(run.path) == expected and run.metrics == first.metrics, name


def test_columns_are_chosen_by_name_or_number(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("".join(f"{row['kind']},{row['text']}\n" for row in ROWS * 4))
    run = fit(tmp_path / "a.csv", valid=None, condition="1", text_column="2", header=False)
    assert run.model.labels.names == ("consonants", "vowels")
    rows = [{"words": row["text"], "kind": row["kind"], "text": "x"} for row in ROWS * 4]
    assert "x" not in fit(rows, valid=rows, text_column="words").model.vocabulary.to_json()


@pytest.mark.parametrize("unit", ["bytes", "words", "bpe"])
def test_every_unit_writes_for_a_label(unit: str) -> None:
    rows = [{"text": f"{'blau grün' if n % 2 else 'rot gelb'} {n % 3}\nzwei", "kind": "ab"[n % 2]} for n in range(60)]
    more = {"steps": 300, "learning_rate": 0.03, "vocabulary_size": 270 if unit == "bpe" else None}
    run = fit(rows, valid=rows[:9], unit=unit, **more)
    assert run.generate(condition="b", temperature=0.0, length=40).startswith("blau grün")
    assert run.generate(condition="a", temperature=0.0, length=40).startswith("rot gelb")


def test_rows_of_each_label_are_held_out() -> None:
    notes: list[str] = []
    rows = [{"text": f"{'ab'[n % 2]}{n}", "kind": "ab"[n % 2]} for n in range(100)]
    prepared = job(rows, None, notes)
    assert any("10 of 100 examples are held out for it, chosen by a hash of their content" in note for note in notes)
    assert prepared.valid.conditions is not None and prepared.valid.conditions.tolist().count(0) == 5
    again = job(rows[::-1], None)
    assert prepared.valid.characters == again.valid.characters


def test_a_run_is_scored_with_the_labels_of_its_texts(learned: tt.Run) -> None:
    right = [{"text": "aei", "kind": "vowels"}, {"text": "bcd", "kind": "consonants"}] * 4
    wrong = [{**row, "kind": right[(n + 1) % 2]["kind"]} for n, row in enumerate(right)]
    there, turned = (learned.evaluate(rows)["bits_per_character"] for rows in (right, wrong))
    assert there < 2 < turned
    renamed = [{"text": row["text"], "of": row["kind"]} for row in right]
    assert learned.evaluate(renamed, condition="of")["bits_per_character"] == there
    with pytest.raises(DataError, match=r"labels that were not learned from: 'tones' \(1\); known: consonants, vowels"):
        learned.evaluate([*right, {"text": "la", "kind": "tones"}])
    with pytest.raises(DataError, match="no column 'kind'"):
        learned.evaluate(renamed)


def test_describe_names_the_labels(learned: tt.Run) -> None:
    about = learned.describe()["model"]
    assert isinstance(about, Mapping) and about["conditions"] == ["consonants", "vowels"]
    assert "conditions.json" in str(learned.describe()["files"])


def test_a_sample_names_its_labels() -> None:
    rows = [{"text": "abc", "kind": str(n % 9)} for n in range(90)]
    prepared = job(rows, rows[:9], sample_every=10)
    told = [[line.partition(": ")[0] for line in prepared.sample(step).splitlines()] for step in (10, 20)]
    assert told == [["4", "5", "6", "7"], ["8", "0", "1", "2"]]


def test_a_table_of_few_texts_is_read_in_fewer_lanes() -> None:
    rows = [{"text": f"{n:07}", "kind": str(n % 2)} for n in range(1000)]  # 8000 tokens
    assert (few := job(rows, rows[:9], lanes=None)).steps_per_epoch == 100 and few.details["lanes"] == 8
    assert job(rows, rows[:9]).details["lanes"] == 3
    assert job(rows[:9], rows[:9], lanes=None).details["lanes"] == 1
    assert job(rows * 6, rows[:9], lanes=None).details["lanes"] == 32
    config = Config(**{**SMALL, "condition": None, "lanes": None})
    prepared = TextReader(config).read(
        user_data({"data": None}, {"data": ("text", "x" * 8000)}), known=None, note=lambda _: None
    )
    plain = make_job(TextModel, config, prepared, device=torch.device("cpu"), note=print)
    assert plain.steps_per_epoch == 7201 // 32 // 10 + 1 and "lanes" not in plain.details


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"separator": "\n"}, "separator is for documents inside a file"),
        ({"condition": None, "text_column": "text"}, "text_column is for a table of texts with labels"),
        ({"condition": None, "header": True}, "header is for a table"),
    ],
)
def test_options_that_do_not_go_together_are_refused(more: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        fit(**more)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([*ROWS, {"text": "", "kind": "vowels"}], "row 9 of the data: column 'text' is empty"),
        ([*ROWS, {"text": "aa", "kind": None}], "row 9 of the data: column 'kind' is empty"),
        ([*ROWS, {"text": "aa", "kind": "tones"}], "a label needs at least two examples"),
        ([*ROWS, {"text": "aa"}], "no field 'kind'"),
        (
            [(row["text"], row["kind"]) for row in ROWS],
            "condition names a column of labels, and the rows of this data",
        ),
        ([{"text": [1.0, 2.0], "kind": "a"}] * 9, "holds numbers; choose one that holds texts"),
        ([{"a": "x", "kind": "b"}, {"a": "y", "kind": "c"}] * 9, "say which with text_column="),
    ],
)
def test_bad_rows_are_refused_in_one_line(rows: object, words: str) -> None:
    with pytest.raises((DataError, UsageError), match=words):
        fit(rows, valid=None)


def test_plain_text_has_no_column_of_labels(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("so it goes on and on\n" * 40)
    with pytest.raises(UsageError, match="is read as folder, which has none; give a table"):
        fit(tmp_path / "a.txt")


def test_labels_beside_those_of_a_run_it_starts_from_are_refused(learned: tt.Run) -> None:
    with pytest.raises(DataError, match=r"the training text has labels that were not learned from: 'tones' \(2\)"):
        fit([*ROWS, *[{"text": "aa", "kind": "tones"}] * 2], init_from=learned.path)
    with pytest.raises(UsageError, match="writes texts for labels: name their column with condition="):
        tt.fit("generate", text="aeiou" * 99, init_from=learned.path, reporter=SilentReporter(), steps=1)
    plain = tt.fit("generate", text="aeb" * 99, reporter=SilentReporter(), **{**SMALL, "condition": None, "steps": 1})
    with pytest.raises(UsageError, match="has learned from no labels; leave condition out"):
        fit(init_from=plain.path)


def test_a_run_starts_from_one_with_the_same_labels_whatever_their_column_is_called(learned: tt.Run) -> None:
    rows = [{"text": row["text"], "of": row["kind"]} for row in ROWS * 4]
    valid = [{"text": row["text"], "of": row["kind"]} for row in ROWS]
    options = {name: SMALL[name] for name in ("lanes", "tbptt", "dropout", "warmup", "sample_every")}
    how = {**options, "valid": valid, "steps": 1, "learning_rate": 1e-6, "reporter": SilentReporter()}
    run = tt.fit("generate", rows, condition="of", init_from=learned.path, **how)
    assert run.metrics["bits_per_character"] == pytest.approx(learned.metrics["bits_per_character"], abs=0.05)


def test_a_resumed_run_is_the_unbroken_one(tmp_path: Path) -> None:
    how = {"schedule": "constant", "dropout": 0.4, "validate_every": 5, "log_every": 1}
    whole = fit(out=tmp_path / "whole", steps=20, **how)
    fit(out=tmp_path / "parts", steps=10, **how)
    parts = tt.fit("generate", ROWS * 4, valid=VALID, out=tmp_path / "parts", steps=20, resume=True,
                   reporter=SilentReporter())  # fmt: skip
    assert timeless_metrics(parts.path) == timeless_metrics(whole.path)
    for name in ("model.safetensors", "trainer.safetensors"):
        assert tensors_of(whole.path, name) == tensors_of(parts.path, name)


def test_other_labels_make_another_run(tmp_path: Path) -> None:
    fit(out=tmp_path / "run", steps=5)
    turned = [{**row, "kind": "vowels" if row["kind"] == "consonants" else "consonants"} for row in ROWS * 4]
    with pytest.raises(CheckpointError, match="data"):
        tt.fit("generate", turned, valid=VALID, out=tmp_path / "run", steps=9, resume=True, reporter=SilentReporter())


def test_damaged_labels_are_named(tmp_path: Path) -> None:
    run = fit(out=tmp_path / "run")
    (run.path / "conditions.json").write_text('{"labels": ["vowels", "consonants"]}')
    with pytest.raises(CheckpointError, match=r"conditions.json is damaged"):
        tt.load(run.path)
    (run.path / "conditions.json").unlink()
    with pytest.raises(CheckpointError, match=r"conditions.json is missing"):
        tt.load(run.path)
