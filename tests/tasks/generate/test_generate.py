"""The task learns, scores and writes text, in every unit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
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
    "hidden": 12, "embedding": 6, "lanes": 3, "tbptt": 10, "dropout": 0.0, "warmup": 0, "sample_every": 0,
}  # fmt: skip
TEXT = "Mary had a little lamb, its fleece was white as snow; naïve 🙂 lambs follow.\n" * 40
UNITS = ("characters", "bytes", "words", "bpe")


def job(text: object = TEXT, valid: object = None, notes: list[str] | None = None, **options: Any) -> GenerateJob:
    torch.manual_seed(0)
    config, note = Config.from_mapping({**SMALL, **options}), (notes if notes is not None else []).append
    data = user_data({"data": None, "valid": None}, {"data": ("text", text), "valid": ("valid_text", valid)})
    prepared = TextReader(config).read(data, known=None, note=note)
    return make_job(TextModel, config, prepared, device=torch.device("cpu"), note=note)


def fit(text: object = TEXT, **options: Any) -> tt.Run:
    return tt.fit("generate", text=text, reporter=SilentReporter(), **{**SMALL, "steps": 3, **options})  # type: ignore[arg-type]


def nats_of(prepared: GenerateJob, text: str) -> float:
    """Score a text the plain way: document by document, one token after the other."""
    model, vocabulary = prepared.writer.model.eval(), prepared.writer.vocabulary
    separator = prepared.writer.config.separator
    documents = text.split(separator) if separator else [text]
    total = 0.0
    for number, document in enumerate(documents):
        ids = [vocabulary.document, *vocabulary.encode(document).tolist()]
        targets = ids[1:] + ([vocabulary.document] if number + 1 < len(documents) else [])
        logits = model(torch.tensor([ids]))[0][0, : len(targets)]
        total += functional.cross_entropy(logits, torch.tensor(targets, dtype=torch.int64), reduction="sum").item()
    return total


@pytest.mark.parametrize("separator", [None, "\n"])
def test_scores_are_those_of_reading_the_text_from_start_to_end(separator: str | None) -> None:
    valid = TEXT[:500]
    prepared = job(valid=valid, separator=separator, lanes=1)
    scores = prepared.validate()
    nats = nats_of(prepared, valid)
    assert scores["bits_per_character"] == pytest.approx(nats / math.log(2) / 500, rel=1e-5)
    assert scores["loss"] == pytest.approx(nats / scores["scored_tokens"], rel=1e-5)
    assert scores["perplexity"] == pytest.approx(math.exp(scores["loss"]))


@pytest.mark.parametrize("separator", [None, "\n"])
def test_the_first_steps_loss_is_that_of_the_text_it_reads(separator: str | None) -> None:
    prepared = job(separator=separator, lanes=1, tbptt=60)
    result = prepared.step(0, ())
    loss, _ = prepared.writer.forward(prepared.train, prepared._plan(0)[0], ())
    assert result.count == 60 and result.loss.item() == pytest.approx(loss.item())
    assert result.loss.item() / result.count == pytest.approx(math.log(len(prepared.writer.vocabulary)), abs=0.4)


def test_the_state_is_carried_inside_an_epoch_and_dropped_after_it() -> None:
    prepared = job()
    prepared.module.eval()
    state = prepared.step(0, ()).state
    assert prepared.step(1, state).loss.item() != prepared.step(1, ()).loss.item()
    last = prepared.steps_per_epoch
    assert prepared.step(last, state).loss.item() == prepared.step(last, ()).loss.item()


@pytest.mark.parametrize("unit", UNITS)
def test_every_unit_counts_the_characters_of_the_text(unit: str) -> None:
    prepared = job(unit=unit, vocabulary_size=300 if unit == "bpe" else None, valid=TEXT[:770])
    scores = prepared.validate()
    assert scores["scored_characters"] == 770
    nats = scores["loss"] * scores["scored_tokens"]
    assert scores["bits_per_character"] == pytest.approx(nats / math.log(2) / 770)
    if unit == "bytes":
        assert scores["bits_per_byte"] == pytest.approx(nats / math.log(2) / len(TEXT[:770].encode()))
        assert scores["bits_per_byte"] < scores["bits_per_character"]
    else:
        assert "bits_per_byte" not in scores


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_every_unit_and_cell_learns_and_writes(unit: str, cell: str) -> None:
    run = fit(unit=unit, cell=cell, vocabulary_size=300 if unit == "bpe" else None, steps=25, learning_rate=0.02)
    per_token = run.metrics["scored_characters"] / run.metrics["scored_tokens"]
    uniform = math.log2(len(run.model.vocabulary)) / per_token
    assert run.metrics["bits_per_character"] < 0.9 * uniform
    assert run.generate("Mary had", length=15, seed=1)
    again = tt.load(run.path)
    assert again.generate("Mary had", length=15, seed=1) == run.generate("Mary had", length=15, seed=1)
    assert again.evaluate(text=TEXT)["bits_per_character"] < 0.9 * uniform


def test_it_learns_a_text_by_heart() -> None:
    run = fit("abcdefgh" * 200, steps=150, learning_rate=0.02)
    assert run.metrics["bits_per_character"] < 0.2
    assert run.generate("abc", length=8, temperature=0.0) == "defghabc"


def test_a_text_whose_documents_end_is_written_as_documents() -> None:
    run = fit("anna\nbert\n" * 100, separator="\n", steps=150, learning_rate=0.02)
    written = run.generate(length=60, seed=2)
    assert sum(line in ("anna", "bert") for line in written.split("\n")) >= 8
    assert run.metrics["bits_per_character"] < 0.5


def test_without_a_separator_exactly_the_asked_length_is_written() -> None:
    run = fit(["short", "texts"] * 40, steps=2, valid_text="short")
    for length in (0, 1, 57):
        assert len(run.generate(length=length, seed=1)) == length


def test_the_last_tenth_is_held_out_before_the_vocabulary_is_built() -> None:
    notes: list[str] = []
    prepared = job("ab" * 450 + "cd" * 50, notes=notes)
    assert prepared.valid.unknown == 100 and len(prepared.writer.vocabulary) == 4
    assert any("last 10% of the text is held out" in note and "100 characters" in note for note in notes)
    assert any(
        "the validation text has 100 of 100 characters that the vocabulary does not know" in note for note in notes
    )


def test_a_given_validation_text_is_used_and_nothing_is_held_out() -> None:
    notes: list[str] = []
    prepared = job("ab" * 500, valid="ba" * 30, notes=notes)
    assert prepared.train.characters == 1000 and prepared.valid.characters == 60 and notes == []


def test_unseen_characters_are_scored_and_said(capsys: pytest.CaptureFixture[str]) -> None:
    run = fit()
    notes: list[str] = []
    scores = run.evaluate(text="Mary ДЖ", note=notes.append)
    assert scores["unknown_tokens"] == 2 and scores["scored_characters"] == 7
    assert len(notes) == 2 and "2 of 7 characters" in notes[0] and notes[1].startswith("on this data")
    run.evaluate(text="Ж")
    assert "1 of 1 characters" in capsys.readouterr().err


def test_a_prompt_with_unseen_characters_is_refused() -> None:
    with pytest.raises(UsageError, match="'Ж', 'Z'"):
        fit().generate("ЖaZ")


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"length": -1}, "length"),
        ({"temperature": -1.0}, "temperature"),
        ({"top_k": 0}, "top_k"),
        ({"top_p": 2.0}, "top_p"),
    ],
)
def test_writing_options_out_of_range_are_refused_before_the_first_piece(how: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        fit().generate_stream(**how)


def test_writing_streams_piece_by_piece() -> None:
    run = fit()
    pieces = list(run.generate_stream("Mary", length=20, seed=4, temperature=0.7, top_k=5, top_p=0.9))
    assert len(pieces) == 20
    assert "".join(pieces) == run.generate("Mary", length=20, seed=4, temperature=0.7, top_k=5, top_p=0.9)
    assert run.generate(length=40, seed=1) != run.generate(length=40, seed=2)


def test_a_text_shorter_than_one_window_is_refused_with_what_would_fit() -> None:
    with pytest.raises(DataError, match="lower lanes to 1"):
        job("abc" * 6, tbptt=10)
    with pytest.raises(DataError, match="too short"):
        job("a")
    with pytest.raises(DataError, match="empty"):
        job("")


def test_a_separator_that_is_not_in_the_text_is_refused() -> None:
    with pytest.raises(DataError, match=r"separator '\\\\n' does not occur in the training text"):
        job(separator="\\n")


def test_a_small_vocabulary_is_said() -> None:
    notes: list[str] = []
    job(unit="words", vocabulary_size=5000, notes=notes)
    assert any("has only" in note and "not 5,000" in note for note in notes)


@pytest.mark.parametrize("unit", ["characters", "bpe"])
def test_a_damaged_vocabulary_is_named(unit: str, tmp_path: Path) -> None:
    run = fit(unit=unit, out=tmp_path / "run")
    name = "tokenizer.json" if unit == "bpe" else "vocabulary.json"
    (run.path / name).write_text("{")
    with pytest.raises(CheckpointError, match=f"{name} is damaged"):
        tt.load(run.path)
    (run.path / name).unlink()
    with pytest.raises(CheckpointError, match=f"{name} is missing"):
        tt.load(run.path)


def test_any_bytes_can_be_learnt(tmp_path: Path) -> None:
    path = tmp_path / "noise.bin"
    path.write_bytes(bytes(range(256)) * 8)
    run = tt.fit("generate", path, unit="bytes", reporter=SilentReporter(), **SMALL, steps=2)  # type: ignore[arg-type]
    assert run.metrics["scored_characters"] == pytest.approx(205, abs=1)
    assert isinstance(run.generate(length=30, seed=0), str)


def test_windows_files_emoji_and_one_huge_line_work(tmp_path: Path) -> None:
    path = tmp_path / "odd.txt"
    path.write_bytes(b"\xef\xbb\xbf" + ("🙂 odd\r\n" * 200 + "x" * 5000).encode())
    run = tt.fit("generate", path, reporter=SilentReporter(), **SMALL, steps=2)  # type: ignore[arg-type]
    assert "\r" not in run.model.vocabulary.to_json() and "\ufeff" not in run.model.vocabulary.to_json()
    assert run.generate("🙂", length=3, seed=0)
