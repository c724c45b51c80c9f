"""Frames: the likelihood is that of all keys of all steps, and what is drawn is what the network says."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import throughtime as tt
from throughtime.data.music.tune import Tune, tune_of_frames
from throughtime.data.user_data import user_data
from throughtime.decoding.sampling import Sampler
from throughtime.errors import UsageError
from throughtime.tasks.generate.frames import frame_writer
from throughtime.tasks.generate.frames.corpus import KEYS, LOWEST, frame_batch, frame_corpus
from throughtime.tasks.generate.frames.drawing import chosen
from throughtime.tasks.generate.frames.frame_writer import FrameWriter
from throughtime.tasks.generate.job import GenerateJob, make_job
from throughtime.tasks.generate.options import Config
from throughtime.tasks.generate.reader import reader_for
from throughtime.training.reporter import SilentReporter

SMALL: Mapping[str, Any] = {
    "unit": "frames", "hidden": 12, "embedding": 8, "lanes": 2, "tbptt": 7, "dropout": 0.0, "warmup": 0,
    "sample_every": 0, "steps_per_beat": 1,
}  # fmt: skip
Frames = list[list[int]]


def tunes(count: int, seed: int = 0) -> list[Frames]:
    draw = random.Random(seed)
    return [
        [sorted(draw.sample(range(40, 80), draw.randint(0, 5))) for _ in range(draw.randint(2, 15))] + [[60]]
        for _ in range(count)
    ]


def job(train: object, valid: object, **options: Any) -> GenerateJob:
    torch.manual_seed(0)
    config = Config.from_mapping({**SMALL, **options})
    prepared = reader_for(config).read(user_data({"data": train, "valid": valid}), known=None, note=lambda _: None)
    return make_job(FrameWriter, config, prepared, device=torch.device("cpu"), note=print)


def fit(train: object, **options: Any) -> tt.Run:
    how = {"reporter": SilentReporter(), **SMALL, "steps": 3, **options}
    return tt.fit("generate", train, **how)


def nats_of(writer: Any, tune: Sequence[Sequence[int]]) -> float:
    """Score a tune the plain way, in float64: key by key, from the first step on, each step read by itself."""
    model = writer.model.double().eval()
    total, state, before, start = 0.0, None, np.zeros(KEYS), 1.0
    for frame in tune:
        read = torch.tensor(np.append(before, start), dtype=torch.float64)[None, None]
        with torch.no_grad():
            log_odds, state = model(read, state)
        chances = torch.sigmoid(log_odds[0, 0]).tolist()
        for key, chance in enumerate(chances):
            total -= math.log(chance if key + LOWEST in frame else 1 - chance)
        before, start = np.array([float(key + LOWEST in frame) for key in range(KEYS)]), 0.0
    model.float()
    return total


def test_the_score_is_the_likelihood_of_all_keys_of_all_frames_the_first_ones_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    valid = tunes(7, seed=5)
    monkeypatch.setattr(frame_writer, "ROWS", 3)
    monkeypatch.setattr(frame_writer, "WINDOW", 4)
    prepared = job(tunes(9), valid)
    scores = prepared.validate()
    frames = sum(map(len, valid))
    expected = sum(nats_of(prepared.writer, tune) for tune in valid) / frames
    assert scores["scored_frames"] == frames and scores["tunes"] == 7
    assert scores["nll_per_frame"] == pytest.approx(expected, rel=1e-5)  # float32 beside float64
    assert scores["loss"] == scores["nll_per_frame"]


def test_a_step_of_training_scores_each_frame_once_and_no_end() -> None:
    prepared = job(tunes(9), tunes(2), lanes=1)
    prepared.module.eval()
    nats, counted, state = 0.0, 0, ()
    for step in range(prepared.steps_per_epoch):
        result = prepared.step(step, state)
        nats, counted, state = nats + result.loss.item(), counted + result.count, result.state
    # the epoch begins inside of a tune and comes round to it, so all frames but perhaps one are there
    assert counted in (sum(map(len, tunes(9))), sum(map(len, tunes(9))) - 1)
    assert nats / counted == pytest.approx(job(tunes(9), tunes(9)).validate()["loss"], rel=0.02)


def test_a_batch_has_the_next_frame_beside_each() -> None:
    corpus = frame_corpus([tune_of_frames([[21], [108], []], 0.5), tune_of_frames([[60]], 0.5)])
    prepared = job(tunes(9), tunes(2), lanes=1)
    plan = prepared._plan(0)[0]
    batch = frame_batch(prepared.train, plan)
    assert batch.inputs.shape == (1, 7, 89) and batch.targets.shape == (1, 7, 88)
    for step in range(6):
        following = batch.inputs[0, step + 1]
        assert batch.scored[0, step] == (following[KEYS] == 0)
        if batch.scored[0, step]:
            assert (batch.targets[0, step] == following[:KEYS]).all()
    assert corpus.rows[:, 0].tolist() == [0, 1, 0, 0, 0, 0] and corpus.rows[2, 87] == 1
    assert corpus.lengths.tolist() == [4, 2] and corpus.frames == 4


def test_an_untrained_network_says_how_often_each_key_sounds() -> None:
    prepared = job([[[60], [60], [60, 64], []]] * 4, tunes(2))
    shares = torch.sigmoid(prepared.writer.model.output.bias).tolist()
    assert shares[60 - LOWEST] == pytest.approx(12.5 / 17) and shares[64 - LOWEST] == pytest.approx(4.5 / 17)
    assert shares[0] == pytest.approx(0.5 / 17)


def test_keys_are_drawn_as_their_chances_say() -> None:
    log_odds, uniform = np.array([2.0, -1.0, 0.0]), np.random.default_rng(0).random((20_000, 3))
    drawn = np.stack([chosen(log_odds, Sampler(), each) for each in uniform]).mean(0)
    assert drawn == pytest.approx(1 / (1 + np.exp(-log_odds)), abs=0.012)  # 3.5 deviations of 20,000 draws
    cold = np.stack([chosen(log_odds, Sampler(temperature=0.5), each) for each in uniform]).mean(0)
    assert cold == pytest.approx(1 / (1 + np.exp(-2 * log_odds)), abs=0.012)
    assert chosen(log_odds, Sampler(temperature=0.0), uniform[0]).tolist() == [True, False, False]
    assert max(chosen(log_odds + 9, Sampler(top_k=2), each).sum() for each in uniform[:50]) == 2


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> tt.Run:
    scale = [[60], [64], [67], [72]] * 6
    out = tmp_path_factory.mktemp("learned") / "run"
    return fit([scale] * 12, valid=[scale], steps=250, learning_rate=0.02, out=out, hidden=24)


def test_it_learns_a_tune_by_heart_and_goes_on_from_its_beginning(learned: tt.Run) -> None:
    assert learned.metrics["nll_per_frame"] < 0.4  # of about ln 4 without memory
    tune = learned.generate(length=8, temperature=0.0)
    assert isinstance(tune, Tune) and tune.frames == ((60,), (64,), (67,), (72,)) * 2
    begun = learned.generate(primer=tune_of_frames([[60], [64], [67]], 0.5), length=3, temperature=0.0)
    assert begun.frames == ((60,), (64,), (67,), (72,), (60,), (64,))
    assert begun.given == 1.5 and begun.step == 0.5
    assert learned.generate(length=5, seed=4).frames == learned.generate(length=5, seed=4).frames
    assert learned.generate(length=0).notes == ()


def test_what_is_written_is_what_one_pass_over_it_says(learned: tt.Run) -> None:
    """The decoder on packed weights, step by step, gives the chances of the network as it is trained."""
    tune = learned.generate(length=12, temperature=1.5, seed=2)
    writer = learned.model
    rows = frame_corpus([tune])[0]
    inputs = np.zeros((1, len(rows), KEYS + 1), np.float32)
    inputs[0, :, :KEYS], inputs[0, 0, KEYS] = rows, 1.0
    with torch.no_grad():
        whole = writer.model.eval()(torch.from_numpy(inputs))[0][0].numpy()
    decoder = writer.model.decoder([inputs[0, :4]])
    for place in range(3, len(rows)):
        np.testing.assert_allclose(decoder.step(inputs[:, place])[0], whole[place], rtol=1e-4, atol=1e-4)


def test_a_primer_beyond_what_was_learned_is_refused(learned: tt.Run) -> None:
    with pytest.raises(UsageError, match=r"the pitch C#5 \(73\) is beyond the range that was learned, C4 to C5"):
        learned.generate(primer=tune_of_frames([[73]], 0.5))
    with pytest.raises(UsageError, match="top_p is for one token at a time"):
        learned.generate(top_p=0.5)
    with pytest.raises(UsageError, match="length must be 0 or more"):
        learned.generate(length=-1)


def test_simple_models_stand_beside_it(learned: tt.Run) -> None:
    assert learned.rivals["shares"]["scores"]["nll_per_frame"] == pytest.approx(
        4 * (math.log(4) - 0.75 * math.log(3)) - 84 * math.log(1 - 0.5 / 289), rel=1e-3
    )  # four keys sound a quarter of the time, and 84 never did so in 288 frames
    again = learned.evaluate([[[60], [64], [67], [72]]], note=lambda _: None)
    assert again["rivals"]["again"]["on"] == "this data" and again["nll_per_frame"] < 1


def test_a_run_has_a_picture_of_what_it_writes(learned: tt.Run) -> None:
    assert (learned.path / "piano_roll.svg").read_text().count("<rect") > 10
    assert "piano_roll" in (learned.path / "report.html").read_text()
    about = learned.describe()["model"]
    assert isinstance(about, Mapping) and about["unit"] == "frames" and about["pitches"] == "C4 to C5"


def test_steps_of_midi_are_parts_of_a_beat(tmp_path: Path) -> None:
    for n in range(6):
        tune_of_frames([[60 + n], [60 + n], [62], [64]], 0.25).save(tmp_path / f"{n}.mid")
    for steps, frames in ((4, 8), (2, 4)):
        run = fit(tmp_path, steps_per_beat=steps, tbptt=3, lanes=1)
        assert run.evaluate(tmp_path / "0.mid", note=lambda _: None)["scored_frames"] == frames
        assert run.generate(length=4, seed=1).step == 0.5 / steps


@pytest.mark.slow
def test_chorales_are_learned_as_well_as_the_literature_has_it() -> None:
    path = Path("/work/shared/data/jsb/chorales-quarter.json")
    if not path.exists():
        pytest.skip("the chorales are not here")
    run = tt.fit("generate", path, reporter=SilentReporter())
    assert run.metrics["scored_frames"] == 4602 and run.metrics["nll_per_frame"] < 8.5
