"""A seal covers each byte of its file, and what the file goes with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from torch import nn

from throughtime.errors import CheckpointError
from throughtime.training.checkpoint import load_weights, save_weights
from throughtime.training.seal import Seal, check_seal, digest_of, read_signed, signed

VOCABULARY = b'{"words": ["a"]}'
SEAL = Seal(
    run="r1", task="t", options={"hidden": 3, "text": 'a "quoted" é', "zoneout": 0.0},
    files={"inputs.json": digest_of(VOCABULARY)}, about={"labels": ['"digest": "' + "0" * 64 + '"']},
)  # fmt: skip


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    config = {"task": "t", "run": "r1", "options": {**SEAL.options, "epochs": 3}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "inputs.json").write_bytes(VOCABULARY)
    save_weights(tmp_path / "model.safetensors", nn.Linear(3, 2), SEAL)
    return tmp_path / "model.safetensors"


def set_option(weights: Path, name: str, value: object) -> None:
    place = weights.parent / "config.json"
    config = json.loads(place.read_text())
    config["options"][name] = value
    place.write_text(json.dumps(config))


def test_what_was_written_is_found_and_the_weights_are_there(weights: Path) -> None:
    assert check_seal(weights) == SEAL
    load_weights(weights, nn.Linear(3, 2))


def test_every_byte_counts(weights: Path) -> None:
    whole = weights.read_bytes()
    for place in range(len(whole)):
        weights.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        with pytest.raises(CheckpointError, match=r"model.safetensors is corrupt or truncated") as caught:
            check_seal(weights)
        assert "\n" not in str(caught.value)
    for size in range(len(whole)):
        weights.write_bytes(whole[:size])
        with pytest.raises(CheckpointError, match=r"model.safetensors is corrupt or truncated"):
            check_seal(weights)


@pytest.mark.parametrize(("name", "value"), [("hidden", 4), ("hidden", True), ("text", "a"), ("zoneout", None)])
def test_an_option_that_the_weights_depend_on_is_named(weights: Path, name: str, value: object) -> None:
    set_option(weights, name, value)
    with pytest.raises(CheckpointError, match=f"{name} is {value!r}, but the weights were made with"):
        check_seal(weights)


@pytest.mark.parametrize(("name", "value"), [("epochs", 9), ("zoneout", 0), ("new", 1)])
def test_what_means_the_same_or_nothing_passes(weights: Path, name: str, value: object) -> None:
    set_option(weights, name, value)
    assert check_seal(weights) == SEAL


def test_another_vocabulary_is_named(weights: Path) -> None:
    place = weights.parent / "inputs.json"
    place.write_bytes(VOCABULARY + b" ")
    with pytest.raises(
        CheckpointError, match=r"inputs.json is damaged: it is not what model.safetensors was made with"
    ):
        check_seal(weights)
    place.unlink()
    with pytest.raises(CheckpointError, match=r"inputs.json is missing"):
        check_seal(weights)


def test_weights_without_a_seal_are_of_an_older_run(weights: Path) -> None:
    save_weights(weights, nn.Linear(3, 2))
    assert check_seal(weights) is None


def test_a_signed_file_must_be_what_was_written_and_of_the_run(tmp_path: Path) -> None:
    path = tmp_path / "trainer.json"
    path.write_text(json.dumps(signed({"step": 3, "best": {"loss": 0.1}, "run": "r1"})))
    assert read_signed(path, "r1") == {"step": 3, "best": {"loss": 0.1}}
    with pytest.raises(CheckpointError, match="not of the same run"):
        read_signed(path, "r2")
    path.write_text(path.read_text().replace("3", "4", 1))
    with pytest.raises(CheckpointError, match=r"trainer.json is damaged"):
        read_signed(path, "r1")
    path.write_text('{"step": 3}')
    assert read_signed(path, None) == {"step": 3}, "older than digests"
