"""What a network expects after a text: what one whole pass says, however the text came about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch

import throughtime as tt
from throughtime.errors import UnknownNameError, UsageError
from throughtime.tasks.generate import next_tokens
from throughtime.training.reporter import SilentReporter

TEXT = "Mary had a little lamb, its fleece was white as snow; naïve 🙂 lambs follow.\n" * 20
SMALL: Mapping[str, Any] = {
    "hidden": 12, "embedding": 6, "lanes": 3, "tbptt": 10, "dropout": 0.0, "warmup": 0, "sample_every": 0, "steps": 12,
    "learning_rate": 0.03, "reporter": SilentReporter(),
}  # fmt: skip
RUNS: dict[str, dict[str, Any]] = {
    "characters": {},
    "bytes": {"unit": "bytes"},
    "words": {"unit": "words"},
    "pieces": {"unit": "bpe", "vocabulary_size": 300},
    "documents": {"separator": "\n"},
    "gru, two layers": {"cell": "gru", "layers": 2},
    "minGRU": {"cell": "mingru"},
}
TYPED = ["", "M", "Ma", "Mary", "Mary had", "Mary ha", "Mary h", "its fleece", "its fleece was white as", "its", ""]


@pytest.fixture(scope="module", params=list(RUNS))
def run(request: pytest.FixtureRequest) -> tt.Run:
    return tt.fit("generate", text=TEXT, **SMALL, **RUNS[request.param])


def shares(run: tt.Run, text: str) -> dict[int, float]:
    """Token -> probability by one pass over the whole text, of what can be written."""
    model, vocabulary = run.model.model.eval(), run.model.vocabulary
    ids = [vocabulary.document, *(int(token) for token in vocabulary.encode(text))]
    with torch.no_grad():
        logits = model(torch.tensor([ids]))[0][0, -1].double()
    never = {vocabulary.unknown, None if run.model.config.separator else vocabulary.document}
    kept = [token for token in range(len(vocabulary)) if token not in never]
    return dict(zip(kept, torch.softmax(logits[kept], 0).tolist(), strict=True))


def test_it_is_what_a_whole_pass_says_whatever_was_typed_before(run: tt.Run) -> None:
    for text in TYPED:
        if run.model.vocabulary.unseen(text):
            continue  # a word that is only begun
        found, wanted = run.next(text, top=4), shares(run, text)
        ranked = sorted(wanted.values(), reverse=True)
        assert [each.probability for each in found.candidates] == pytest.approx(ranked[:4], rel=1e-4)
        assert found.rest == pytest.approx(sum(ranked[4:]), rel=1e-4) and found.others == len(ranked) - 4


def test_all_candidates_together_are_certain(run: tt.Run) -> None:
    found = run.next("Mary", top=10_000)
    assert found.rest == pytest.approx(0, abs=1e-9) and found.others == 0
    assert sum(each.probability for each in found.candidates) == pytest.approx(1)


def test_the_likeliest_is_what_would_be_written(run: tt.Run) -> None:
    text = "Mary had"
    for _ in range(12):
        best = run.next(text, top=1).candidates[0]
        written = run.generate(text, length=1, temperature=0)
        assert best.text == written
        if run.model.config.separator and best.name == "end of the document":
            break
        text += written


def test_a_word_that_is_begun_is_ended() -> None:
    run = tt.fit("generate", text=TEXT, unit="words", **SMALL)
    whole = {each.text: each.probability for each in run.next("Mary had a", top=100).candidates}
    found = run.next("Mary had a l", top=100)
    names = {" little", " lamb", " lambs"}
    assert {each.name for each in found.candidates} == {repr(name) for name in names} and found.others == 0
    among = sum(whole[name] for name in names)
    for each in found.candidates:
        assert each.probability == pytest.approx(whole[f" l{each.text}"] / among)
    with pytest.raises(UsageError, match="' lz'"):
        run.next("Mary had a lz")
    with pytest.raises(UsageError, match="'Mari'"):
        run.next("Mari had a l")


def test_only_what_is_new_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    run = tt.fit("generate", text=TEXT, **SMALL)
    typed = run.model.next_tokens()
    typed.after("Mary had a little")
    read: list[int] = []
    step = type(typed._decoder).step
    monkeypatch.setattr(type(typed._decoder), "step", lambda self, ids: (read.append(int(ids[0])), step(self, ids))[1])
    for text, new in [("Mary had a little lamb", 5), ("Mary had a little lambs", 1), ("Mary had a little lam", 0)]:
        read.clear()
        typed.after(text)
        assert len(read) == new, text


def test_a_text_longer_than_what_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(next_tokens, "_KEPT", 3)
    run = tt.fit("generate", text=TEXT, **SMALL)
    for text in (TEXT[:60], TEXT[:63], TEXT[:62], TEXT[:20], TEXT[:21]):
        wanted = sorted(shares(run, text).values(), reverse=True)[:2]
        assert [each.probability for each in run.next(text, top=2).candidates] == pytest.approx(wanted, rel=1e-4)
        assert len(run._last[1]._places) <= 3


def test_names_of_what_cannot_be_seen() -> None:
    run = tt.fit("generate", text=TEXT, unit="bytes", separator="\n", **SMALL)
    names = {each.name: each.text for each in run.next("", top=300).candidates}
    assert names["end of the document"] == "\n" and names["'\\n'"] == "\n" and names["' '"] == " "
    assert names["byte 240"] == "", "the first of the four bytes of an emoji"


def test_what_is_refused() -> None:
    run = tt.fit("generate", text=TEXT, **SMALL)
    with pytest.raises(UsageError, match="not in the model's vocabulary: '☃'"):
        run.next("snow ☃")
    with pytest.raises(UsageError, match="top must be at least 1, not 0"):
        run.next("snow", top=0)
    with pytest.raises(UsageError, match="learned from no labels"):
        run.next("snow", condition="winter")
    rows = [{"text": text, "kind": kind} for text, kind in [("aei", "vowels"), ("bcd", "consonants")] * 8]
    labelled = tt.fit("generate", rows, valid=rows, condition="kind", **SMALL)
    with pytest.raises(UsageError, match="consonants, vowels"):
        labelled.next("a")
    with pytest.raises(UnknownNameError, match="colours"):
        labelled.next("a", condition="colours")
    asked = [labelled.next("", top=3, condition=kind).candidates for kind in ("vowels", "consonants", "vowels")]
    assert asked[0] == asked[2] != asked[1]
    classified = tt.fit("classify", [("good", "a"), ("bad", "b")] * 6, hidden=4, steps=2, reporter=SilentReporter())
    with pytest.raises(UsageError, match="task classify, which writes no text"):
        classified.next("good")
