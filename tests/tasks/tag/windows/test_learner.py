"""What is said of series in windows is what one pass over each whole series says; a network of windows learns what
lies further back than a window.
"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score
from small_series import LENGTHS, TINY, latched, table

import throughtime as tt
from throughtime.data.reading import Problems
from throughtime.data.user_data import user_data
from throughtime.errors import UsageError
from throughtime.training.reporter import SilentReporter

SILENT = SilentReporter()


def fitted(folder: Path, data: Path, **more: Any) -> Any:
    given = {"tbptt": 5, "steps": 6, "valid": data, "reporter": SILENT, **TINY, **more}
    return tt.fit("tag", data, out=folder / "run", **given)


def whole_pass(run: Any, data: Path) -> dict[str, tuple[Any, list[str]]]:
    """(probabilities (T, labels), right labels) of each series, each read whole by the network itself."""
    found: dict[str, tuple[Any, list[str]]] = {}
    with torch.no_grad():
        for name, (frames, labels) in table(data).items():
            batch = {"frames": torch.from_numpy(frames)[None], "lengths": torch.tensor([len(frames)])}
            found[name] = (run.model.model(batch)[0].softmax(1).numpy(), labels)
    return found


def written(run: Any, data: Path, out: Path, **how: Any) -> list[list[str]]:
    run.predict_files(data, out, probabilities=True, note=lambda _: None, **how)
    return [line.split(",") for line in out.read_text().splitlines()[1:]]


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn", "mingru", "slstm"])
def test_predictions_are_those_of_one_pass(cell: str, tmp_path: Path) -> None:
    data = latched(tmp_path / "a.csv", LENGTHS)
    run = fitted(tmp_path, data, cell=cell, layers=2)
    whole = whole_pass(run, data)
    rows = written(run, data, tmp_path / "out.csv")
    assert [row[:5] for row in rows] == [line.split(",") for line in data.read_text().splitlines()[1:]], "as they stood"
    for name, (shares, _) in whole.items():
        said = [row[5:] for row in rows if row[0] == name]
        assert [label for label, _ in said] == ["ab"[each] for each in shares.argmax(1)]
        written_shares = [float(share) for _, share in said]
        np.testing.assert_allclose(written_shares, shares.max(1), atol=6e-5, err_msg="written with four digits")


@pytest.mark.parametrize("tbptt", [1, 2, 7, 23, 100])
@pytest.mark.parametrize("form", ["together", "scattered", "\r\n", "gz"])
def test_whatever_the_windows_and_the_form_of_the_table(tbptt: int, form: str, tmp_path: Path) -> None:
    data = latched(tmp_path / "a.csv", LENGTHS)
    run = fitted(tmp_path, data)
    wanted = written(run, data, tmp_path / "one.csv", tbptt=100)
    other = latched(tmp_path / "b.csv", LENGTHS, scattered=form == "scattered", ends="\r\n" if form == "\r\n" else "\n")
    if form == "gz":
        other = tmp_path / "b.csv.gz"
        other.write_bytes(gzip.compress(data.read_bytes()))
    rows = written(run, other, tmp_path / "other.csv", tbptt=tbptt)
    first, second = ({(row[0], row[1]): row for row in found} for found in (wanted, rows))
    assert len(rows) == sum(LENGTHS.values()) and first.keys() == second.keys()
    if form != "scattered":
        assert [row[:2] for row in rows] == [row[:2] for row in wanted]
    for key, row in first.items():
        assert row[:6] == second[key][:6]
        assert abs(float(row[6]) - float(second[key][6])) <= 1.01e-4, "rounded to four digits"


@pytest.mark.parametrize("tbptt", [None, 3, 64])
def test_scores_are_those_of_one_pass(tbptt: int | None, tmp_path: Path) -> None:
    data = latched(tmp_path / "a.csv", LENGTHS)
    run = fitted(tmp_path, data)
    how = {} if tbptt is None else {"tbptt": tbptt}
    scores = run.evaluate(data, note=lambda _: None, **how)
    whole = whole_pass(run, data).values()
    wanted, said = [], []
    for shares, labels in whole:
        wanted.append(np.array([label == "b" for label in labels], np.int64))
        said.append(shares.argmax(1))
    losses = [-np.log(shares[range(len(right)), right]) for (shares, _), right in zip(whole, wanted, strict=True)]
    assert scores["loss"] == pytest.approx(np.concatenate(losses).mean(), rel=1e-5)
    assert scores["accuracy"] == (np.concatenate(said) == np.concatenate(wanted)).mean()
    assert scores["sequence_accuracy"] == np.mean([(a == b).all() for a, b in zip(said, wanted, strict=True)])
    f1 = f1_score(np.concatenate(wanted), np.concatenate(said), average="macro", zero_division=0)
    assert scores["f1"] == pytest.approx(f1) and scores["examples"] == len(LENGTHS)
    assert sum(each["support"] for each in scores["labels"].values()) == sum(LENGTHS.values())
    assert run.metrics["accuracy"] == scores["accuracy"], "validated on the same series"


def test_labels_that_training_never_saw_are_counted_as_wrong(tmp_path: Path) -> None:
    data = latched(tmp_path / "a.csv", LENGTHS)
    run = fitted(tmp_path, data)
    other, notes = tmp_path / "b.csv", list[str]()
    other.write_text(data.read_text().replace(",a\n", ",new\n", 9))
    before, scores = run.evaluate(data, note=lambda _: None), run.evaluate(other, note=notes.append)
    assert scores["unseen_labels"] == {"new": 9} and scores["accuracy"] <= before["accuracy"]
    assert any("labels that training never saw, each counted as wrong: 'new' (9)" in note for note in notes)


def test_a_step_of_training_goes_back_through_one_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loss and gradients of the second step are those of a window after the state that the first one left."""
    data, steps = latched(tmp_path / "a.csv", {"p": 12}), list[Any]()
    from throughtime.tasks.tag.windows.job import SeriesJob

    plain = SeriesJob.step

    def step(job: SeriesJob, number: int, state: Any) -> Any:
        result = plain(job, number, state)
        before = {name: each.detach().clone() for name, each in job.module.named_parameters()}
        names, parameters = zip(*job.module.named_parameters(), strict=True)
        gradients = torch.autograd.grad(result.loss, parameters, retain_graph=True)
        steps.append((job, before, result, dict(zip(names, gradients, strict=True))))
        return result

    monkeypatch.setattr(SeriesJob, "step", step)
    fitted(tmp_path, data, steps=2, average=0.0, label_smoothing=0.2)
    (job, weights, _, _), (_, later, result, gradients) = steps
    network, (frames, labels) = job.module, table(data)["p"]
    x, right = torch.from_numpy(frames), torch.tensor([label == "b" for label in labels]).long()
    network.load_state_dict(weights, strict=False)
    _, state = network.recurrent(network.read(x[None, :5]))
    network.load_state_dict(later, strict=False)
    h, _ = network.recurrent(network.read(x[None, 5:10]), tuple(part.detach() for part in state))
    loss = torch.nn.functional.cross_entropy(network.output(h)[0], right[5:10], reduction="sum", label_smoothing=0.2)
    assert result.count == 5 and result.loss.item() == pytest.approx(loss.item(), rel=1e-5)
    names, parameters = zip(*network.named_parameters(), strict=True)
    for name, wanted in zip(names, torch.autograd.grad(loss, parameters), strict=True):
        torch.testing.assert_close(gradients[name], wanted, rtol=1e-4, atol=1e-6)


def test_it_learns_what_lies_further_back_than_a_window(tmp_path: Path) -> None:
    """Events are 40 steps apart, windows have 12: of most steps the last event is in a window before."""
    learn = latched(tmp_path / "a.csv", {f"s{n}": 400 for n in range(24)}, apart=40)
    check = latched(tmp_path / "b.csv", {f"s{n}": 200 for n in range(16)}, apart=40, seed=2)
    more: dict[str, Any] = {"hidden": 16, "steps": 300, "validate_every": 300, "learning_rate": 0.03, "average": 0.9}
    run = fitted(tmp_path, learn, valid=check, tbptt=12, cell="gru", rival=False, **more)
    assert run.metrics["accuracy"] > 0.95
    lost, rows = tmp_path / "c.csv", check.read_text().splitlines()
    cut = [rows[0], *(f"{n // 12}-{row}" for n, row in enumerate(rows[1:]))]  # a series of each twelve steps
    lost.write_text("\n".join(cut) + "\n")
    assert run.evaluate(lost, note=lambda _: None)["accuracy"] < 0.8, "without the state that is carried"


def test_stopped_and_resumed_is_as_unbroken_bit_for_bit(tmp_path: Path) -> None:
    """The run is stopped inside an epoch, with a state in the lanes; dropout and masks draw on as they would have."""
    import signal

    from left_behind import contents, tensors_of, timeless_metrics

    data = latched(tmp_path / "a.csv", LENGTHS | {"u": 31, "v": 17, "w": 8})
    noisy: dict[str, Any] = {
        **TINY, "tbptt": 5, "steps": 17, "valid": data, "dropout": 0.3, "frame_mask": 0.2, "recurrent_dropout": 0.2,
        "average": 0.9, "validate_every": 4, "log_every": 1, "batch_size": 3, "seed": 4,
    }  # fmt: skip
    whole = tt.fit("tag", data, out=tmp_path / "whole", reporter=SILENT, **noisy)

    class Stops(SilentReporter):
        def stepped(self, report: Any) -> None:
            if report.step == 7:
                signal.raise_signal(signal.SIGINT)

    stopped = tt.fit("tag", data, out=tmp_path / "stopped", reporter=Stops(), **noisy)
    assert stopped.status == "interrupted"
    checkpoint = tensors_of(tmp_path / "stopped", "trainer.safetensors")
    assert {name for name in checkpoint if name.startswith("state/")} == {"state/0", "state/1"}
    resumed = tt.fit("tag", out=tmp_path / "stopped", resume=True, reporter=SILENT)
    assert resumed.status == "finished" == whole.status
    for file in ("model.safetensors", "trainer.safetensors"):
        first, second = (tensors_of(tmp_path / name, file) for name in ("whole", "stopped"))
        assert first.keys() == second.keys() and first == second
    assert timeless_metrics(tmp_path / "whole") == timeless_metrics(tmp_path / "stopped")
    assert contents(tmp_path / "whole")["inputs.json"] == contents(tmp_path / "stopped")["inputs.json"]


def test_other_data_is_not_gone_on_with(tmp_path: Path) -> None:
    data = latched(tmp_path / "a.csv", LENGTHS)
    fitted(tmp_path, data, steps=2)
    data.write_text(data.read_text().replace(",a\n", ",b\n", 1))
    with pytest.raises(tt.ThroughtimeError, match="trained on other data"):
        tt.fit("tag", out=tmp_path / "run", resume=True, steps=4, reporter=SILENT)


def test_simple_models_stand_beside_it(tmp_path: Path) -> None:
    data = latched(tmp_path / "a.csv", {"p": 900, "q": 300})
    run = fitted(tmp_path, data, steps=2, tbptt=50)
    labels = [label for _, right in table(data).values() for label in right]
    majority = max(labels.count("a"), labels.count("b")) / len(labels)
    assert run.rivals["majority"]["scores"]["accuracy"] == majority
    assert run.rivals["majority"]["learned_from"] == "all 1,200 steps" == run.rivals["linear"]["learned_from"]
    assert run.rivals["linear"]["scores"]["accuracy"] >= majority
    again = run.evaluate(data, note=lambda _: None)["rivals"]
    for name, rival in run.rivals.items():
        assert {key: again[name][key] for key in rival["scores"]} == rival["scores"]


def test_a_linear_model_learns_from_a_part_of_many_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("throughtime.tasks.tag.windows.learner.DRAWN", 1500)
    run = fitted(tmp_path, latched(tmp_path / "a.csv", {"p": 3000, "q": 300}), steps=2, tbptt=50)
    assert run.rivals["linear"]["learned_from"] == "1,500 of 3,300 steps"


def test_data_in_memory_and_clips(tmp_path: Path) -> None:
    data = latched(tmp_path / "a.csv", LENGTHS)
    run = fitted(tmp_path, data)
    columns: dict[str, list[Any]] = {name: [] for name in ("id", "time", "x", "y", "label")}
    for line in data.read_text().splitlines()[1:]:
        for name, cell in zip(columns, line.split(","), strict=True):
            columns[name].append(float(cell) if name in "xy" else cell)
    scores = run.evaluate(columns, note=lambda _: None)
    assert scores["accuracy"] == run.metrics["accuracy"]
    del columns["label"]
    clips = [frames for frames, _ in table(data).values()]
    for memory in (columns, clips):
        said = run.predict(memory, note=lambda _: None)
        for each, (shares, _) in zip(said, whole_pass(run, data).values(), strict=True):
            assert each.value == tuple("ab"[best] for best in shares.argmax(1)), "of each series as a whole"


def test_clips_and_tables_one_after_the_other(tmp_path: Path) -> None:
    data = latched(tmp_path / "a.csv", LENGTHS)
    run = fitted(tmp_path, data)
    clips = tmp_path / "clips.npz"
    np.savez(clips, clips=np.stack([frames[:10] for frames, _ in table(data).values() if len(frames) >= 10]))
    wanted = written(run, data, tmp_path / "one.csv", tbptt=4)
    files, problems = user_data({"data": [clips, data, clips]}), Problems(note=lambda _: None)
    records = list(run.reader.read_to_predict(files, run.path, problems))
    said = [prediction.value for _, prediction in run.model.predict(records)]
    windows = [min(5, steps - at) for steps in LENGTHS.values() for at in range(0, steps, 5)]
    assert [len(each) for each in said] == [*[10] * 3, *windows, *[10] * 3]
    assert said[:3] == said[-3:]
    assert [label for each in said[3:-3] for label in each] == [row[5] for row in wanted]


def test_a_run_on_whole_series_predicts_in_windows(tmp_path: Path) -> None:
    data = latched(tmp_path / "a.csv", LENGTHS)
    run = fitted(tmp_path, data, tbptt=None)
    whole, windows = (written(run, data, tmp_path / "o.csv", **how) for how in ({}, {"tbptt": 5}))
    assert [row[:6] for row in whole] == [row[:6] for row in windows]
    scores = run.evaluate(data, note=lambda _: None), run.evaluate(data, tbptt=5, note=lambda _: None)
    assert scores[0]["accuracy"] == scores[1]["accuracy"]
    assert scores[0]["loss"] == pytest.approx(scores[1]["loss"], rel=1e-5)


def test_a_network_that_reads_both_ways_is_refused(tmp_path: Path) -> None:
    data = latched(tmp_path / "a.csv", LENGTHS)
    run = fitted(tmp_path, data, tbptt=None, bidirectional=True, steps=1)
    with pytest.raises(UsageError, match=r"reads from both ends.*fit\(bidirectional=False\)"):
        run.predict_files(data, tmp_path / "o.csv", tbptt=5)
    with pytest.raises(UsageError, match=r"tbptt reads a series in windows.*bidirectional=False"):
        fitted(tmp_path / "other", data, bidirectional=True)


@pytest.mark.parametrize("use", ["fit", "predict", "evaluate"])
def test_a_bad_row_takes_its_series_out(use: str, tmp_path: Path) -> None:
    data = latched(tmp_path / "a.csv", LENGTHS)
    good, rows = fitted(tmp_path, data), data.read_text().splitlines()
    bad = tmp_path / "b.csv"
    bad.write_text("\n".join([*rows[:17], "p,16,what,0,a", *rows[18:]]) + "\n")  # in the fourth window of p
    notes: list[str] = []
    if use == "fit":
        run = fitted(tmp_path / "two", bad, valid=None, skip_bad=True, steps=2)
        assert "line 18 (series 'p')" in (run.path / "skipped.txt").read_text()
        counts = run.rivals["majority"]["learned_from"]
        assert counts != "all 50 steps" and int(counts.split()[1]) < sum(LENGTHS.values()) - LENGTHS["p"]
    elif use == "evaluate":
        scores = good.evaluate(bad, skip_bad=True, note=notes.append)
        assert scores["examples"] == len(LENGTHS) - 1 and scores["skipped"] == 1
    else:
        found = written(good, bad, tmp_path / "o.csv", skip_bad=True)
        wanted = written(good, data, tmp_path / "w.csv")
        assert found == wanted[:15] + wanted[LENGTHS["p"] :], "what was said before stays"
        assert "line 18 (series 'p')" in (tmp_path / "o.csv.skipped.txt").read_text()


@pytest.mark.parametrize("series", [1, 3])
def test_a_part_is_held_out(series: int, tmp_path: Path) -> None:
    data = latched(tmp_path / "a.csv", {f"s{n}": 60 for n in range(series)})
    run = fitted(tmp_path, data, valid=None)
    steps = int(run.rivals["majority"]["learned_from"].replace(",", "").split()[1])
    assert steps == (54 if series == 1 else 120)
