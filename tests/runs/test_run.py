"""A run on disk is opened, used and described; what is damaged is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from text_runs import TEXT, fit

import throughtime as tt
from throughtime.errors import CheckpointError, UsageError
from throughtime.training.checkpoint import read_tensors


def test_a_run_is_opened_and_used(made: Path, book: Path) -> None:
    run = tt.load(made)
    assert (run.task, run.status, run.config.seed) == ("generate", "finished", 0)
    assert run.metrics["step"] in (3, 6) and run.metrics["bits_per_character"] > 0
    assert run.evaluate(book)["scored_characters"] == len(TEXT)
    assert run.evaluate(text=TEXT[-159:])["bits_per_character"] == pytest.approx(run.metrics["bits_per_character"])
    assert len(run.generate("It", length=9)) == 9
    assert "".join(run.generate_stream("It", length=9, seed=1)) == run.generate("It", length=9, seed=1)
    assert repr(run) == f"Run({str(made)!r}, task='generate')"
    with pytest.raises(UsageError, match="nothing to evaluate"):
        run.evaluate()


def test_a_run_describes_itself(made: Path) -> None:
    about: Any = tt.load(made).describe()
    assert about["model"]["parameters"] == sum(
        tensor.numel() for tensor in read_tensors(made / "model.safetensors")[0].values()
    )
    assert about["training"]["status"] == "finished" and about["training"]["step"] == 6
    assert about["options"]["hidden"] == 8 and about["files"]["config.json"] > 0
    json.dumps(about)


def test_without_a_folder_the_run_lives_as_long_as_the_object(book: Path) -> None:
    run = fit(book, None)
    path = run.path
    assert path.exists() and run.generate(length=3)
    del run
    assert not path.exists()


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "vocabulary.json"])
@pytest.mark.parametrize("damage", ["truncated", "gone"])
def test_a_damaged_run_cannot_be_opened_and_the_file_is_named(made: Path, name: str, damage: str) -> None:
    path = made / name
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(CheckpointError, match=name) as caught:
        tt.load(made)
    assert "\n" not in str(caught.value)


def test_options_of_a_config_that_make_no_sense_are_a_damaged_run(made: Path) -> None:
    config = json.loads((made / "config.json").read_text())
    for options in ({"cell": "lsmt"}, {"unheard": 1}):
        (made / "config.json").write_text(json.dumps({**config, "options": options}))
        with pytest.raises(CheckpointError, match=r"config.json is damaged: unknown"):
            tt.load(made)
    (made / "config.json").write_text(json.dumps({"options": {}}))
    with pytest.raises(CheckpointError, match="names no task"):
        tt.load(made)
