"""A record that is longer than a piece is predicted and scored as if it were read at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import throughtime as tt
from throughtime.models.parts import chunks
from throughtime.training.reporter import SilentReporter

SMALL: dict[str, Any] = {
    "hidden": 5, "embedding": 4, "steps": 4, "bidirectional": False, "sample_every": 0, "device": "cpu",
}  # fmt: skip


def table(path: Path, steps: int = 300) -> Path:
    x = np.random.default_rng(2).normal(size=steps).cumsum()
    path.write_text(
        "time,x,label\n" + "".join(f"{t},{v:.4f},{'ab'[int(v > x.mean())]}\n" for t, v in enumerate(x.tolist()))
    )
    return path


@pytest.mark.parametrize("crf", [False, True])
def test_one_long_series_is_tagged_in_pieces(crf: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, silent = table(tmp_path / "s.csv"), SilentReporter()
    run = tt.fit("tag", path, out=tmp_path / "run", time_column="time", crf=crf, reporter=silent, **SMALL)
    whole = run.evaluate(path), written(run, path, tmp_path / "whole.csv")
    seen: list[int] = []
    run.model.model.recurrent.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].shape[1]))
    monkeypatch.setattr(chunks, "CHUNK_STEPS", 128)
    pieces = run.evaluate(path), written(run, path, tmp_path / "pieces.csv")
    assert seen == [128, 128, 44] * 2
    assert pieces[0]["loss"] == pytest.approx(whole[0]["loss"], rel=1e-5), "float32 sums in another order"
    assert pieces[0]["accuracy"] == whole[0]["accuracy"]
    for one, other in zip(whole[1], pieces[1], strict=True):
        assert one[:-1] == other[:-1] and abs(float(one[-1]) - float(other[-1])) <= 1e-4, "written with four digits"


def written(run: Any, path: Path, out: Path) -> list[list[str]]:
    run.predict_files(path, out, probabilities=True)
    return [line.split(",") for line in out.read_text().splitlines()[1:]]
