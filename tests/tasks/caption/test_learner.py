"""A captioner learns what pictures show, is scored on what it writes freely, and goes on bit for bit."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from left_behind import tensors_of
from PIL import Image

import throughtime as tt
from throughtime.data.user_data import user_data
from throughtime.errors import CheckpointError, DataError, UsageError
from throughtime.models.captioner import uncovered
from throughtime.tasks.caption.learner import CaptionLearner
from throughtime.tasks.caption.options import Config, Predicting
from throughtime.tasks.caption.reader import CaptionReader
from throughtime.training.reporter import SilentReporter, StepReport

TINY: dict[str, Any] = {
    "hidden": 6, "embedding": 5, "features": 16, "places": 2, "batch_size": 8, "steps": 2, "dropout": 0.0,
    "average": 0.0, "sample_every": 0, "rival": False,
}  # fmt: skip
WELL: dict[str, Any] = {
    **TINY, "hidden": 32, "embedding": 16, "features": 32, "steps": 250, "batch_size": 32, "learning_rate": 5e-3,
    "validate_every": 10**6,
}  # fmt: skip
SHADES = ("black", "grey", "white")


def squares(count: int, seed: int = 0) -> list[tuple[Any, str]]:
    """Pictures of four squares, and the shades of those above."""
    random = np.random.default_rng(seed)
    found: list[tuple[Any, str]] = []
    for shades in random.integers(0, 3, (count, 4)):
        picture = np.kron(shades.reshape(2, 2), np.ones((2, 2))) / 2 + random.normal(0, 0.02, (4, 4))
        found.append((picture.astype(np.float32), f"{SHADES[shades[0]]} beside {SHADES[shades[1]]}"))
    return found


def fit(data: Any = None, **options: Any) -> tt.Run:
    return tt.fit("caption", data, reporter=SilentReporter(), **{"device": "cpu", **TINY, **options})


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tt.Run:
    return fit(squares(400), out=tmp_path_factory.mktemp("squares") / "run", **WELL)


def test_it_learns_what_stands_where(run: tt.Run) -> None:
    new = squares(80, seed=5)
    scores = run.evaluate(new)
    assert scores["exact_match"] > 0.95 and scores["word_accuracy"] > 0.98 and scores["bleu_1"] > 95
    assert [said.value for said in run.predict([picture for picture, _ in new[:3]])] == [text for _, text in new[:3]]
    looks: Any = [said.attention for said in run.predict([picture for picture, _ in new[:2]])]  # type: ignore[attr-defined]
    assert looks[0].shape == (3, 4) and np.allclose(looks[0].sum(1), 1, atol=1e-5)


def test_without_attention_it_learns_too(tmp_path: Path) -> None:
    run = fit(squares(400), out=tmp_path / "run", **{**WELL, "attention": "none"})
    assert run.evaluate(squares(80, seed=5))["exact_match"] > 0.9
    with pytest.raises(UsageError, match="plot needs a network with attention, and this one has none"):
        run.predict([squares(1)[0][0]], plot=str(tmp_path / "plots"))


class Interrupting(SilentReporter):
    """Presses Ctrl-C after some steps."""

    def __init__(self, step: int) -> None:
        self.step = step

    def stepped(self, report: StepReport) -> None:
        if report.step == self.step:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize(("step", "attention"), [(2, "additive"), (5, "none")])
def test_a_run_that_was_stopped_goes_on_bit_for_bit(step: int, attention: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for number, (picture, _) in enumerate(squares(20)):
        Image.fromarray(np.rint(255 * picture.clip(0, 1)).astype(np.uint8)).save(data / f"{number}.png")
        (data / f"{number}.txt").write_text(f"one {number % 3}\nanother {number % 2}\n")
    noisy: dict[str, Any] = {
        **TINY, "steps": 8, "dropout": 0.3, "zoneout": 0.1, "label_smoothing": 0.1, "average": 0.9, "validate_every": 3,
        "attention": attention, "coverage": 0.5 if attention == "additive" else 0.0, "device": "cpu",
    }  # fmt: skip
    whole = fit(data, out=tmp_path / "whole", **noisy)
    first = tt.fit("caption", data, out=tmp_path / "cut", reporter=Interrupting(step), **noisy)
    assert first.status == "interrupted"
    second = tt.fit("caption", out=tmp_path / "cut", resume=True, reporter=SilentReporter(), device="cpu")
    for file in ("model.safetensors", "trainer.safetensors"):
        assert tensors_of(second.path, file) == tensors_of(whole.path, file)
    assert second.metrics == whole.metrics


def untrained(data: Any, **options: Any) -> tuple[CaptionLearner, Any]:
    torch.manual_seed(0)
    config = Config.from_mapping({**TINY, **options})
    prepared = CaptionReader(config).read(user_data({"data": data, "valid": data}), known=None, note=lambda _: None)
    return CaptionLearner(config, prepared.inputs, torch.device("cpu")), prepared.train


@torch.no_grad()
def test_all_captions_of_a_picture_are_learned_from_and_looking_is_asked_for() -> None:
    data = [(picture, [text, f"{text} too"] if number % 2 else text) for number, (picture, text) in
            enumerate(squares(8))]  # fmt: skip
    learner, examples = untrained(data, unit="words")
    batch = learner.batch(examples.items, np.arange(len(examples.records)))
    total = nats = 0.0
    seen = learner.model.encode(batch.arrays)
    covered = 0.0
    for row, right in enumerate(examples.targets):
        for caption in right:
            own = seen.select(torch.tensor([row]))
            before = torch.tensor([[learner.targets.vocabulary.document, *caption[:-1].tolist()]])
            logits, looks = learner.model.decoder.look_and_score(before, torch.tensor([len(caption)]), own)
            nats -= float(logits.log_softmax(1)[torch.arange(len(caption)), torch.from_numpy(caption)].sum())
            total += len(caption)
            assert looks is not None
            covered += float(uncovered(looks))
    loss, count = learner.loss(batch, examples.targets)
    assert count == total and loss.item() == pytest.approx(nats, rel=1e-4)
    more, _ = untrained(data, unit="words", coverage=0.25)
    assert more.loss(batch, examples.targets)[0].item() == pytest.approx(nats + 0.25 * covered, rel=1e-4)


def test_what_is_said_of_a_picture_depends_on_no_other(run: tt.Run) -> None:
    pictures = [picture for picture, _ in squares(30, seed=9)]
    for asked in ({"beam": 1}, {"beam": 4, "n_best": 2}):
        together = run.predict(pictures, **asked)
        for picture, said in zip(pictures, together, strict=True):
            (alone,) = run.predict([picture], **asked)
            assert alone.value == said.value
            assert alone.score == pytest.approx(said.score, abs=1e-4)  # type: ignore[attr-defined]


def test_networks_vote(run: tt.Run, tmp_path: Path) -> None:
    pictures = [picture for picture, _ in squares(5, seed=3)]
    alone, voted = run.predict(pictures), run.predict(pictures, ensemble=[str(run.path)])
    assert [said.value for said in voted] == [said.value for said in alone]
    other = fit(squares(20), out=tmp_path / "other")
    with pytest.raises(UsageError, match="reads pictures of another size or scale, and cannot vote here"):
        run.predict(pictures, ensemble=[str(other.path)])


def test_pictures_of_another_size_are_brought_to_that_of_the_run_and_it_is_said(run: tt.Run, tmp_path: Path) -> None:
    picture, text = squares(1, seed=4)[0]
    large = np.kron(picture, np.ones((5, 5)))
    notes: list[str] = []
    assert run.predict([large, large], note=notes.append)[1].value == text
    assert notes == ["row 1 of the data: 20x20 pixels, brought to 4x4 (said once)"]
    pixels = np.rint(255 * large.clip(0, 1)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "one.png")
    with pytest.raises(DataError, match="it has 3 channels, and 1 were learned from"):
        run.predict([str(tmp_path / "one.png")])


def test_plots_and_the_report_show_where_it_looked(run: tt.Run, tmp_path: Path) -> None:
    pictures = [picture for picture, _ in squares(2, seed=8)]
    run.predict(pictures, plot=str(tmp_path / "svg"))
    run.predict(pictures[:1], plot=str(tmp_path / "png"), plot_format="png")
    assert [path.name for path in sorted((tmp_path / "svg").iterdir())] == ["0001.svg", "0002.svg"]
    drawn = (tmp_path / "svg" / "0001.svg").read_text()
    assert drawn.count("<image") == 4, "the picture, and once for each word"
    assert "beside" in drawn and "data:image/png;base64," in drawn
    with Image.open(tmp_path / "png" / "0001.png") as image:
        assert image.size[0] > 400
    report = (run.path / "report.html").read_text()
    assert report.count('class="sample"') >= 6 and report.count("<image") >= 6 * 4


def test_the_rival_is_the_likest_picture(tmp_path: Path) -> None:
    run = fit(squares(120), out=tmp_path / "run", **{**TINY, "rival": True, "criterion": "exact_match"})
    rivals: Any = json.loads((run.path / "rivals.json").read_text())["rivals"]
    assert rivals["likest"]["scores"]["exact_match"] > 0.9, "noise is small beside shades"
    beside: Any = run.evaluate(squares(40, seed=2))
    assert beside["rivals"]["likest"]["on"] == "this data"


def test_grids_of_features_are_learned_from(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    data = [(random.normal(size=(2, 2, 8)).astype(np.float32), "") for _ in range(900)]
    data = [(grid, f"{'warm' if grid[0, 0, 3] > 0 else 'cold'} and {'wet' if grid[1, 1, 5] > 0 else 'dry'}")
            for grid, _ in data]  # fmt: skip
    run = fit(data, out=tmp_path / "run", **{**WELL, "steps": 700})
    assert run.metrics["exact_match"] > 0.8
    with pytest.raises(DataError, match=r"it is a grid of \(3, 2\) places, and those learned from are \(2, 2\)"):
        run.predict([np.zeros((3, 2, 8), np.float32)])


def test_captions_of_one_word(tmp_path: Path) -> None:
    run = fit([(picture, text.split()[0]) for picture, text in squares(300)], out=tmp_path / "run", **WELL)
    assert run.metrics["exact_match"] > 0.9


def test_a_damaged_run_is_refused(run: tt.Run, tmp_path: Path) -> None:
    shutil.copytree(run.path, tmp_path / "run")
    path = tmp_path / "run" / "inputs.json"
    content = json.loads(path.read_text())
    content["features"]["scale"] = [0.0]
    path.write_text(json.dumps(content))
    with pytest.raises(CheckpointError):
        tt.load(tmp_path / "run")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"size": "12"}, "size must be a width and a height"),
        ({"size": "0x5"}, "size must be a width and a height"),
        ({"features": 24}, "features must be a multiple of 16, not 24"),
        ({"places": 0}, "places must be at least 1"),
        ({"coverage": -1.0}, "coverage must be at least 0"),
        ({"attention": "none", "coverage": 1.0}, "coverage needs a network that looks"),
        ({"recurrent_dropout": 0.2}, "recurrent_dropout has one mask for a whole caption"),
        ({"unit": "characters", "vocabulary_size": 9}, "vocabulary_size is for the units words and bpe"),
    ],
)
def test_values_that_make_no_sense(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Config.from_mapping(given)


def test_what_predict_can_be_asked_for() -> None:
    assert Predicting(n_best=2).beam == 5
    with pytest.raises(UsageError, match="n_best must be from 1 to beam, 5, not 6"):
        Predicting.from_mapping({"n_best": 6})
