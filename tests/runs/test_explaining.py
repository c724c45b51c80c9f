"""A run says how it came to what it says: the numbers are those of its own network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from text_runs import SMALL, TEXT

import throughtime as tt
from throughtime.errors import DataError, UnknownNameError, UsageError
from throughtime.insight.results import Activity, Flow, FoundUnits, Gates, Horizon
from throughtime.training.reporter import SilentReporter

TINY: dict[str, Any] = {"hidden": 5, "embedding": 4, "steps": 2, "batch_size": 4, "sample_every": 0, "rival": False}
REVIEWS = [{"text": f"{'good' if n % 2 else 'bad'} tea (of {n})", "label": "np"[n % 2]} for n in range(24)]
Fit = Callable[..., tt.Run]


@pytest.fixture(scope="module")
def fit(tmp_path_factory: pytest.TempPathFactory) -> Fit:
    def make(task: str, data: object = None, **how: Any) -> tt.Run:
        out = tmp_path_factory.mktemp("runs") / "run"
        return tt.fit(task, data, out=out, reporter=SilentReporter(), device="cpu", **how)

    return make


@pytest.fixture(scope="module")
def text_run(fit: Fit) -> tt.Run:
    return fit("generate", text=TEXT, rival=False, **SMALL)


@pytest.fixture(scope="module")
def one_way(fit: Fit) -> tt.Run:
    return fit("classify", REVIEWS, bidirectional=False, layers=2, cell="gru", pooling="last", **TINY)


def quiet(run: tt.Run, *given: Any, **how: Any) -> Any:
    return run.explain(*given, note=lambda line: None, **how)


def test_the_gradient_of_a_language_model_is_that_of_what_it_expects(text_run: tt.Run) -> None:
    text = "It was the best"
    flow = quiet(text_run, text)
    assert isinstance(flow, Flow) and flow.texts == ("¶", *text) and flow.at == len(text)
    model = text_run.model
    ids = [model.vocabulary.document, *map(int, model.vocabulary.encode(text))]
    net = model.model.eval()
    vectors = net.embedding(torch.tensor([ids])).detach().requires_grad_()
    h, _ = net.recurrent(vectors)
    expected = net.output(net.projection(h))[0, -1].log_softmax(-1)
    best = int(expected.argmax())
    assert flow.score == pytest.approx(float(expected[best].detach()), abs=1e-5)
    assert flow.towards == "".join(model.vocabulary.decoder()(best))
    (gradient,) = torch.autograd.grad(expected[best], vectors)
    np.testing.assert_allclose(flow.inputs, gradient[0].norm(dim=1).numpy(), rtol=1e-4, atol=1e-9)


def test_the_gradient_of_a_classifier_is_that_of_its_score(one_way: tt.Run) -> None:
    flow = quiet(one_way, "good tea (of 3)", towards="p")
    learner = one_way.model
    (record,) = [tt_record("good tea (of 3)")]
    batch = learner.batch(learner.inputs.features.items([record]), np.arange(1))
    kept: list[torch.Tensor] = []

    def keep(module: Any, given: Any, x: torch.Tensor) -> torch.Tensor:
        kept.append(x.detach().requires_grad_())
        return kept[-1]

    handle = learner.model.read.register_forward_hook(keep)
    scores = learner.model.eval()(batch.arrays)[0]
    handle.remove()
    place = learner.inputs.targets.labels.names.index("p")
    (gradient,) = torch.autograd.grad(scores[place], kept)
    np.testing.assert_allclose(flow.inputs, gradient[0].norm(dim=1).numpy(), rtol=1e-4, atol=1e-9)
    assert flow.score == pytest.approx(float(scores[place].detach()), abs=1e-5) and flow.towards == "p"


def tt_record(text: str) -> Any:
    from throughtime.data.record import Record

    return Record(text, None, "")


def test_a_file_gives_its_records_by_number(one_way: tt.Run, tmp_path: Path) -> None:
    (path := tmp_path / "t.csv").write_text("text,label\ngood tea,p\nbad coffee,n\n")
    assert quiet(one_way, path, record=1).texts == ("bad", "coffee")
    for record in (2, -1):
        with pytest.raises(DataError, match=f"there is no record {record}"):
            quiet(one_way, path, record=record)


@pytest.mark.parametrize("what", ["flow", "spectrum", "gates", "horizon", "saliency", "walk"])
@pytest.mark.parametrize("text", ["tea", "good tea (of 3) " * 5])
def test_one_step_and_many_are_looked_at_and_drawn(one_way: tt.Run, what: str, text: str, tmp_path: Path) -> None:
    for suffix in ("svg", "png", "html"):
        quiet(one_way, text, what, tmp_path / f"it.{suffix}")
    assert len(list(tmp_path.iterdir())) == 3


def test_words_that_were_never_seen_are_named_and_characters_are_refused(one_way: tt.Run, text_run: tt.Run) -> None:
    notes: list[str] = []
    one_way.explain("good zebra", note=notes.append)
    assert notes == ["row 1 of the data has words that the network has never seen: 'zebra'"]
    with pytest.raises(UsageError, match="not in the model's vocabulary: 'Z', 'ß'"):
        quiet(text_run, "Zß")


def test_characters_that_a_classifier_has_never_seen_are_refused(fit: Fit) -> None:
    run = fit("classify", REVIEWS, unit="characters", **TINY)
    with pytest.raises(UsageError, match="characters that the network has never seen: 'z', '!'"):
        quiet(run, "good zoo!")
    assert quiet(run, "good tea").texts == tuple("good tea")


def test_units_are_shown_and_searched_for(text_run: tt.Run) -> None:
    text = "It was the best of times, it was the worst of times. " * 2
    one = quiet(text_run, text, "units", unit=3)
    assert isinstance(one, Activity) and one.track == "c_l0" and len(one.values) == len(text) + 1
    found = quiet(text_run, text, "units", span="5:9")
    assert isinstance(found, FoundUnits) and found.wanted.nonzero()[0].tolist() == [5, 6, 7, 8]
    line = quiet(text_run, text, "units", follow="line")
    assert line.what == "position in the line" and line.wanted.max() > 40
    with pytest.raises(UsageError, match="there is no unit 8 in c_l0: it has the units 0 to 7"):
        quiet(text_run, text, "units", unit=8)


def test_a_layer_that_is_not_there_is_refused_with_those_that_are(one_way: tt.Run) -> None:
    for what in ("spectrum", "gates"):
        with pytest.raises(UnknownNameError, match=r"unknown layer 'l2'.*\(known: l0, l1\)"):
            quiet(one_way, "good tea", what, layer="l2")
    gates = quiet(one_way, "good tea", "gates", layer="l1")
    assert isinstance(gates, Gates) and set(gates.values) == {"r_l1", "z_l1", "n_l1"}


def test_options_that_do_nothing_for_what_is_asked_are_refused(one_way: tt.Run) -> None:
    for what, more in (("gates", {"at": 1}), ("spectrum", {"towards": "p"}), ("flow", {"method": "gradient"}),
                       ("saliency", {"layer": "l0"}), ("flow", {"span": "1:2"})):  # fmt: skip
        (name,) = more
        with pytest.raises(UsageError, match=f"^{name} is for what="):
            quiet(one_way, "good tea", what, **more)
    assert set(quiet(one_way, "good tea", layer="l1").norms) == {"h_l1"}
    assert set(quiet(one_way, "good tea", "horizon", layer="l0").units) == {"h_l0"}


def test_of_texts_for_labels_one_is_looked_at_with_its_own_label(fit: Fit, tmp_path: Path) -> None:
    rows = "".join(f"{'Ross' if n % 2 else 'Smi'}{n},{'it' if n % 2 else 'en'}\n" for n in range(20))
    (path := tmp_path / "names.csv").write_text(f"name,country\n{rows}")
    run = fit("generate", path, condition="country", hidden=4, embedding=4, steps=2, rival=False)
    assert "".join(quiet(run, path, record=3).texts) == "¶Ross3"
    one, other = (quiet(run, "Ross", condition=label).score for label in ("it", "en"))
    assert one != other
    with pytest.raises(UsageError, match="choose one with condition="):
        quiet(run, "Ross")


def test_a_step_that_is_not_there_is_refused(one_way: tt.Run, text_run: tt.Run) -> None:
    assert quiet(text_run, "It was", at=2).at == 2
    for run in (one_way, text_run):
        with pytest.raises(UsageError, match="at is step 99"):
            quiet(run, "It was", at=99)


def test_a_run_that_reads_both_ways_has_no_horizon(fit: Fit) -> None:
    run = fit("tag", [{"tokens": ["Ann", "saw", f"it{n}"], "labels": ["B", "O", "O"]} for n in range(12)], **TINY)
    assert set(quiet(run, "Ann saw it3").norms) == {"h_l0", "c_l0", "h_l0_reverse", "c_l0_reverse"}
    with pytest.raises(UsageError, match="reads both ways"):
        quiet(run, "Ann saw it3", "horizon")


def test_what_has_spoken_for_a_label_is_all_of_its_score(one_way: tt.Run) -> None:
    found = quiet(one_way, "good tea (of 3)", "saliency", towards="p")
    assert found.texts[0] == "good" and found.towards == "p" and found.method == "integrated_gradients"
    assert found.contributions.sum() == pytest.approx(found.score - found.baseline_score, abs=1e-3)
    other = quiet(one_way, "good tea (of 3)", "saliency", towards="p", method="gradient_x_input")
    assert other.score == pytest.approx(found.score) and not np.allclose(other.contributions, found.contributions)


def test_one_step_is_walked_through(text_run: tt.Run, one_way: tt.Run) -> None:
    step = quiet(text_run, "It was the best", "walk", unit=3, at=7)
    assert (step.cell, step.lane, step.step, step.unit, step.text) == ("lstm", "l0", 7, 3, " ")
    assert step.error < 1e-6 and step["kept"].values == pytest.approx(step["f"].values * step["c_before"].values)
    assert quiet(one_way, "good tea", "walk").lane == "l1", "the last layer where none is named"
    assert quiet(one_way, "good tea", "walk", layer="l0").lane == "l0"


def test_series_and_frames_have_no_texts(fit: Fit) -> None:
    series = [np.full((6, 2), n % 2 + step / 10, np.float32) for step, n in enumerate(range(12))]
    run = fit("classify", (series, ["ab"[n % 2] for n in range(12)]), bidirectional=False, **TINY)
    horizon = quiet(run, series[0], "horizon")
    assert isinstance(horizon, Horizon) and horizon.texts == () and len(horizon.steps) == 6
    with pytest.raises(UsageError, match="follow something in a text"):
        quiet(run, series[0], "units", follow="quotes")


def test_a_translator_is_asked_for_each_token_that_it_writes(fit: Fit) -> None:
    pairs = [{"source": f"ein Hund {n} bellt", "target": f"a dog {n} barks"} for n in range(24)]
    run = fit("translate", pairs, **TINY)
    flow = quiet(run, "ein Hund 3 bellt", towards="0")
    assert flow.score < 0 and flow.at == len(flow.texts) - 1
    assert "".join(flow.texts).split() == ["ein", "Hund", "3", "bellt"]


@pytest.mark.slow
def test_fifty_thousand_characters_are_read_in_windows_and_that_is_said(text_run: tt.Run, tmp_path: Path) -> None:
    text = (TEXT * 40)[:50_000]
    for what in ("flow", "gates", "horizon", "spectrum"):
        found = quiet(text_run, text, what, tmp_path / f"{what}.svg")
        if what in ("flow", "horizon"):
            assert "of 50001 were looked at" in found.note
    quiet(text_run, text, "units", tmp_path / "unit.html", unit=0)
