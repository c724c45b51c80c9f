"""It learns, is validated on what it writes freely, and what it writes is what its probabilities say."""

from __future__ import annotations

import itertools
import json
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from left_behind import tensors_of
from small_pairs import TINY, WELL, fit, greedy, next_scores, prepared, reversals, score_of, untrained, words
from torch.nn import functional

import throughtime as tt
from throughtime.data.record import Record
from throughtime.models.encoder_decoder import EncoderDecoder
from throughtime.tasks.supervised.learner import Batch
from throughtime.tasks.translate.learner import Translator
from throughtime.tasks.translate.options import Evaluating, Predicting
from throughtime.training.reporter import SilentReporter, StepReport

PAIRS = reversals(40)
SENTENCES = [(f"the {word} is on the mat", f"auf der Matte ist {word} jetzt") for word in words(40)]
SEVERAL = [(word, [word[::-1], word[::-1].upper()]) for word in words(500)]


@pytest.mark.parametrize(
    "cells",
    [{"cell": "gru", "decoder_cell": "lstm", "attention": "additive"}, {"cell": "lstm", "decoder_cell": "gru"},
     {"cell": "gru", "decoder_cell": "rnn", "input_feeding": True, "steps": 300, "learning_rate": 0.005}],
    ids=["gru to lstm", "lstm to gru", "gru to rnn, fed"],
)  # fmt: skip
def test_it_learns_to_reverse_words(cells: dict[str, Any]) -> None:
    run = fit(reversals(600), **{**WELL, **cells})
    assert run.metrics["exact_match"] >= 0.98, run.metrics
    assert run.metrics["token_error_rate"] < 0.01
    assert "bleu" not in run.metrics, "single words have no runs of four"


def test_what_it_learned_it_writes(reverser: tt.Run) -> None:
    assert reverser.metrics["exact_match"] == 1.0
    assert [each.value for each in reverser.predict(["fed", "abcdef"])] == ["def", "fedcba"]


def test_any_of_several_right_targets_is_right() -> None:
    run = fit(SEVERAL, **{**WELL, "steps": 260})
    assert run.metrics["exact_match"] >= 0.95
    said = [str(each.value) for each in run.predict([word for word, _ in SEVERAL[:50]])]
    right = sum(text in targets for text, (_, targets) in zip(said, SEVERAL, strict=False))
    assert right >= 47
    assert run.evaluate(SEVERAL)["exact_match"] >= 0.95
    assert run.evaluate([(word, word[::-1]) for word, _ in SEVERAL])["exact_match"] < 0.95, "it learned the other too"


class Interrupting(SilentReporter):
    """Presses Ctrl-C after some steps."""

    def __init__(self, step: int) -> None:
        self.step = step

    def stepped(self, report: StepReport) -> None:
        if report.step == self.step:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("step", [5, 8])
def test_a_run_that_was_stopped_goes_on_bit_for_bit(step: int, tmp_path: Path) -> None:
    rows = [{"source": source, "target": targets} for source, targets in SEVERAL[:40]]
    data = tmp_path / "t.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    noisy: dict[str, Any] = {"steps": 12, "dropout": 0.3, "scheduled_sampling": 0.5, "average": 0.9, "batch_size": 6,
                             "validate_every": 4, "input_feeding": True, "joint": True}  # fmt: skip
    whole = fit(data, out=tmp_path / "whole", **noisy)
    options = {**TINY, **noisy, "device": "cpu"}
    first = tt.fit("translate", data, out=tmp_path / "cut", reporter=Interrupting(step), **options)
    assert first.status == "interrupted"
    second = tt.fit("translate", out=tmp_path / "cut", resume=True, reporter=SilentReporter(), device="cpu")
    assert second.status == "finished"
    for file in ("model.safetensors", "trainer.safetensors"):
        assert tensors_of(second.path, file) == tensors_of(whole.path, file)
    assert second.metrics == whole.metrics


NETWORKS: list[dict[str, Any]] = [
    *({"attention": kind, "input_feeding": fed} for kind in ("additive", "dot", "general", "none")
      for fed in (False, True)),
    *({"bridge": kind, "cell": cell, "decoder_cell": decoder}
      for kind in ("zero", "last", "projected") for cell, decoder in (("lstm", "gru"), ("rnn", "lstm"))),
    {"layers": 2, "bidirectional": False, "layer_norm": True},
    {"tied": False, "joint": True},
    {"unit": "words"},
    {"unit": "bytes"},
    {"unit": "bpe", "target_unit": "characters"},
]  # fmt: skip


@pytest.mark.parametrize("options", NETWORKS, ids=lambda options: " ".join(map(str, options.values())))
def test_greedy_texts_are_those_of_the_plain_loop(options: dict[str, Any]) -> None:
    data = SENTENCES if options.get("unit") == "words" else PAIRS
    learner = untrained(data, **options).asked(Predicting(beam=1), print)
    with torch.no_grad():  # longer texts
        learner.model.decoder.output.bias[learner.targets.vocabulary.document] -= 2.0
    sources = [data[place][0] for place in (3, 8, 20)]
    said = [each for _, each in learner.predict([Record(source, None, source) for source in sources])]
    for source, each in zip(sources, said, strict=True):
        tokens, score = greedy(learner, source)
        assert each.value == learner.targets.text(learner.targets.tokens(tokens))
        assert each.score == pytest.approx(score, abs=1e-4)  # type: ignore[attr-defined]
    assert len({each.value for each in said}) > 1, "texts that differ, or nothing is shown"


def test_a_beam_as_wide_as_all_texts_finds_the_best_of_all() -> None:
    """Three words, as few as seven tokens: all texts can be listed, and the best ones picked by hand."""
    learner = untrained([("ab", "ab"), ("ba", "ab"), ("aa", "ba"), ("bb", "b")] * 3, seed=3)
    vocabulary, source = learner.targets.vocabulary, "ab"
    learner.inputs.targets.most = lambda lengths: np.full(len(lengths), 7)  # type: ignore[method-assign]
    letters = vocabulary.encode("ab").tolist()
    texts = [text for length in range(7) for text in itertools.product(letters, repeat=length)]
    scores = [score_of(learner, source, text) for text in texts]
    for penalty in (0.0, 1.0, 2.0):
        ranks = [score / ((5 + len(text) + 1) / 6) ** penalty for text, score in zip(texts, scores, strict=True)]
        best = sorted(range(len(texts)), key=lambda place: -ranks[place])[:6]
        how = Predicting(beam=200, n_best=6, length_penalty=penalty)
        (_, said), *_ = learner.asked(how, print).predict([Record(source, None, source)])
        found = [said, *said.others]  # type: ignore[attr-defined]
        spelled = ["".join(vocabulary.decoder()(token) for token in texts[place]) for place in best]
        assert [each.value for each in found] == spelled
        assert [each.score for each in found] == pytest.approx([scores[place] for place in best], abs=1e-4)
        assert [each.rank for each in found] == [1, 2, 3, 4, 5, 6]


def test_unknown_tokens_are_never_written_unless_they_are_copied() -> None:
    learner = untrained(SENTENCES, unit="words", vocabulary_size=9, seed=1)
    unknown = learner.targets.vocabulary.unknown
    with torch.no_grad():
        learner.model.decoder.output.bias[unknown] = 20.0
    source = Record(SENTENCES[0][0], None, "row 1")
    (_, said), *_ = learner.asked(Predicting(), print).predict([source])
    assert "\ufffd" not in str(said.value)
    (_, said), *_ = learner.asked(Predicting(copy_unknown=True), print).predict([source])
    read = [f" {word}" for word in SENTENCES[0][0].split()]
    assert said.source_tokens == tuple(read)  # type: ignore[attr-defined]
    looks: Any = said.attention  # type: ignore[attr-defined]
    assert said.tokens == tuple(read[place] for place in looks.argmax(1))  # type: ignore[attr-defined]
    assert "\ufffd" not in str(said.value) and set(str(said.value).split()) <= set(SENTENCES[0][0].split())


def test_what_is_said_of_a_record_depends_on_no_other_and_not_on_the_batch(reverser: tt.Run) -> None:
    records = [Record(word, None, word) for word in [*words(60), "a", "ff" * 9]]
    for how in (Predicting(beam=1), Predicting(beam=5, n_best=3)):
        learner = reverser.model.asked(how, print)
        together = [said for _, said in learner.predict(records)]
        alone = [said for record in records for _, said in learner.predict([record])]
        learner.config = type(learner.config).from_mapping({**learner.config.to_mapping(), "batch_size": 7})
        by_seven = [said for _, said in learner.predict(reversed(records))][::-1]
        for one, two, three in zip(together, alone, by_seven, strict=True):
            for first, second, third in zip(*([each, *each.others] for each in (one, two, three)), strict=True):
                assert first.value == second.value == third.value
                assert first.score == pytest.approx(second.score, abs=1e-5)
                assert first.score == pytest.approx(third.score, abs=1e-5)


def test_scores_are_the_same_in_any_order_and_batch(reverser: tt.Run) -> None:
    scores = reverser.evaluate(PAIRS)
    again = reverser.evaluate(PAIRS[::-1])
    assert {name: value for name, value in again.items() if name != "loss"} == {
        name: value for name, value in scores.items() if name != "loss"
    }
    assert again["loss"] == pytest.approx(scores["loss"], rel=1e-5)


def looking_ahead(self: EncoderDecoder, before: torch.Tensor, lengths: torch.Tensor, source: Any) -> torch.Tensor:
    """Scores that know each next token, for it is the one that is read then; without the writer knowing anything."""
    tokens = self.decoder.output.out_features
    rows = [torch.cat([row[1:length], torch.tensor([0])]) for row, length in zip(before, lengths.tolist(), strict=True)]
    return 30.0 * functional.one_hot(torch.cat(rows), tokens).float()


def test_a_network_is_validated_on_what_it_writes_freely(monkeypatch: pytest.MonkeyPatch) -> None:
    examples = prepared(SENTENCES, unit="words").valid
    learner = untrained(SENTENCES, unit="words")
    assert learner.criterion in ("bleu", "token_error_rate")
    monkeypatch.setattr(EncoderDecoder, "forward", looking_ahead)
    scores = learner.metrics(examples, learner.find(examples))
    assert scores["loss"] < 1e-9, "with the right tokens before it each next one is certain"
    assert scores["exact_match"] == 0.0 and scores["token_error_rate"] > 0.5
    shown = learner.asked(Evaluating(beam=1, tokenize="13a"), print)
    assert shown.metrics(examples, shown.find(examples))["bleu"] < 20


def test_the_best_weights_are_those_that_write_best(tmp_path: Path) -> None:
    data = [(source, target) for source, target in SENTENCES]
    run = fit(data, valid=data, out=tmp_path / "run", unit="bpe", criterion="bleu",
              **{**WELL, "steps": 60, "validate_every": 20})  # fmt: skip
    rows = [json.loads(line) for line in (run.path / "metrics.jsonl").read_text().splitlines()]
    validated = [row for row in rows if "bleu" in row]
    assert len(validated) == 3 and run.metrics["bleu"] == max(row["bleu"] for row in validated)
    assert run.evaluate(data, beam=1)["bleu"] == pytest.approx(run.metrics["bleu"], abs=1e-6)
    assert run.evaluate(data, beam=1)["loss"] == pytest.approx(run.metrics["loss"], rel=1e-5)


def test_the_loss_is_that_of_the_first_right_text_a_token() -> None:
    learner = untrained(SEVERAL[:12])
    examples = prepared(SEVERAL[:12]).valid
    nats = [-score_of(learner, str(record.content), ids[0][:-1].tolist())
            for record, ids in zip(examples.records, examples.targets, strict=True)]  # fmt: skip
    tokens = sum(len(targets[0]) + 1 for _, targets in SEVERAL[:12])
    assert learner.metrics(examples, learner.find(examples))["loss"] == pytest.approx(sum(nats) / tokens, rel=1e-5)


def batch_of(data: Any, **options: Any) -> tuple[Translator, Batch, Any]:
    learner, examples = untrained(data, **options), prepared(data, **options).train
    return learner, learner.batch(examples.items, np.arange(len(examples.records))), examples.targets


def test_labels_are_smoothed_over_all_tokens() -> None:
    plain, batch, targets = batch_of(PAIRS[:6], label_smoothing=0.0)
    smooth, *_ = batch_of(PAIRS[:6], label_smoothing=0.3)
    size, total = len(plain.targets.vocabulary), 0.0
    for (source, _), right in zip(PAIRS, targets, strict=False):
        for place, token in enumerate(right[0].tolist()):
            scores = next_scores(plain, source, right[0][:place].tolist())
            total -= 0.7 * float(scores[token]) + 0.3 * float(scores.sum()) / size
    loss, count = smooth.loss(batch, targets)
    assert count == sum(len(right[0]) for right in targets)
    assert loss.item() == pytest.approx(total, rel=1e-5)
    assert plain.loss(batch, targets)[0].item() != pytest.approx(total, rel=1e-2)


def test_one_of_several_right_texts_is_learned_from_each_time() -> None:
    learner, batch, targets = batch_of([("ab", ["ba", "cccc"]), ("ba", ["ab"])] * 3, label_smoothing=0.0)
    wanted = [[score_of(learner, source, right[:-1].tolist()) for right in each]
              for source, each in zip(["ab", "ba"] * 3, targets, strict=True)]  # fmt: skip
    torch.manual_seed(4)
    found = [learner.loss(batch, targets) for _ in range(60)]
    possible = {
        sum(len(each[place]) for each, place in zip(targets, (a, 0, b, 0, c, 0), strict=True)): -sum(
            scores[place] for scores, place in zip(wanted, (a, 0, b, 0, c, 0), strict=True)
        )
        for a, b, c in itertools.product((0, 1), repeat=3)
    }
    assert {count for _, count in found} == set(possible), "each number of long ones among three"
    for loss, count in found:
        assert loss.item() == pytest.approx(possible[count], rel=1e-5)


@pytest.mark.parametrize("share", [0.3, 0.999999])
def test_scheduled_sampling_puts_guesses_in_place_of_tokens(share: float) -> None:
    learner, batch, targets = batch_of(reversals(300), scheduled_sampling=share)
    source = learner.model.encode(batch.arrays)
    before, _, lengths = learner._shifted([right[0] for right in targets])
    torch.manual_seed(1)
    after = learner._guessed(before, lengths, source)
    assert torch.equal(after[:, 0], before[:, 0]), "what it starts from is no guess"
    likeliest = learner.model(before, lengths, source).argmax(1).split(lengths.tolist())
    changed = total = 0
    for row, guesses in enumerate(likeliest):
        for place in range(1, int(lengths[row])):
            guess, told, now = int(guesses[place - 1]), int(before[row, place]), int(after[row, place])
            assert now in (guess, told)
            total, changed = total + (guess != told), changed + (now != told)
    assert total > 300 and changed / total == pytest.approx(share, abs=0.05)


def test_texts_without_an_end_are_counted_and_told_of() -> None:
    learner = untrained(PAIRS)
    with torch.no_grad():
        learner.model.decoder.output.bias[learner.targets.vocabulary.document] = -50.0
    notes: list[str] = []
    asked = learner.asked(Evaluating(), notes.append)
    scores = asked.evaluate(prepared(PAIRS).valid)
    assert scores["broken_off"] == len(PAIRS)
    assert notes == ["40 of 40 texts reached their bound without an end"]
    notes.clear()
    said = list(
        learner.asked(Predicting(n_best=2), notes.append).predict([Record("ab", None, "a"), Record("b", None, "b")])
    )
    assert notes == ["2 of 2 texts reached their bound without an end"]
    assert [len(each.tokens) for _, each in said] == [12, 11], "the source and ten"  # type: ignore[attr-defined]
    ended = untrained(PAIRS)
    with torch.no_grad():
        ended.model.decoder.output.bias[ended.targets.vocabulary.document] = 50.0
    assert "broken_off" not in ended.asked(Evaluating(), notes.append).evaluate(prepared(PAIRS).valid)


def test_nothing_is_printed_while_it_learns(capsys: pytest.CaptureFixture[str]) -> None:
    fit(PAIRS, sample_every=1, validate_every=1)
    captured = capsys.readouterr()
    assert captured.out + captured.err == ""


def test_equal_sources_have_each_others_right_texts() -> None:
    run = fit([("ab", "x y"), ("ba", "y"), ("cd", "x")] * 8)
    one = run.evaluate([("ab", "x y"), ("ab", "x x"), ("ba", "y")], beam=1)
    two = run.evaluate([("ab", ["x y", "x x"]), ("ab", ["x x", "x y"]), ("ba", "y")], beam=1)
    for name in ("exact_match", "token_error_rate", "character_error_rate", "word_error_rate"):
        assert one[name] == two[name], name
